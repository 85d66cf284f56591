"""How much of a point do so many cards teach, and at what cost? One rung of the ladder from its judged answers.

Knows outcomes and limits; knows nothing of cards, prompts or trainings. A rung is PASS when all of these hold:
- taught: over all seeds, the lower end of the 95 % interval of right target answers reaches the bar (Wilson at the
  effective sample size; a question that several seeds were asked is one cluster), and every seed's own share reaches
  it, because three seeds are three trainings and no interval over three says anything;
- unharmed: public knowledge is not shown to be lost (one-sided non-inferiority), and no sign of damage (think tags,
  loops, garbage) is shown, each against its limit or the base's own rate, as the health gate judges them.
It is FAIL when the upper end of the interval lies below the bar, or harm is shown; else INSUFFICIENT.
What happens to neighbors (`leaked`, `neighbors_lost`) is measured and shown; it decides nothing, because in a real
run the neighbors have cards of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from steadyhand.evaluate.compare import knowledge_loss
from steadyhand.evaluate.gate import check_sign, signs
from steadyhand.evaluate.metrics import Observation, rate_metric
from steadyhand.ledger.result import Check, Item, Metric, VerdictWord
from steadyhand.settings.model import GateSettings
from steadyhand.stats.bars import judge_bounds
from steadyhand.stats.intervals import by_cluster, effective_size
from steadyhand.stats.power import cases_for_rate
from steadyhand.stats.tests import collapse, mcnemar_exact

Kind = Literal["target", "neighbor", "known"]
BAR = 0.7


@dataclass(frozen=True)
class DoseOutcome:
    """One judged answer of one seed's training. `leaked`: it gives the point's answer to a neighbor's question; `said`
    is its text without thinking and calls."""

    seed: int
    kind: Kind
    item: Item
    leaked: bool = False
    said: str = ""

    @property
    def key(self) -> str:
        return f"{self.seed}/{self.item.id}"


@dataclass(frozen=True)
class PairedChange:
    """Paired against the base: units (questions, or facts) that only the rung or only the base gets right."""

    gained: int
    lost: int
    n: int
    p_value: float | None


@dataclass(frozen=True)
class DoseRung:
    """What training on `cards` cards did. `by_seed` are the shares of right target answers, seed by seed; `known` is
    the non-inferiority check of public knowledge (None: nothing public was asked)."""

    cards: int
    steps: int
    target: Metric
    by_seed: dict[int, float]
    change: PairedChange
    leaked: Metric
    base_leaked: Metric
    neighbors: PairedChange
    known: Check | None
    known_change: PairedChange
    signs: tuple[Check, ...]
    verdict: VerdictWord
    reasons: tuple[str, ...]
    cases_needed: int | None = None


def rung(
    cards: int,
    steps: int,
    base: Sequence[DoseOutcome],
    tuned: Sequence[DoseOutcome],
    limits: GateSettings | None = None,
    bar: float = BAR,
) -> DoseRung:
    """`base` are the base's outcomes on the same questions, seed by seed. Raises UsageError without target answers."""
    limits = limits or GateSettings()
    target = _rate("target", tuned, "target", lambda outcome: bool(outcome.item.passed))
    known = _known(base, tuned, limits.public_margin)
    health = tuple(check_sign(sign, _items(base), _items(tuned)) for sign in signs(limits) if not sign.suites)
    by_seed = _by_seed(tuned)
    word, reasons, needed = _verdict(target, by_seed, _effective(tuned), known, health, bar)
    return DoseRung(
        cards=cards,
        steps=steps,
        target=target,
        by_seed=by_seed,
        change=_change(base, tuned, "target"),
        leaked=_rate("leaked", tuned, "neighbor", lambda outcome: outcome.leaked),
        base_leaked=_rate("leaked", base, "neighbor", lambda outcome: outcome.leaked),
        neighbors=_change(base, tuned, "neighbor"),
        known=known,
        known_change=_change(base, tuned, "known"),
        signs=health,
        verdict=word,
        reasons=reasons,
        cases_needed=needed,
    )


def smallest_dose(rungs: Sequence[DoseRung]) -> int | None:
    """The smallest effective dose: the cards of the first rung that is PASS."""
    return next((rung.cards for rung in rungs if rung.verdict == "PASS"), None)


def _verdict(
    target: Metric,
    by_seed: dict[int, float],
    size: float,
    known: Check | None,
    health: Sequence[Check],
    bar: float,
) -> tuple[VerdictWord, tuple[str, ...], int | None]:
    """(word, why, further target answers that would decide)."""
    assert target.value is not None
    assert target.low is not None
    assert target.high is not None
    harms = [check for check in (*health, *([known] if known else ())) if check.verdict == "FAIL"]
    if harms:
        return "FAIL", tuple(f"{check.metric}: {check.reason}" for check in harms), None
    word = judge_bounds(target.value, target.low, target.high, bar, "lower")
    behind = [seed for seed, share in by_seed.items() if share < bar]
    bounds = f"{100 * target.low:.0f}-{100 * target.high:.0f} %"
    if word == "FAIL":
        return "FAIL", (f"the interval of right answers ({bounds}) lies below the bar of {100 * bar:g} %",), None
    if word == "INSUFFICIENT":
        needed = cases_for_rate(target.value, target.n, bar, "lower", n_effective=size)
        return "INSUFFICIENT", (f"the bar of {100 * bar:g} % lies in the interval of right answers ({bounds})",), needed
    if behind:
        return "INSUFFICIENT", (f"by itself, seed {behind[0]} stays below the bar: other seeds have to tell",), None
    return "PASS", (f"every seed and the lower end of the interval ({bounds}) reach {100 * bar:g} %",), None


def _known(base: Sequence[DoseOutcome], tuned: Sequence[DoseOutcome], margin: float) -> Check | None:
    pairs = _pairs(base, tuned, "known")
    return knowledge_loss(pairs, "the base", margin) if pairs else None


def _change(base: Sequence[DoseOutcome], tuned: Sequence[DoseOutcome], kind: Kind) -> PairedChange:
    """Exact McNemar over questions: one that several seeds were asked is one unit (`stats.tests.collapse`)."""
    units = collapse(_pairs(base, tuned, kind))
    return PairedChange(
        units.gains, units.losses, units.n, mcnemar_exact(units.gains, units.losses) if units.n else None
    )


def _pairs(base: Sequence[DoseOutcome], tuned: Sequence[DoseOutcome], kind: Kind) -> list[tuple[str, bool, bool]]:
    """Rule-less answers are unscored and in no pair."""
    before = {outcome.key: outcome.item.passed for outcome in base if outcome.kind == kind}
    pairs = []
    for outcome in tuned:
        was, now = before.get(outcome.key), outcome.item.passed
        if outcome.kind == kind and was is not None and now is not None:
            pairs.append((outcome.item.cluster, was, now))
    return pairs


def _rate(name: str, outcomes: Sequence[DoseOutcome], kind: Kind, right: Callable[[DoseOutcome], bool]) -> Metric:
    own = [outcome for outcome in outcomes if outcome.kind == kind and outcome.item.passed is not None]
    return rate_metric(name, [Observation(outcome.key, outcome.item.cluster, right(outcome)) for outcome in own])


def _by_seed(tuned: Sequence[DoseOutcome]) -> dict[int, float]:
    own = by_cluster([(str(outcome.seed), bool(outcome.item.passed)) for outcome in tuned if outcome.kind == "target"])
    return {int(seed): sum(passed) / len(passed) for seed, passed in own.items()}


def _effective(tuned: Sequence[DoseOutcome]) -> float:
    own = [(outcome.item.cluster, bool(outcome.item.passed)) for outcome in tuned if outcome.kind == "target"]
    return effective_size(list(by_cluster(own).values()))


def _items(outcomes: Sequence[DoseOutcome]) -> list[Item]:
    return [outcome.item for outcome in outcomes]
