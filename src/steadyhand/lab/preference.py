"""A preference model as a stage: learned from a run's preference groups, measured on those of scenarios that it did not
see and on the held-out comparisons of preferences/, and made a judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.datasets.holdout import held_back
from steadyhand.domain.rows import ORIGINS, Group
from steadyhand.errors import JobError
from steadyhand.flow.artifacts import read_groups, read_json, write_json
from steadyhand.flow.context import RunContext
from steadyhand.flow.interrupt import first_interrupt
from steadyhand.flow.stages import MODEL
from steadyhand.flow.tracking import told
from steadyhand.models.backend import Prompt
from steadyhand.pairs.build import given_groups
from steadyhand.pairs.case import Case
from steadyhand.pairs.judge import ScoreJudge
from steadyhand.settings import Settings, filled
from steadyhand.stats.intervals import wilson_clustered

if TYPE_CHECKING:
    from steadyhand.models.loading.preference_model import PreferenceModel

Pair = tuple[str, str, float]  # the scenario's group, where the rejected answer comes from, how far chosen is ahead
HELD = "held.json"
DEPENDS = "preference dpo.lora_rank dpo.lora_alpha dpo.max_length model.dtype seed"


def train(context: RunContext, out: Path) -> None:
    """The preference model, and how often it is right on comparisons that it did not see."""
    from steadyhand.models.loading.adapters import kind_of
    from steadyhand.train.objectives.preference import train_preference

    taught, held = split(context)
    start = context.artifact("sft") / MODEL
    trained = context.work("preference") / "trained"
    with first_interrupt() as stop, told(context, "preference") as tell:
        result = train_preference(
            context.parts.base if kind_of(start) else start, taught,
            filled(context.settings.preference, context.settings), trained,
            tell, stop=stop,
        )  # fmt: skip
    write_json(out / "curve.json", {"curve": list(result.log), "steps": result.steps, "tokens": result.tokens})
    trained.rename(out / MODEL)
    model = load(context.settings, out)
    write = model.renderer.completion_text
    given = given_groups(context.parts.domain, write, model.renderer.format, split="eval")
    pairs = compared(model, [*held, *given], groups_of(context), context)
    write_json(out / HELD, {"taught": len(taught)} | judged(pairs, context.settings.preference.certain))


def split(context: RunContext) -> tuple[list[Group], list[Group]]:
    """The run's groups: to learn from, and of scenario groups that are kept back."""
    groups = read_groups(context.artifact("pairs") / "groups.jsonl")
    held = {
        scenario.id
        for scenario in held_back(context.parts.domain, context.settings.preference.held, context.settings.seed)
    }
    taught = [group for group in groups if scenario_of(group) not in held]
    if not taught:
        raise JobError("no preference group is left to learn from", next="lower preference.held")
    return taught, [group for group in groups if scenario_of(group) in held]


def scenario_of(group: Group) -> str:
    return group.id.rpartition("#")[0]


def groups_of(context: RunContext) -> dict[str, str]:
    return {scenario.id: scenario.group for scenario in context.parts.domain.scenarios}


def compared(model: PreferenceModel, groups: Sequence[Group], names: dict[str, str], context: RunContext) -> list[Pair]:
    pairs: list[Pair] = []
    write = model.renderer.completion_text
    for done, group in enumerate(groups, 1):
        answers = [write(group.messages, group.tools, group.chosen), *(answer.text for answer in group.rejected)]
        best, *rest = model.scores(Prompt(group.messages, group.tools), answers)
        pairs += [
            (names[scenario_of(group)], answer.origin, best - score)
            for answer, score in zip(group.rejected, rest, strict=True)
        ]
        context.progress(done, len(groups), "comparisons")
    return pairs


def judged(pairs: Sequence[Pair], certain: float) -> dict[str, Any]:
    """Shares that are right, by where the rejected answer comes from and over those that are no tie; scenario groups
    are the units of the intervals."""
    judge = ScoreJudge(lambda case, answers: [], certain)
    parts: dict[str, Sequence[Pair]] = {
        "all": pairs,
        **{origin: [pair for pair in pairs if pair[1] == origin] for origin in ORIGINS},
        "certain": [pair for pair in pairs if abs(pair[2]) >= judge.lead],
    }
    return {name: _share(part) for name, part in parts.items()}


def _share(pairs: Sequence[Pair]) -> dict[str, Any]:
    clusters: dict[str, list[bool]] = {}
    for group, _, ahead in pairs:
        clusters.setdefault(group, []).append(ahead > 0)
    k = sum(map(sum, clusters.values()))
    if not pairs:
        return {"k": 0, "n": 0, "value": None, "low": None, "high": None}
    interval = wilson_clustered(list(clusters.values()))
    return {"k": k, "n": len(pairs), "value": k / len(pairs), "low": interval.low, "high": interval.high}


def judge_of(settings: Settings, artifact: Path) -> ScoreJudge:
    """The trained model as a judge. One that does no better than a coin judges nothing: raises JobError."""
    held = read_json(artifact / HELD)["all"]
    if held["n"] and held["low"] <= 0.5:
        raise JobError(
            f"the preference model is right in {held['k']} of {held['n']} comparisons that it did not see: "
            "that is not shown to be better than a coin",
            where=str(artifact),
            next="raise preference.epochs or preference.learning_rate, or set online.judge to rules",
        )
    model = load(settings, artifact)

    def score(case: Case, answers: Sequence[str]) -> list[float]:
        return model.scores(Prompt(case.decision.messages, case.tools), answers)

    return ScoreJudge(score, settings.preference.certain)


def load(settings: Settings, artifact: Path) -> PreferenceModel:
    from steadyhand.models.loading.preference_model import load_preference

    return load_preference(artifact / MODEL, settings.dpo.max_length, dtype=settings.model.dtype)
