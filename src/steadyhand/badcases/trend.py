"""Bad cases over runs: how often each category came, and which interfaces stay wrong. Counts; decides nothing.

An interface is a tool and an input class. One that fails in every run in which it was measured does not get better by
what was done so far: more of the same data is the wrong remedy when the model does not know what a field means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from steadyhand.badcases.case import BadCase
from steadyhand.badcases.categories import Categories
from steadyhand.chat.messages import Json
from steadyhand.ledger.result import Evaluation, Facts
from steadyhand.stats.intervals import wilson_bounds

RUNS = 2  # in which an interface must have failed, one after the other, before it counts as stubborn
Advice = Literal["groups", "semantics"]
Cell = tuple[str, str]  # tool ("none": no call is due), input class


@dataclass(frozen=True)
class Column:
    """One run of a trend: its cases, and of how many answers. `asked` identifies the questions: counts of runs that
    were asked others are no trend."""

    name: str
    created: str
    counts: Mapping[str, int]
    answers: int
    asked: str = ""


@dataclass(frozen=True)
class Stubborn:
    """`failed` and `scored` decisions of an interface, run by run; `low`, `high` bound the last run's failure rate at
    95 %. `semantics` of the last run's `failed` are about what fields mean."""

    tool: str
    input_class: str
    failed: tuple[int, ...]
    scored: tuple[int, ...]
    low: float
    high: float
    semantics: int
    categories: tuple[str, ...]
    advice: Advice

    def to_json(self) -> dict[str, Json]:
        return {**vars(self), "failed": [*self.failed], "scored": [*self.scored], "categories": [*self.categories]}


def column(name: str, created: str, found: Evaluation, cases: Sequence[BadCase]) -> Column:
    return Column(
        name,
        created,
        Counter(case.category for case in cases),
        len(found.items),
        str(found.manifest.get("item_set", "")),
    )


def rows_of(columns: Sequence[Column]) -> list[str]:
    """The categories of a trend, the most frequent of the last run first."""
    every = {category for one in columns for category in one.counts}
    return sorted(every, key=lambda category: (*(-one.counts.get(category, 0) for one in reversed(columns)), category))


def stubborn(
    runs: Sequence[tuple[Evaluation, Sequence[BadCase]]], known: Categories, least: int = RUNS
) -> list[Stubborn]:
    """Interfaces that failed in each of the last `least` runs that measured them, the worst first; runs oldest
    first."""
    tables = [(_scored(found), _failed(found), cases) for found, cases in runs]
    cells = sorted({cell for scored, _, _ in tables for cell in scored})
    made = [_stubborn(cell, [table for table in tables if cell in table[0]], known, least) for cell in cells]
    return sorted((one for one in made if one), key=lambda one: (-one.low, one.tool, one.input_class))


def _scored(found: Evaluation) -> Counter[Cell]:
    return Counter(_cell(item.facts) for item in found.items if item.suite == "tool" and item.passed is not None)


def _failed(found: Evaluation) -> Counter[Cell]:
    return Counter(_cell(item.facts) for item in found.items if item.suite == "tool" and item.passed is False)


def _cell(facts: Facts) -> Cell:
    return facts.tool or "none", facts.input_class


Table = tuple[Counter[Cell], Counter[Cell], Sequence[BadCase]]


def _stubborn(cell: Cell, tables: Sequence[Table], known: Categories, least: int) -> Stubborn | None:
    failed = tuple(wrong[cell] for _, wrong, _ in tables)
    scored = tuple(counted[cell] for counted, _, _ in tables)
    if len(failed) < least or not all(failed[-least:]):
        return None
    last = [case for case in tables[-1][2] if case.suite == "tool" and (case.tool, case.input_class) == cell]
    semantics = sum(known.of(case).action == "semantics" for case in last)
    low, high = wilson_bounds(failed[-1] / scored[-1], scored[-1])
    advice: Advice = "semantics" if 2 * semantics >= len(last) > 0 else "groups"
    often = tuple(category for category, _ in Counter(case.category for case in last).most_common())
    return Stubborn(*cell, failed, scored, low, high, semantics, often, advice)
