"""Who decided, the cue or the rule? Counts conclusions on questions in which the two differ.

Knows conclusions by name; knows nothing of texts or trainings. "neither" is an answer that concludes something else,
nothing, or both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from steadyhand.evaluate.metrics import Observation, rate_metric
from steadyhand.ledger.result import Metric, VerdictWord
from steadyhand.stats.power import further_cases
from steadyhand.stats.tests import Paired, collapse, mcnemar_exact

ALPHA = 0.05
UNITS_AT_MOST = 2000  # more are not proposed


@dataclass(frozen=True)
class Conclusion:
    """What one answer of one seed's training concluded (None: nothing, or several things at once)."""

    seed: int
    id: str
    cluster: str
    rule: str
    cue: str
    found: str | None
    text: str

    @property
    def key(self) -> str:
        return f"{self.seed}/{self.id}"

    @property
    def conflict(self) -> bool:
        return self.rule != self.cue


@dataclass(frozen=True)
class Arm:
    """One set of cards: over conflict questions, the shares decided by rule, by cue, by neither; and over the questions
    in which both agree, the share that is right (`agreeing`), which a shortcut does not lower."""

    name: str
    cards: int
    rule: Metric
    cue: Metric
    neither: Metric
    agreeing: Metric
    by_seed: dict[int, tuple[float, float]]  # seed -> (by the rule, by the cue)


@dataclass(frozen=True)
class Cure:
    """Does another set of cards make the rule decide where the naive set lets the cue decide? Exact McNemar on right
    conclusions of conflict questions; a cluster over all seeds is one unit."""

    verdict: VerdictWord
    gained: int
    lost: int
    n: int
    p_value: float | None
    reason: str
    cases_needed: int | None = None


def arm(name: str, cards: int, conclusions: Sequence[Conclusion]) -> Arm:
    fought = [conclusion for conclusion in conclusions if conclusion.conflict]
    agreed = [conclusion for conclusion in conclusions if not conclusion.conflict]
    seeds = dict.fromkeys(conclusion.seed for conclusion in conclusions)
    return Arm(
        name,
        cards,
        _share("rule", fought, _by_rule),
        _share("cue", fought, _by_cue),
        _share("neither", fought, lambda conclusion: not _by_rule(conclusion) and not _by_cue(conclusion)),
        _share("agreeing", agreed, _by_rule),
        {seed: _of_seed([conclusion for conclusion in fought if conclusion.seed == seed]) for seed in seeds},
    )


def cure(naive: Sequence[Conclusion], diverse: Sequence[Conclusion]) -> Cure:
    """PASS: the rule decides more often after the other cards (p <= .05, gains above losses). FAIL: it decides less
    often. INSUFFICIENT: luck explains the difference, or there is none."""
    before = {conclusion.key: _by_rule(conclusion) for conclusion in naive if conclusion.conflict}
    pairs = [
        (conclusion.cluster, before[conclusion.key], _by_rule(conclusion))
        for conclusion in diverse
        if conclusion.key in before
    ]
    units = collapse(pairs)
    if not units.n:
        return Cure("INSUFFICIENT", 0, 0, 0, None, "nothing was asked")
    p = mcnemar_exact(units.gains, units.losses)
    reason = (
        f"the rule decides in {units.gains} groups of questions more and {units.losses} fewer of {units.n}, p = {p:.3g}"
    )
    if p > ALPHA:
        return Cure("INSUFFICIENT", units.gains, units.losses, units.n, p, reason, units_needed(units))
    word: VerdictWord = "PASS" if units.gains > units.losses else "FAIL"
    return Cure(word, units.gains, units.losses, units.n, p, reason)


def units_needed(units: Paired, alpha: float = ALPHA) -> int | None:
    """Further units until exact McNemar decides at `alpha`, if gains and losses go on as so far; None: never."""

    def decided(total: int) -> bool:
        share = total / units.n
        fewer, more = sorted((units.gains, units.losses))
        return mcnemar_exact(int(more * share), -int(-fewer * share // 1)) <= alpha

    return further_cases(units.n, decided, UNITS_AT_MOST) if units.gains != units.losses else None


def _by_rule(conclusion: Conclusion) -> bool:
    return conclusion.found == conclusion.rule


def _by_cue(conclusion: Conclusion) -> bool:
    return conclusion.found == conclusion.cue


def _of_seed(fought: Sequence[Conclusion]) -> tuple[float, float]:
    return sum(map(_by_rule, fought)) / len(fought), sum(map(_by_cue, fought)) / len(fought)


def _share(name: str, conclusions: Sequence[Conclusion], counts: Callable[[Conclusion], bool]) -> Metric:
    return rate_metric(
        name, [Observation(conclusion.key, conclusion.cluster, counts(conclusion)) for conclusion in conclusions]
    )
