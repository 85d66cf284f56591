"""The figures that a reader wants first, as counts: what of the task is right, and what was forgotten.

Knows items of evaluations, not markup or languages. A tile counts what was asked, so what nothing judged is not right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from steadyhand.ledger.result import Evaluation, Item
from steadyhand.report.data import ReportData
from steadyhand.stats.intervals import by_cluster


@dataclass(frozen=True)
class Tile:
    """`name` picks the words; `counts` holds (right, asked) by stage, `unjudged` the asked that nothing judges. `check`
    is the domain's own name of the check that a tile counts."""

    name: str
    counts: dict[str, tuple[int, int]]
    unjudged: int = 0
    check: str = ""


@dataclass(frozen=True)
class Lost:
    """A public question that the first model answered right and the second one wrong."""

    before: Item
    after: Item


@dataclass(frozen=True)
class FactChanges:
    """`lost` questions in the order asked; `facts` lost and `gained` of `asked` count facts, which may have several
    wordings: one is lost when fewer of its wordings are answered right."""

    stage: str
    lost: tuple[Lost, ...]
    facts: int
    gained: int
    asked: int


def tiles(data: ReportData) -> list[Tile]:
    """The task's own figure first; suites that no model was asked are left out."""
    found = [*_checks(data), _scenarios(data), _suite(data, "preference")]
    found += [_suite(data, suite) for suite in ("anchoring", "reasoning", "public")]
    return [tile for tile in found if any(asked for _, asked in tile.counts.values())]


def _checks(data: ReportData) -> list[Tile]:
    """A tile for each check of the domain that judged held-out answers, in the order of checks.yaml."""
    asked: dict[str, tuple[str, dict[str, list[str]]]] = {}
    for stage in data.stages:
        for item in data.evaluations[stage].items:
            for name, facts in item.facts.checks.items() if item.suite == "tool" else ():
                asked.setdefault(name, (str(facts["kind"]), {}))[1].setdefault(stage, []).append(str(facts["word"]))
    made = []
    for name, (kind, words) in asked.items():
        counts = {stage: (own.count("passed"), len(own)) for stage, own in words.items()}
        unscored = max(own.count("unscored") for own in words.values())
        made.append(Tile(f"check.{kind}", counts, unscored, name))
    return made


def _scenarios(data: ReportData) -> Tile:
    counts, unjudged = {}, 0
    for stage in data.stages:
        grouped = _by_scenario(data.evaluations[stage].items)
        right = sum(all(item.passed for item in decided) for decided in grouped.values())
        counts[stage] = (right, len(grouped))
        unjudged = max(unjudged, sum(any(item.passed is None for item in own) for own in grouped.values()))
    return Tile("scenarios", {stage: count for stage, count in counts.items() if count[1]}, unjudged)


def _suite(data: ReportData, suite: str) -> Tile:
    counts = {}
    for stage in data.stages:
        scored = [item for item in data.evaluations[stage].items if item.suite == suite and item.passed is not None]
        if scored:
            counts[stage] = (sum(bool(item.passed) for item in scored), len(scored))
    return Tile(suite, counts)


def _by_scenario(items: Iterable[Item]) -> dict[str, list[Item]]:
    return by_cluster([(item.facts.scenario or item.id, item) for item in items if item.suite == "tool"])


def facts(evaluations: Mapping[str, Evaluation], stages: Sequence[str]) -> FactChanges | None:
    """What the last model forgot of what the first one knew; None when either was asked no public question."""
    if len(stages) < 2:
        return None
    known = {item.id: item for item in evaluations[stages[0]].items if item.suite == "public"}
    now = [item for item in evaluations[stages[-1]].items if item.suite == "public" and item.id in known]
    pairs = [(known[item.id], item) for item in now if item.passed is not None and known[item.id].passed is not None]
    if not pairs:
        return None
    changes: dict[str, int] = {}
    for before, after in pairs:
        changes[after.cluster] = changes.get(after.cluster, 0) + bool(after.passed) - bool(before.passed)
    lost = tuple(Lost(before, after) for before, after in pairs if before.passed and not after.passed)
    counted = [sum(change < 0 for change in changes.values()), sum(change > 0 for change in changes.values())]
    return FactChanges(stages[-1], lost, counted[0], counted[1], len(changes))
