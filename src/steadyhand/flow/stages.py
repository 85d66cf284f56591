"""What each stage does: a few lines that call one room and leave its result. Order and resume are the engine's."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
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
from steadyhand.flow.context import RunContext
from steadyhand.flow.domain_inputs import plain
from steadyhand.flow.health_questions import guard_of, leave, reference_of
from steadyhand.flow.interrupt import first_interrupt
from steadyhand.flow.tracking import told
from steadyhand.ledger.result import Evaluation
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.settings import Settings, filled

if TYPE_CHECKING:
    from steadyhand.chat.render import Renderer
    from steadyhand.evaluate.run import LabeledProgress
    from steadyhand.evaluate.suites import Suite
    from steadyhand.models.generation.local import LocalModel
    from steadyhand.pairs.build import ModelError

DECISIONS: tuple[Suite, ...] = ("tool",)
PARITY_PROMPTS = 16  # of probes and of situations each
CURVE_NAMES = {"rewards/accuracies": "accuracy", "rewards/margins": "margin"}
MODEL = "model"  # the folder of a trained model within its artifact


def check(context: RunContext, out: Path) -> None:
    from steadyhand.chat.probe import usable
    from steadyhand.chat.render import Renderer
    from steadyhand.check import check as check_domain
    from steadyhand.models.attention.layers import Way, expected
    from steadyhand.models.loading.gguf_base import note_of
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.models.loading.overlay import original

    base = context.parts.base
    renderer = Renderer(load_tokenizer(base))  # without the weights: those of 8B are 16 GB
    tools = any(scenario.tools for scenario in context.parts.domain.scenarios)
    wanted = "thinking" if context.settings.model.thinking == "off" else None  # that it is lost was asked for
    for warning in usable(renderer.profile, tools=tools, named=renderer.named):
        if wanted is None or wanted not in warning:
            context.note(warning)
    if lost := note_of(original(base)):
        context.note(lost)
    if (layers := expected(base)).way is not Way.PACKED:
        context.note(f"layers: {layers.told()}")
    findings = check_domain(context.parts.domain, renderer, context.settings.sft.max_length)
    write_json(out / "findings.json", {"findings": [plain(f) | {"place": str(f.place)} for f in findings]})
    errors = [f for f in findings if f.severity == "error"]
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise JobError(
            f"{first.code} {first.message}{more}", where=first.place, next=f"{first.next}; `steady check` lists all"
        )
    if any(f.code == "T101" for f in findings):
        _refuse_untrainable(context, renderer)


def evaluate_base(context: RunContext, out: Path) -> None:
    evaluate(context, out, "base", context.parts.base, clarify=True)


def evaluate_sft(context: RunContext, out: Path) -> None:
    """What the gate has asked is not asked again."""
    known = read_evaluation(context.artifact("gate"))
    write_evaluation(out, _measure(context, "sft", context.artifact("sft") / MODEL, known=known))


def evaluate_dpo(context: RunContext, out: Path) -> None:
    evaluate(context, out, "dpo", context.artifact("merge") / MODEL)


def sft(context: RunContext, out: Path) -> None:
    from steadyhand.train.objectives.sft import train_sft
    from steadyhand.train.runner.merge import merge_or_keep

    given = context.settings.sft
    rows = _taught_rows(context, scenarios=given.scenarios)
    trained = context.work("sft") / "trained"
    config = filled(given, context.settings)
    guard = guard_of(context)
    with first_interrupt() as stop, told(context, "sft") as tell:
        result = train_sft(context.parts.base, rows, config, trained, tell, stop=stop, guard=guard)
    leave(guard, out)
    write_json(out / "curve.json", {"curve": list(result.log), "steps": result.steps, "tokens": result.tokens})
    cuts = {"cut_prompts": result.cut_prompts, "cut_answers": result.cut_answers}
    write_json(out / "rows.json", {"rows": [row.source for row in rows], **cuts})
    if given.method == "full":
        trained.rename(out / MODEL)
    else:
        merge_or_keep(trained, out / MODEL, _parity_prompts(context))


def gate(context: RunContext, out: Path) -> None:
    """Brain damage: public knowledge, dialogue and thinking of the tuned model against the base's."""
    from steadyhand.evaluate.gate import gate as judge
    from steadyhand.evaluate.run import restrict

    suites = _health_suites(context)
    base = restrict(read_evaluation(context.artifact("eval_base")), context.parts.domain, suites, context.settings.eval)
    tuned = _measure(context, "sft", context.artifact("sft") / MODEL, suites=suites)
    write_evaluation(out, tuned)
    write_json(out / "gate.json", judge(base, tuned, context.settings.gate).to_json())


def pairs(context: RunContext, out: Path) -> None:
    """Groups from the fine-tuned model's own errors on training scenarios, completed by constructed errors."""
    from steadyhand.models.loading.load import load
    from steadyhand.pairs.build import build_groups

    for notice in _left_out(context):
        context.note(notice)
    model = load(context.artifact("sft") / MODEL, dtype=context.settings.model.dtype)
    domain = replace(context.parts.domain, scenarios=spread(context.parts.training, context.settings.pairs.max_groups))
    errors = own_errors(model, domain, context.settings, context.progress) if context.settings.pairs.own_errors else []
    renderer, given = model.renderer, context.settings
    groups = build_groups(domain, errors, renderer.completion_text, given.dpo.k, given.seed, renderer.format)
    if not groups:
        raise JobError("no preference group could be made", next="the domain needs scenarios with split: train")
    (out / "groups.jsonl").write_text("".join(json.dumps(plain(g), ensure_ascii=False) + "\n" for g in groups), "utf-8")


def _left_out(context: RunContext) -> Iterator[str]:
    """What of preferences/ is not trained on: answers that nothing is compared with, and more than a group takes."""
    parts, k = context.parts, context.settings.dpo.k
    if alone := len(parts.domain.uncompared):
        yield f"{alone} judged answers are compared with nothing, so they teach nothing (`steady check` rule P207)"
    if over := sum(max(0, len(scenario.rejected) - k) for scenario in parts.training):
        yield f"{over} given answers are more than dpo.k = {k} of a group, so they are left out"


def dpo(context: RunContext, out: Path) -> None:
    groups = read_groups(context.artifact("pairs") / "groups.jsonl")
    train_on(groups, context.artifact("sft") / MODEL, "dpo", context, out)


def train_on(groups: Sequence[Group], start: Path, name: str, context: RunContext, out: Path) -> None:
    """Preference training of the model at `start`, as the stage `name`."""
    from steadyhand.train.objectives.dpo import train_dpo

    trained = context.work(name) / "trained"
    config = filled(context.settings.dpo, context.settings)
    rows = _taught_rows(context, scenarios=False) if config.replay_tokens else []  # the groups bring the scenarios
    guard = guard_of(context, reference_of(context.artifact("sft")))
    with first_interrupt() as stop, told(context, name) as tell:
        result = train_dpo(start, groups, config, trained, tell, rows=rows, stop=stop, guard=guard)
    if result.layers:
        context.note(result.layers)
    leave(guard, out)
    curve = [{CURVE_NAMES.get(name, name): value for name, value in row.items()} for row in result.log]
    write_json(out / "curve.json", {"curve": curve, "steps": result.steps, "tokens": result.tokens})
    trained.rename(out / MODEL)


def merge(context: RunContext, out: Path) -> None:
    merge_from(context.artifact(context.trained[-1]) / MODEL, context, out)


def merge_from(trained: Path, context: RunContext, out: Path) -> None:
    """One plain model folder, or virtual tokens beside their base, which nothing can merge; its answers are those of
    the adapter, or the run stops."""
    from steadyhand.train.runner.merge import merge_or_keep

    report = merge_or_keep(trained, out / MODEL, _parity_prompts(context))
    write_json(out / "parity.json", asdict(report) | {"folder": MODEL})


def verdict(context: RunContext, out: Path) -> None:
    from steadyhand.evaluate.compare import compare
    from steadyhand.evaluate.verdict import verdict as judge

    base, tuned = (read_evaluation(context.artifact(f"eval_{name}")) for name in ("base", context.trained[-1]))
    write_json(out / "comparison.json", compare(base, tuned).to_json())
    write_json(out / "verdict.json", judge(base, tuned, context.settings.bars, context.parts.domain.bars).to_json())


def _taught_rows(context: RunContext, *, scenarios: bool) -> list[Row]:
    """What SFT trains on, and what preference training takes along."""
    from steadyhand.cards.rows import sft_rows

    given = context.settings.sft
    return sft_rows(
        context.parts.domain,
        scenarios=scenarios,
        rehearsal=given.rehearsal,
        seed=context.settings.seed,
        card_repeats=given.card_repeats,
    )


def _refuse_untrainable(context: RunContext, renderer: Renderer) -> None:
    """Raises UsageError for a row that `sft.max_length` and `sft.truncation` leave nothing of, before the base is
    measured."""
    from steadyhand.cards.rows import sft_rows
    from steadyhand.train.runner.data import samples

    given = context.settings.sft
    rows = sft_rows(context.parts.domain, scenarios=given.scenarios, rehearsal=0, seed=0)
    samples(rows, renderer, given)


def _health_suites(context: RunContext) -> tuple[Suite, ...]:
    """What damage shows in: the probes, or the held-out decisions of a domain without probes."""
    kinds: set[Suite] = {probe.kind for probe in context.parts.domain.probes}
    return tuple(sorted(kinds)) or DECISIONS


def own_errors(model: LocalModel, domain: Domain, given: Settings, progress: LabeledProgress) -> list[ModelError]:
    """What the model does wrong on the decisions of the domain's scenarios, as raw completions."""
    from steadyhand.evaluate.run import evaluate
    from steadyhand.pairs.build import ModelError

    training = replace(domain, scenarios=tuple(replace(s, split="eval") for s in domain.scenarios))
    evaluation = evaluate(
        model,
        training,
        model="sft",
        sampling=sampling_of(given),
        settings=given.eval.model_copy(update={"determinism_items": 0}),
        suites=DECISIONS,
        seed=given.seed,
        progress=progress,
    )
    wrong = [item for item in evaluation.items if item.passed is False or not item.facts.calls_ok]
    return [ModelError(item.id, item.raw, item.code) for item in wrong]


def _parity_prompts(context: RunContext) -> list[Prompt]:
    """A fixed few of the domain's own questions, on which merged and adapted model must agree."""
    domain = context.parts.domain
    probes = [Prompt(domain.asked(probe.question)) for probe in domain.probes]
    situations = [_prompt(context, decision) for scenario in domain.scenarios for decision in decisions(scenario)]
    return [*probes[:PARITY_PROMPTS], *situations[:PARITY_PROMPTS]]


def _prompt(context: RunContext, decision: Decision) -> Prompt:
    return Prompt(decision.messages, tuple(context.parts.domain.tools[name] for name in decision.scenario.tools))


def sampling_of(settings: Settings) -> Sampling:
    given = settings.sampling
    return Sampling(given.temperature, given.top_p, given.max_tokens, given.seed)


def judging_model(domain: Domain, settings: Settings) -> Ask | None:
    """The model that compares two answers, where a check of the domain compares and `online.judge` names a server."""
    given = settings.online
    if not given.judge.startswith("http") or not any(isinstance(check, Pairwise) for check in domain.checks.values()):
        return None
    from steadyhand.models.endpoints.endpoint import OpenAIEndpoint

    endpoint = OpenAIEndpoint(given.judge, given.judge_model)

    def ask(question: str) -> str:
        (answer,) = endpoint.generate([Prompt((Message("user", question),))], Sampling(max_tokens=1024))
        return answer.parsed().content

    return ask


def evaluate(context: RunContext, out: Path, name: str, folder: Path, *, clarify: bool = False) -> None:
    write_evaluation(out, _measure(context, name, folder, clarify=clarify))


def _measure(
    context: RunContext,
    name: str,
    folder: Path,
    *,
    clarify: bool = False,
    suites: Collection[Suite] | None = None,
    known: Evaluation | None = None,
) -> Evaluation:
    from steadyhand.evaluate.run import evaluate
    from steadyhand.evaluate.suites import SUITES
    from steadyhand.models.loading.load import load

    once = {} if suites is None else {"determinism_items": 0}  # only a whole evaluation repeats decisions
    return evaluate(
        load(folder, dtype=context.settings.model.dtype),
        context.parts.domain,
        model=name,
        sampling=sampling_of(context.settings),
        settings=context.settings.eval.model_copy(update=once),
        seed=context.settings.seed,
        clarify=clarify,
        suites=SUITES if suites is None else suites,
        judge=judging_model(context.parts.domain, context.settings),
        known=known,
        progress=context.progress,
    )
