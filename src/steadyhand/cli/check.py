"""`steady check`: reads what is named, runs the rules, prints what they found. Knows no rules and no formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.check_output import next_command, print_report
from steadyhand.cli.console import Advance, echo_data, emit_json, progress, say
from steadyhand.cli.options import json_option, template_options
from steadyhand.errors import EXIT_NO, EXIT_OK, DomainError, UsageError

if TYPE_CHECKING:
    from steadyhand.check.dataset import Dataset
    from steadyhand.check.lint import LintReport
    from steadyhand.check.tokenizer import Rendering
    from steadyhand.datasets.convert import Imported
    from steadyhand.datasets.inputs import Input
    from steadyhand.domain.model import Domain

LARGE = 10_000_000  # bytes; smaller files are read before a bar is of use
_PATH = click.Path(path_type=Path)


@click.command("check")
@click.argument("paths", type=_PATH, nargs=-1)
@click.option("--select", multiple=True, metavar="CODES", help="Only these rules: codes or their beginnings (D,L201).")
@click.option(
    "--ignore", multiple=True, metavar="CODES", help="Not these rules; the more exact of the two options wins."
)
@click.option(
    "--eval", "held_out", type=_PATH, multiple=True, help="Files that are evaluated: looks for leaks into them."
)
@click.option("--changed", metavar="REF", help="Only findings on lines that this commit of git does not have.")
@click.option("--explain", metavar="CODE", help="Show the page of a rule and stop.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif", "github"]), default="text", show_default=True
)
@click.option("--fix", is_flag=True, help="Show safe repairs of the files as a unified diff; changes nothing.")
@click.option("--write", is_flag=True, help="With --fix: make the repairs, then check what is left.")
@click.option("--report", "page", type=_PATH, help="Also write this .html page with plots, and .zh.html beside it.")
@click.option("--model", help="Also render every sample with this model's tokenizer and chat template.")
@template_options
@json_option
def check_command(
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    held_out: tuple[Path, ...],
    changed: str | None,
    explain: str | None,
    form: str,
    fix: bool,
    write: bool,
    page: Path | None,
    model: str | None,
    template: str | None,
    call_format: str | None,
    as_json: bool,
) -> int:
    """Lint data set files (OpenAI messages, ShareGPT, Alpaca, TRL, xLAM, preferences) or one domain folder.

    Reads JSON, JSONL, CSV, TSV and Parquet, gzipped or not; folders, globs, a LLaMA-Factory dataset_info.json, and -
    for the standard input. Exit code 0: nothing to change; 1: there are findings; 2: the command line is wrong. A
    row is excused from rules by its own key: {"noqa": "D101, N102", ...}; a scenario by a tag: noqa:L203.
    """
    from steadyhand.check.rules import page as page_of
    from steadyhand.check.rules import selected

    if explain is not None:
        _explain(page_of(explain), explain, as_json)
        return EXIT_OK
    codes = selected(_words(select), _words(ignore))
    if write and not fix:
        raise UsageError("--write alone writes nothing", next="steady check --fix --write FILES")
    if fix and not _fix(paths, codes, write):
        return EXIT_NO
    if fix and not write:
        return EXIT_OK
    report, counts, dataset, classes = _lint(paths, held_out, codes, model, (template or "", call_format or ""))
    if changed is not None:
        report = _on_changed_lines(report, changed)
    if page is not None:
        from steadyhand.flow.check_page import lint_data
        from steadyhand.report.lint import write_lint

        written = write_lint(lint_data(_title(paths), report, dataset, classes, counts), page)
        say(f"written: {', '.join(map(str, written))}")
    print_report(report, counts, dataset.ignored, paths, "json" if as_json else form)
    if form == "text" and not as_json and (after := next_command(report, paths, held_out, fix)):
        say(f"next: {after}")
    return EXIT_OK if report.clean else EXIT_NO


def _on_changed_lines(report: LintReport, commit: str) -> LintReport:
    """What speaks of a whole set has no line, and stays; how much is left out is said."""
    from dataclasses import replace

    from steadyhand.cli.changed import changed_lines

    lines = changed_lines(commit, {found.place.file for found in report.findings})
    kept = tuple(one for one in report.findings if not one.place.line or one.place.line in lines[one.place.file])
    if len(kept) < len(report.findings):
        say(f"{len(report.findings) - len(kept)} findings on lines that are as in {commit} are left out (--changed)")
    return replace(report, findings=kept)


def _explain(text: str, code: str, as_json: bool) -> None:
    if as_json:
        emit_json({"code": code.strip().upper(), "page": text})
    else:
        click.echo(text)


def _words(options: Sequence[str]) -> list[str]:
    return [word for option in options for word in option.replace(",", " ").split()]


def _lint(
    paths: Sequence[Path], held_out: Sequence[Path], codes: frozenset[str], model: str | None, chosen: tuple[str, str]
) -> tuple[LintReport, dict[str, int], Dataset, dict[str, str]]:
    """The report, how much of what was read, the rows, and the input class of those that have one."""
    from steadyhand.check.dataset import dataset_of_domain, dataset_of_files
    from steadyhand.check.lint import lint_domain, lint_files
    from steadyhand.datasets.folder import load
    from steadyhand.datasets.inputs import is_domain

    if not paths:
        raise UsageError("nothing to check", next="name data files or one domain folder: steady check train.jsonl")
    rendering = _rendering(paths[0], model, chosen)
    if folders := [path for path in paths if is_domain(path)]:
        if len(paths) > 1 or held_out:
            next = "name one folder, or files"
            raise UsageError("a domain folder is checked alone", where=str(folders[0]), next=next)
        from steadyhand.cli.run import settings_of

        settings_of(folders[0], ())  # what `steady run` would refuse is refused here, in the same words
        domain = load(folders[0])
        classes: dict[str, str] = {f"scenario {scenario.id}": scenario.input_class for scenario in domain.scenarios}
        return lint_domain(domain, codes, rendering), _counts(domain), dataset_of_domain(domain), classes
    broken: list[DomainError] = []
    trained, evaluated = _read(paths, broken), _read(held_out, broken)
    report = _with_progress(partial(lint_files, trained, codes, rendering, evaluated, broken))
    counts = {"files": len(trained) + len(evaluated), "unreadable": len(broken)}
    counts |= {"rows": report.rows, "records": report.records, "unusable": report.unusable}
    return report, counts, dataset_of_files(trained, evaluated), {}


def _with_progress(work: Callable[..., LintReport]) -> LintReport:
    """The bar appears when the work says how much there is: its thread must not run while workers are being forked."""
    with ExitStack() as stack:
        shown: list[Advance] = []

        def advance(done: int, total: int) -> None:
            if not shown:
                shown.append(stack.enter_context(progress("checking")))
            shown[0](done, total)

        return work(advance=advance)


def _title(paths: Sequence[Path]) -> str:
    more = f" + {len(paths) - 1}" if len(paths) > 1 else ""
    return f"{'<stdin>' if paths[0] == Path('-') else paths[0].resolve().name}{more}"


def _read(words: Sequence[Path], broken: list[DomainError]) -> list[Imported]:
    """What the words name; the error of a file that is broken as a whole goes to `broken`."""
    from steadyhand.datasets.inputs import inputs

    named, read = inputs(words), []
    for one in named.inputs:
        try:
            read.append(_read_one(one))
        except DomainError as error:
            broken.append(error)
    if named.passed_over:
        shown = ", ".join(named.passed_over[:3]) + (", ..." if len(named.passed_over) > 3 else "")
        say(f"not read: {len(named.passed_over)} files that are no data files or are not here ({shown})")
    return read


def _read_one(one: Input) -> Imported:
    """With a word about how far the reading is, and how long it will take."""
    lines = one.lines() if one.path.is_file() and one.path.stat().st_size > LARGE else 0
    if not lines:
        return one.read()
    with progress(f"reading {one.path.name}") as advance:
        return one.read(lambda line: advance(line, lines))


def _fix(paths: Sequence[Path], codes: frozenset[str], write: bool) -> bool:
    """Show the repairs, or make them; whether nothing is left to be made."""
    from steadyhand.check.fix import diff, fix_file, write_fixed
    from steadyhand.datasets.dataset_info import Columns
    from steadyhand.datasets.inputs import inputs

    done: Counter[str] = Counter()
    rows = files = 0
    for one in inputs(paths).inputs:
        fixed = fix_file(one.path, codes, one.columns if isinstance(one.columns, Columns) else None)
        if fixed is None:
            say(f"not repaired: {one.path} (only .json and .jsonl files are rewritten)")
        elif fixed.rows:
            done, rows, files = done + fixed.repairs, rows + fixed.rows, files + 1
            if write:
                write_fixed(fixed)
            else:
                echo_data("".join(diff(fixed)))
    counts = ", ".join(f"{code} in {count} rows" for code, count in sorted(done.items())) or "nothing to repair"
    end = "written" if write else "nothing was written; --fix --write does it" if rows else "no change"
    say(f"{counts}; {rows} rows in {files} files: {end}")
    return write or not rows


def _rendering(path: Path, model: str | None, chosen: tuple[str, str]) -> Rendering | None:
    """The model's renderer and tokenizer, and the limit on tokens that training would use. `chosen`: chat template and
    call format over its own."""
    if model is None:
        return None
    from steadyhand.chat.render import Renderer
    from steadyhand.check.tokenizer import Rendering, read_config
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.models.loading.overlay import over
    from steadyhand.models.loading.resolve import resolve as find_model
    from steadyhand.settings import resolve

    settings = resolve(path if path.is_dir() else None).settings
    own = settings.model if model == settings.model.base else None  # its template is not another model's
    template, form = chosen[0] or (own.chat_template if own else ""), chosen[1] or (own.format if own else "")
    home = Path(model) if Path(model).is_dir() else find_model(model)  # a tokenizer alone is enough here
    thinking = own.thinking if own else ""
    tokenizer = load_tokenizer(over(home, template, form, thinking, path if path.is_dir() else None))
    renderer = Renderer(tokenizer)
    say(f"{model}: {renderer.profile.summary()}")
    special = tuple(tokenizer.all_special_tokens)
    about = {"config": read_config(home), "ids": tokenizer.get_vocab(), "eos": tokenizer.eos_token_id}
    return Rendering(renderer, settings.sft.max_length, special, home, **about)


def _counts(domain: Domain) -> dict[str, int]:
    splits = Counter(scenario.split for scenario in domain.scenarios)
    return {
        "points": len(domain.points),
        "cards": len(domain.cards),
        "tools": len(domain.tools),
        "training_scenarios": splits["train"],
        "evaluation_scenarios": splits["eval"],
        "probes": len(domain.probes),
        "rehearsal_rows": len(domain.rehearsal),
    }
