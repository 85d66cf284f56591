"""What the domain's own checks and comparisons say beyond a rate: confusion matrices, comparisons by category.

Knows metrics and their details, not markup or languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steadyhand.report.data import ReportData

RANKED = "preference_accuracy"
MATRIX = "macro_f1"


@dataclass(frozen=True)
class Confusion:
    """One model's labels: `rows[gold][found]`, with "" for answers that are no label. The counts add up to `n`."""

    stage: str
    check: str
    columns: tuple[str, ...]
    rows: dict[str, dict[str, int]]

    @property
    def n(self) -> int:
        return sum(sum(row.values()) for row in self.rows.values())

    @property
    def right(self) -> int:
        return sum(row.get(gold, 0) for gold, row in self.rows.items())


@dataclass(frozen=True)
class CategoryShares:
    """`rows`: category -> (right, compared) of each of `stages`, None where it was not ranked."""

    stages: tuple[str, ...]
    rows: dict[str, list[tuple[int, int] | None]]


def kinds_of(data: ReportData) -> dict[str, str]:
    """The domain's own checks that judged an answer -> their kind."""
    return {
        name: str(facts["kind"])
        for evaluation in data.evaluations.values()
        for item in evaluation.items
        for name, facts in item.facts.checks.items()
    }


def confusions(data: ReportData) -> list[Confusion]:
    """A matrix for each check of labels and each model, with the same columns for all models of a check."""
    found = [*_matrices(data)]
    made = []
    for stage, check, rows in found:
        same = [other for _, name, other in found if name == check]
        golds = list(dict.fromkeys(gold for other in same for gold in other))
        extra = sorted({label for other in same for row in other.values() for label in row} - set(golds), reverse=True)
        made.append(Confusion(stage, check, (*golds, *extra), rows))
    return made


def _matrices(data: ReportData) -> Iterator[tuple[str, str, dict[str, dict[str, int]]]]:
    for stage in data.stages:
        for name, metric in data.evaluations[stage].metrics.items():
            check, _, figure = name.partition(".")
            if figure == MATRIX and isinstance(metric.detail, dict):
                yield stage, check, metric.detail


def categories(data: ReportData) -> CategoryShares | None:
    """None where nobody compares."""
    stages = tuple(stage for stage in data.stages if RANKED in data.evaluations[stage].metrics)
    details = [data.evaluations[stage].metrics[RANKED].detail or {} for stage in stages]
    names = list(dict.fromkeys(name for detail in details for name in detail))
    if not names:
        return None
    cells = {name: [(d[name]["k"], d[name]["n"]) if name in d else None for d in details] for name in names}
    return CategoryShares(stages, cells)
