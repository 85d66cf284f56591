"""How many held-out answers are right in each class of input and each language.

Knows items, not markup. Wordings that nothing trains on are a class of input (`boundary`) in many domains, and one rate
over all classes would hide them behind the common ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steadyhand.ledger.result import Item
from steadyhand.report.data import ReportData
from steadyhand.stats.intervals import Interval, by_cluster, wilson_clustered

CLASSES, LANGUAGES = ("common", "boundary", "noisy"), ("en", "zh")


@dataclass(frozen=True)
class Share:
    """`right` of `asked` answers that something judges, with a 95 % Wilson interval over clusters."""

    right: int
    asked: int
    interval: Interval


@dataclass(frozen=True)
class PartRow:
    """One class (`common`) or language (`zh`): a share for each model, None where nothing of it was asked."""

    name: str
    shares: tuple[Share | None, ...]


def parts(data: ReportData) -> list[PartRow]:
    """Classes, then languages; neither where the held-out answers are all of one."""
    judged = [
        [item for item in data.evaluations[stage].items if item.suite == "tool" and item.passed is not None]
        for stage in data.stages
    ]
    return [
        *_rows(CLASSES, [[(item.facts.input_class, item) for item in own] for own in judged]),
        *_rows(LANGUAGES, [[(item.lang, item) for item in own] for own in judged]),
    ]


def _rows(names: Sequence[str], named: Sequence[Sequence[tuple[str, Item]]]) -> list[PartRow]:
    """A row for each of `names` that was asked; none where only one was."""
    rows = [
        PartRow(name, tuple(_share(item for own, item in items if own == name) for items in named)) for name in names
    ]
    asked = [row for row in rows if any(row.shares)]
    return asked if len(asked) > 1 else []


def _share(items: Iterable[Item]) -> Share | None:
    outcomes = [(item.cluster, bool(item.passed)) for item in items]
    if not outcomes:
        return None
    interval = wilson_clustered(list(by_cluster(outcomes).values()))
    return Share(sum(right for _, right in outcomes), len(outcomes), interval)
