"""From figures to a word: what a demand asks is shown, contradicted, or neither. Knows results and demands only.

A figure is a mean over questions and seeds. Its interval is a bootstrap over whole clusters of questions (Efron &
Tibshirani 1993, ch. 13), in which the seeds of a question stay together: they are trainings of one recipe asked the
same, no further questions. A difference is paired, question by question and seed by seed; it is shown only when the
interval says so *and* every single seed points the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from experiments.claims.claim import Claim, Demand, Gain, Kept, Level, Same
from experiments.claims.results import Cell, Results
from steadyhand.stats.intervals import by_cluster, cluster_bootstrap, ratio_of

Word = Literal["SHOWN", "NOT SHOWN", "CONTRADICTED", "NOT RUN"]
Sample = tuple[str, float]  # cluster, figure


@dataclass(frozen=True)
class Estimate:
    """`value` with its 95 % interval, of `n` questions in `clusters`; `each` is the value of each seed."""

    value: float
    low: float
    high: float
    n: int
    clusters: int
    each: tuple[float, ...]

    @property
    def seeds(self) -> int:
        return len(self.each)


@dataclass(frozen=True)
class Judged:
    """A demand's word with the figure that decides it; None: a cell that it needs is not there."""

    word: Word
    estimate: Estimate | None


def judge(demand: Demand, results: Results, seeds: int) -> Judged:
    """NOT RUN unless every arm of the demand was asked with all `seeds` (the base with one)."""
    if not all(_whole(arm, results, seeds) for arm in arms_of(demand)):
        return Judged("NOT RUN", None)
    estimate = estimated(demand, results)
    return Judged(_word(demand, estimate), estimate) if estimate else Judged("NOT RUN", None)


def word_of(claim: Claim, results: Results | None) -> Word:
    """Of all parts: CONTRADICTED when one of them is, SHOWN when all are, NOT RUN when none could be judged."""
    if results is None:
        return "NOT RUN"
    words = [judge(part.demand, results, claim.seeds).word for part in claim.parts]
    if all(word == "NOT RUN" for word in words):
        return "NOT RUN"
    if "CONTRADICTED" in words:
        return "CONTRADICTED"
    return "SHOWN" if all(word == "SHOWN" for word in words) else "NOT SHOWN"


def arms_of(demand: Demand) -> tuple[str, ...]:
    match demand:
        case Gain():
            return demand.better, demand.than
        case Level():
            return (demand.arm,)
        case Same():
            return demand.one, demand.other
        case Kept():
            return demand.arm, demand.than


def estimated(demand: Demand, results: Results) -> Estimate | None:
    """The level of one arm, or how far the first arm is above the second."""
    first, *second = arms_of(demand)
    if second:
        return difference(results.of(first), results.of(second[0]), demand.fact, demand.where)
    return level(results.of(first), demand.fact, demand.where)


def _whole(arm: str, results: Results, seeds: int) -> bool:
    cells = results.of(arm)
    return bool(cells) and len(cells) >= (seeds if cells[0].random else 1)


def _word(demand: Demand, found: Estimate) -> Word:
    match demand:
        case Gain(margin=margin):
            ahead = found.low > margin and min(found.each) > 0
            return "SHOWN" if ahead else "CONTRADICTED" if found.high < margin else "NOT SHOWN"
        case Level(least=least):
            return "SHOWN" if found.value >= least else "CONTRADICTED" if found.high < least else "NOT SHOWN"
        case Same(margin=margin):
            inside = -margin < found.low and found.high < margin
            outside = found.low > margin or found.high < -margin
            return "SHOWN" if inside else "CONTRADICTED" if outside else "NOT SHOWN"
        case Kept(margin=margin):
            return "SHOWN" if found.low > -margin else "CONTRADICTED" if found.high < -margin else "NOT SHOWN"


def level(cells: Sequence[Cell], fact: str, where: str = "") -> Estimate | None:
    """Mean of a fact over questions and seeds; None without an answer."""
    return _estimate([list(_samples(cell, fact, where)) for cell in cells])


def difference(ahead: Sequence[Cell], behind: Sequence[Cell], fact: str, where: str = "") -> Estimate | None:
    """Mean paired difference. A model that was not trained has one seed, which stands beside every other one's."""
    other = {cell.seed: cell for cell in behind}
    if len(ahead) == 1 and not ahead[0].random and len(behind) > 1:
        turned = difference(behind, ahead, fact, where)
        return turned and Estimate(
            -turned.value, -turned.high, -turned.low, turned.n, turned.clusters, tuple(-one for one in turned.each)
        )
    pairs = [(cell, other.get(cell.seed, None if behind[0].random else behind[0])) for cell in ahead]
    return _estimate([list(_paired(cell, beside, fact, where)) for cell, beside in pairs if beside])


def _estimate(by_seed: Sequence[list[Sample]]) -> Estimate | None:
    whole = [sample for samples in by_seed for sample in samples]
    if not whole:
        return None
    sums = [(sum(values), float(len(values))) for values in by_cluster(whole).values()]
    low, high = cluster_bootstrap(sums, ratio_of)
    each = tuple(_mean([value for _, value in samples]) for samples in by_seed if samples)
    return Estimate(_mean([value for _, value in whole]), low, high, len(whole) // len(each), len(sums), each)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _samples(cell: Cell, fact: str, where: str) -> Iterator[Sample]:
    figures = cell.answers.facts.get(fact, ())
    for (_, cluster, kind), figure in zip(cell.answers.questions, figures, strict=False):
        if figure is not None and where in ("", kind):
            yield cluster, figure


def _paired(ahead: Cell, behind: Cell, fact: str, where: str) -> Iterator[Sample]:
    """Questions that count for both, by id."""
    other = dict(zip(behind.answers.questions, behind.answers.facts.get(fact, ()), strict=False))
    for question, figure in zip(ahead.answers.questions, ahead.answers.facts.get(fact, ()), strict=False):
        beside = other.get(question)
        if figure is not None and beside is not None and where in ("", question[2]):
            yield question[1], figure - beside
