"""What each stage does: a few lines that call one room and leave its result. Order and resume are the engine's."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from steadyhand.chat.messages import Message
from steadyhand.checks.pairwise import Pairwise
from steadyhand.checks.shape import Ask
from steadyhand.domain.decisions import Decision, decisions, spread
from steadyhand.domain.model import Domain
from steadyhand.domain.rows import Group, Row
from steadyhand.errors import JobError
from steadyhand.flow.artifacts import read_evaluation, read_groups, write_evaluation, write_json
from steadyhand.flow.context import Desk
from steadyhand.flow.domain_inputs import plain
from steadyhand.flow.health_questions import guard_of, leave, reference_of
from steadyhand.flow.interrupt import first_interrupt
from steadyhand.ledger.result import Evaluation
from steadyhand.models.backend import Prompt, Sampling, check_template
from steadyhand.settings import Settings, filled
from steadyhand.train.runner.result import Progress

if TYPE_CHECKING:
    from steadyhand.chat.render import Renderer
    from steadyhand.evaluate.suites import Suite
    from steadyhand.models.generation.local import LocalModel
    from steadyhand.pairs.build import ModelError

DECISIONS: tuple[Suite, ...] = ("tool",)
PARITY_PROMPTS = 16  # of probes and of situations each
CURVE_NAMES = {"rewards/accuracies": "accuracy", "rewards/margins": "margin"}
MODEL = "model"  # the folder of a trained model within its artefact


def check(desk: Desk, out: Path) -> None:
    from steadyhand.check import check as check_domain
    from steadyhand.models.loading.load import load
    from steadyhand.models.loading.overlay import NO_THINK

    model = load(desk.parts.base)
    renderer = model.renderer
    wanted = "thinking" if desk.settings.model.chat_template == NO_THINK else None  # that it is lost was asked for
    for warning in check_template(model, tools=any(scenario.tools for scenario in desk.parts.domain.scenarios)):
        if wanted is None or wanted not in warning:
            desk.note(warning)
    findings = check_domain(desk.parts.domain, renderer, desk.settings.sft.max_length)
    write_json(out / "findings.json", {"findings": [plain(f) | {"place": str(f.place)} for f in findings]})
    errors = [f for f in findings if f.severity == "error"]
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise JobError(
            f"{first.code} {first.message}{more}", where=first.place, next=f"{first.next}; `steady check` lists all"
        )
    if any(f.code == "T101" for f in findings):
        _refuse_untrainable(desk, renderer)


def evaluate_base(desk: Desk, out: Path) -> None:
    evaluate(desk, out, "base", desk.parts.base, clarify=True)


def evaluate_sft(desk: Desk, out: Path) -> None:
    evaluate(desk, out, "sft", desk.artefact("sft") / MODEL)


def evaluate_dpo(desk: Desk, out: Path) -> None:
    evaluate(desk, out, "dpo", desk.artefact("merge") / MODEL)


def sft(desk: Desk, out: Path) -> None:
    from steadyhand.train.objectives.sft import train_sft
    from steadyhand.train.runner.merge import merge_or_keep

    given = desk.settings.sft
    rows = _taught_rows(desk, scenarios=given.scenarios)
    trained = desk.work("sft") / "trained"
    config = filled(given, desk.settings)
    guard = guard_of(desk)
    with first_interrupt() as stop:
        result = train_sft(desk.parts.base, rows, config, trained, figures_told(desk), stop=stop, guard=guard)
    leave(guard, out)
    write_json(out / "curve.json", {"curve": list(result.log), "steps": result.steps, "tokens": result.tokens})
    cuts = {"cut_prompts": result.cut_prompts, "cut_answers": result.cut_answers}
    write_json(out / "rows.json", {"rows": [row.source for row in rows], **cuts})
    if given.method == "full":
        trained.rename(out / MODEL)
    else:
        merge_or_keep(trained, out / MODEL, _parity_prompts(desk))


def gate(desk: Desk, out: Path) -> None:
    """Brain damage: public knowledge, dialogue and thinking of the tuned model against the base's."""
    from steadyhand.evaluate.gate import gate as judge
    from steadyhand.evaluate.run import restrict

    suites = _health_suites(desk)
    base = restrict(read_evaluation(desk.artefact("eval_base")), desk.parts.domain, suites, desk.settings.eval)
    tuned = _measure(desk, "sft", desk.artefact("sft") / MODEL, suites=suites)
    write_evaluation(out, tuned)
    write_json(out / "gate.json", judge(base, tuned, desk.settings.gate).to_json())


def pairs(desk: Desk, out: Path) -> None:
    """Groups from the fine-tuned model's own errors on training scenarios, completed by constructed errors."""
    from steadyhand.models.loading.load import load
    from steadyhand.pairs.build import build_groups, coverage

    for told in _left_out(desk):
        desk.note(told)
    model = load(desk.artefact("sft") / MODEL, dtype=desk.settings.model.dtype)
    domain = replace(desk.parts.domain, scenarios=spread(desk.parts.training, desk.settings.pairs.max_groups))
    errors = _own_errors(desk, model, domain) if desk.settings.pairs.own_errors else []
    groups = build_groups(
        domain, errors, model.renderer.completion_text, desk.settings.dpo.k, desk.settings.seed, model.renderer.format
    )
    if not groups:
        raise JobError("no preference group could be made", next="the domain needs scenarios with split: train")
    (out / "groups.jsonl").write_text("".join(json.dumps(plain(g), ensure_ascii=False) + "\n" for g in groups), "utf-8")
    write_json(out / "coverage.json", plain(coverage(groups)))


def _left_out(desk: Desk) -> Iterator[str]:
    """What of preferences/ is not trained on: answers that nothing is compared with, and more than a group takes."""
    if alone := len(desk.parts.domain.uncompared):
        yield f"{alone} judged answers are compared with nothing, so they teach nothing (`steady check` rule P207)"
    if over := sum(max(0, len(one.rejected) - desk.settings.dpo.k) for one in desk.parts.training):
        yield f"{over} given answers are more than dpo.k = {desk.settings.dpo.k} of a group, so they are left out"


def dpo(desk: Desk, out: Path) -> None:
    train_on(read_groups(desk.artefact("pairs") / "groups.jsonl"), desk.artefact("sft") / MODEL, "dpo", desk, out)


def train_on(groups: Sequence[Group], start: Path, name: str, desk: Desk, out: Path) -> None:
    """Preference training of the model at `start`, as the stage `name`."""
    from steadyhand.train.objectives.dpo import train_dpo

    trained = desk.work(name) / "trained"
    config = filled(desk.settings.dpo, desk.settings)
    rows = _taught_rows(desk, scenarios=False) if config.replay_tokens else []  # the groups bring the scenarios
    guard = guard_of(desk, reference_of(desk.artefact("sft")))
    with first_interrupt() as stop:
        result = train_dpo(start, groups, config, trained, figures_told(desk), rows=rows, stop=stop, guard=guard)
    leave(guard, out)
    curve = [{CURVE_NAMES.get(name, name): value for name, value in row.items()} for row in result.log]
    write_json(out / "curve.json", {"curve": curve, "steps": result.steps, "tokens": result.tokens})
    trained.rename(out / MODEL)


def merge(desk: Desk, out: Path) -> None:
    merge_from(desk.artefact("dpo") / MODEL, desk, out)


def merge_from(trained: Path, desk: Desk, out: Path) -> None:
    """One plain model folder, or virtual tokens beside their base, which nothing can merge; its answers are those of
    the adapter, or the run stops."""
    from steadyhand.train.runner.merge import merge_or_keep

    report = merge_or_keep(trained, out / MODEL, _parity_prompts(desk))
    write_json(out / "parity.json", asdict(report) | {"folder": MODEL})


def verdict(desk: Desk, out: Path) -> None:
    from steadyhand.evaluate.compare import compare
    from steadyhand.evaluate.verdict import verdict as judge

    base, tuned = read_evaluation(desk.artefact("eval_base")), read_evaluation(desk.artefact("eval_dpo"))
    write_json(out / "comparison.json", compare(base, tuned).to_json())
    write_json(out / "verdict.json", judge(base, tuned, desk.settings.bars, desk.parts.domain.bars).to_json())


def _taught_rows(desk: Desk, *, scenarios: bool) -> list[Row]:
    """What SFT trains on, and what preference training takes along."""
    from steadyhand.cards.rows import sft_rows

    given = desk.settings.sft
    return sft_rows(
        desk.parts.domain,
        scenarios=scenarios,
        rehearsal=given.rehearsal,
        seed=desk.settings.seed,
        card_repeats=given.card_repeats,
    )


def _refuse_untrainable(desk: Desk, renderer: Renderer) -> None:
    """Raises UsageError for a row that `sft.max_length` and `sft.truncation` leave nothing of, before the base is
    measured."""
    from steadyhand.cards.rows import sft_rows
    from steadyhand.train.runner.data import samples

    given = desk.settings.sft
    rows = sft_rows(desk.parts.domain, scenarios=given.scenarios, rehearsal=0, seed=0)
    samples(rows, renderer, given)


def _health_suites(desk: Desk) -> tuple[Suite, ...]:
    """What damage shows in: the probes, or the held-out decisions of a domain without probes."""
    kinds: set[Suite] = {probe.kind for probe in desk.parts.domain.probes}
    return tuple(sorted(kinds)) or DECISIONS


def _own_errors(desk: Desk, model: LocalModel, domain: Domain) -> list[ModelError]:
    """What the model does wrong on the decisions of the domain's scenarios, as raw completions."""
    from steadyhand.evaluate.run import evaluate
    from steadyhand.pairs.build import ModelError

    training = replace(domain, scenarios=tuple(replace(s, split="eval") for s in domain.scenarios))
    settings = desk.settings.eval.model_copy(update={"determinism_items": 0})
    sampling = sampling_of(desk.settings)
    found = evaluate(
        model,
        training,
        model="sft",
        sampling=sampling,
        settings=settings,
        suites=DECISIONS,
        seed=desk.settings.seed,
        progress=desk.progress,
    )
    wrong = [item for item in found.items if item.passed is False or not item.facts["calls_ok"]]
    return [ModelError(item.id, item.raw, item.code) for item in wrong]


def _parity_prompts(desk: Desk) -> list[Prompt]:
    """A fixed few of the domain's own questions, on which merged and adapted model must agree."""
    domain = desk.parts.domain
    probes = [Prompt(domain.asked(probe.question)) for probe in domain.probes]
    situations = [_prompt(desk, decision) for scenario in domain.scenarios for decision in decisions(scenario)]
    return [*probes[:PARITY_PROMPTS], *situations[:PARITY_PROMPTS]]


def _prompt(desk: Desk, decision: Decision) -> Prompt:
    return Prompt(decision.messages, tuple(desk.parts.domain.tools[name] for name in decision.scenario.tools))


def sampling_of(settings: Settings) -> Sampling:
    given = settings.sampling
    return Sampling(given.temperature, given.top_p, given.max_tokens, given.seed)


def judging_model(domain: Domain, settings: Settings) -> Ask | None:
    """The model that compares two answers, where a check of the domain compares and `online.judge` names a server."""
    given = settings.online
    if not given.judge.startswith("http") or not any(isinstance(one, Pairwise) for one in domain.checks.values()):
        return None
    from steadyhand.models.endpoints.endpoint import OpenAIEndpoint

    endpoint = OpenAIEndpoint(given.judge, given.judge_model)

    def ask(question: str) -> str:
        (found,) = endpoint.generate([Prompt((Message("user", question),))], Sampling(max_tokens=1024))
        return found.parsed().content

    return ask


def evaluate(desk: Desk, out: Path, name: str, folder: Path, *, clarify: bool = False) -> None:
    write_evaluation(out, _measure(desk, name, folder, clarify=clarify))


def _measure(
    desk: Desk, name: str, folder: Path, *, clarify: bool = False, suites: Collection[Suite] | None = None
) -> Evaluation:
    from steadyhand.evaluate.run import evaluate
    from steadyhand.evaluate.suites import SUITES
    from steadyhand.models.loading.load import load

    once = {} if suites is None else {"determinism_items": 0}  # only a whole evaluation repeats decisions
    return evaluate(
        load(folder, dtype=desk.settings.model.dtype),
        desk.parts.domain,
        model=name,
        sampling=sampling_of(desk.settings),
        settings=desk.settings.eval.model_copy(update=once),
        seed=desk.settings.seed,
        clarify=clarify,
        suites=SUITES if suites is None else suites,
        judge=judging_model(desk.parts.domain, desk.settings),
        progress=desk.progress,
    )


def figures_told(desk: Desk) -> Progress:
    def tell(done: int, total: int, figures: Mapping[str, float]) -> None:
        desk.progress(done, total, f"loss {figures['loss']:.3f}")

    return tell
