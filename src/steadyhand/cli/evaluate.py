"""`steady eval`, `steady compare`, `steady gate`: measure one model, hold two against each other, hold one to bars."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.chat.template import DATE
from steadyhand.cli.console import echo_line, emit_json, progress, say
from steadyhand.cli.options import date_option, json_option, set_option, template_options, verify_option
from steadyhand.cli.run import settings_of
from steadyhand.errors import EXIT_NO, EXIT_OK, UsageError
from steadyhand.files import write_whole

if TYPE_CHECKING:
    from steadyhand.chat.render import Renderer
    from steadyhand.domain.model import Domain
    from steadyhand.ledger.overrides import Override
    from steadyhand.ledger.result import Evaluation, Metric, Verdict
    from steadyhand.models.backend import Backend
    from steadyhand.settings import Settings


@click.command("eval")
@click.option(
    "--model",
    required=True,
    help="steady-nano, a model folder, a hub name, or an endpoint's URL "
    "(several that serve one model, with commas between them, share the work).",
)
@click.option("--domain", "folder", required=True, type=click.Path(path_type=Path), help="The domain folder.")
@click.option("--served-model", help="With an endpoint: the name of the model that it serves.")
@click.option("--tokenizer", type=click.Path(path_type=Path), help="With an endpoint: the model's tokenizer folder.")
@click.option("--clarify", is_flag=True, help="Give the model the extra first turn that a base model is allowed.")
@click.option(
    "--save", type=click.Path(path_type=Path, dir_okay=False), help="Write the evaluation here, for compare and gate."
)
@click.option("--by-tag", is_flag=True, help="Show strict and lenient accuracy for each tag of the scenarios as well.")
@date_option
@template_options
@set_option
@verify_option
@json_option
def eval_command(
    model: str,
    folder: Path,
    served_model: str | None,
    tokenizer: Path | None,
    clarify: bool,
    save: Path | None,
    by_tag: bool,
    day: date,
    template: str | None,
    call_format: str | None,
    sets: tuple[str, ...],
    as_json: bool,
) -> int:
    """Measure any model on a domain's held-out scenarios and probes."""
    from steadyhand.datasets.folder import load as load_domain
    from steadyhand.evaluate.run import evaluate
    from steadyhand.flow.stages import judging_model, sampling_of
    from steadyhand.models.backend import check_template

    settings = settings_of(folder, sets)
    domain = load_domain(folder)
    if save:
        _make_room(save)
    own = settings.model if model == settings.model.base else None  # its template is not another model's
    chosen = (
        template or (own.chat_template if own else ""), call_format or (own.format if own else ""),
        own.thinking if own else "",
    )  # fmt: skip
    backend = backend_of(model, served_model, tokenizer, settings, day, chosen, folder)
    for warning in check_template(backend, tools=any(scenario.tools for scenario in domain.scenarios)):
        say(f"warning: {warning}")
    with progress(f"evaluate {model}") as advance:
        found = evaluate(
            backend,
            domain,
            model=model,
            sampling=sampling_of(settings),
            settings=settings.eval,
            clarify=clarify,
            seed=settings.seed,
            judge=judging_model(domain, settings),
            progress=lambda done, total, _: advance(done, total),
        )
    if save:
        _write(save, found)
    _show(found, domain if by_tag else None, as_json)
    return EXIT_OK


@click.command("compare")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--margin", default=0.03, show_default=True, help="Tolerated loss of public knowledge (a share).")
@json_option
def compare_command(a: Path, b: Path, margin: float, as_json: bool) -> int:
    """Compare two saved evaluations, or the models of two runs, item by item; refuses unequal conditions."""
    from steadyhand.evaluate.compare import compare
    from steadyhand.flow.sign_off import saved_evaluation

    found = compare(saved_evaluation(a), saved_evaluation(b), margin=margin)
    if as_json:
        emit_json(found.to_json())
        return EXIT_OK
    echo_line(f"{'metric':<28} {'a':>8} {'b':>8} {'change':>18} {'p (Holm)':>9}  test")
    for row in found.rows:
        change = (
            "-" if row.difference is None else f"{100 * row.difference:+.1f} [{_points(row.low)}, {_points(row.high)}]"
        )
        p = "-" if row.p_holm is None else f"{row.p_holm:.4f}"
        echo_line(f"{row.metric:<28} {_percent(row.a):>8} {_percent(row.b):>8} {change:>18} {p:>9}  {row.test}")
    if found.knowledge:
        echo_line(f"{found.knowledge.verdict}: {found.knowledge.metric} {found.knowledge.bar}")
    for note in found.notes:
        say(f"note: {note}")
    return EXIT_OK


@click.command("gate")
@click.argument("tuned", type=click.Path(path_type=Path))
@click.option("--base", type=click.Path(path_type=Path), required=True, help="The evaluation of the base model.")
@click.option("--domain", "folder", type=click.Path(path_type=Path), default=".", help="Whose bars hold [here].")
@click.option(
    "--overrides",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of missed bars that somebody accepted [overrides.jsonl of the run TUNED].",
)
@click.option("--accepted", is_flag=True, help="Exit 0 when every missed bar was accepted by somebody, with a reason.")
@set_option
@json_option
def gate_command(
    tuned: Path, base: Path, folder: Path, overrides: Path | None, accepted: bool, sets: tuple[str, ...], as_json: bool
) -> int:
    """Exit 1 unless the evaluation TUNED clears every bar against the evaluation BASE.

    What somebody accepted in the studio is shown with who, when and why; it changes no word.
    """
    from steadyhand.domain.load import checks_of
    from steadyhand.evaluate.verdict import verdict
    from steadyhand.flow.sign_off import saved_evaluation
    from steadyhand.ledger.overrides import FILE, Overrides, unaccepted

    before, after = saved_evaluation(base), saved_evaluation(tuned)
    found = verdict(before, after, settings_of(folder, sets).bars, checks_of(folder).bars)
    held = Overrides(overrides or tuned / FILE).of("verdict", after.fingerprint, found)
    _show_verdict(found, held, as_json)
    passed = found.word == "PASS" or (accepted and bool(held) and not unaccepted(found, held))
    return EXIT_OK if passed else EXIT_NO


def backend_of(
    model: str, served: str | None, tokenizer: Path | None, settings: Settings, day: date = DATE,
    template: tuple[str, str, str] = ("", "", ""), root: Path | None = None,
) -> Backend:  # fmt: skip
    """A model by name, folder or address, with (chat template, call format, thinking) over its own. Raises UsageError
    for an endpoint without a served name."""
    from steadyhand.models.loading.overlay import over, overlaid

    if model.startswith(("http://", "https://")):
        if served is None:
            raise UsageError("an endpoint serves models by name", next="add --served-model NAME")
        if tokenizer is None:
            return _endpoints(model, served, None)
        from steadyhand.chat.render import Renderer
        from steadyhand.models.loading.load import load_tokenizer

        return _endpoints(model, served, Renderer(load_tokenizer(over(tokenizer, *template, root)), day))
    from steadyhand.models.loading.load import load

    return load(overlaid(model, *template, root), dtype=settings.model.dtype, day=day)


def _endpoints(urls: str, served: str, renderer: Renderer | None) -> Backend:
    """One server, or several that share the work: then one that is down is given up sooner."""
    from steadyhand.models.endpoints.endpoint import OpenAIEndpoint
    from steadyhand.models.endpoints.pool import EndpointPool

    named = [url.strip() for url in urls.split(",") if url.strip()]
    if len(named) == 1:
        return OpenAIEndpoint(named[0], served, renderer=renderer)
    return EndpointPool([OpenAIEndpoint(url, served, renderer=renderer, retries=2) for url in named], say)


def _show(found: Evaluation, tagged: Domain | None, as_json: bool) -> None:
    """The figures; of a `tagged` domain those of each tag as well."""
    from steadyhand.evaluate.by_tag import by_tag
    from steadyhand.flow.outcome import figures

    tags = by_tag(found.items, tagged) if tagged else []
    if as_json:
        more = {"tags": [asdict(row) for row in tags]} if tagged else {}
        emit_json({"model": found.model, "metrics": figures(found), "manifest": found.manifest, **more})
        return
    for metric in found.metrics.values():
        echo_line(f"{metric.name:<30} {_figure(metric)} {metric.note}".rstrip())
        for name, part in _categories(metric):
            echo_line(f"  {name:<28} {_percent(part['k'] / part['n']):>8} {'':<20} n={part['n']}")
    if tags:
        echo_line(f"{'tag: strict, lenient':<30}")
    for row in tags:
        echo_line(f"{row.tag:<40} {_figure(row.strict)}  {_percent(row.lenient.value):>8}")


def _figure(metric: Metric) -> str:
    bounds = "" if metric.low is None else f"[{_percent(metric.low)}, {_percent(metric.high)}]"
    return f"{_percent(metric.value):>8} {bounds:<20} n={metric.n}"


def _categories(metric: Metric) -> list[tuple[str, dict[str, int]]]:
    """The categories of a question with choices, where they have names."""
    return [part for part in metric.detail.items() if part[0]] if metric.name == "choice_accuracy" else []


def _show_verdict(found: Verdict, held: dict[str, Override], as_json: bool) -> None:
    from steadyhand.flow.outcome import line_of
    from steadyhand.ledger.overrides import told_of

    if as_json:
        emit_json(found.to_json() | {"overrides": told_of(held)})
        return
    for check in found.to_json()["checks"]:
        echo_line(line_of(check))
        if one := held.get(check["metric"]):
            echo_line(f"  accepted by {one.by}, {one.time}: {one.because}")
    say(f"verdict: {found.word}")


def _make_room(path: Path) -> None:
    """Refuse a place that cannot take the evaluation before the work is done, not after it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.touch()
        part.unlink()
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path), next="choose another file") from error


def _write(path: Path, found: Evaluation) -> None:
    """In one step, so that an older evaluation stays until the new one is whole."""
    write_whole(path, json.dumps(found.to_json(), ensure_ascii=False, indent=1) + "\n")


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _points(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.1f}"
