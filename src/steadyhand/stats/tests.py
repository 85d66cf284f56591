"""Paired tests of two models on the same cases. Knows discordant counts; knows nothing of what was asked.

Throughout, *gains* are cases that only the second model passes and *losses* those that only the first one passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from steadyhand.errors import UsageError
from steadyhand.stats.intervals import by_cluster, normal_quantile

Word = Literal["PASS", "FAIL", "INSUFFICIENT"]


@dataclass(frozen=True)
class Paired:
    """Discordant counts over `n` independent units (samples, or clusters collapsed to one unit each)."""

    gains: int
    losses: int
    n: int

    @property
    def difference(self) -> float:
        """Second minus first, as a share of units."""
        return (self.gains - self.losses) / self.n


def collapse(pairs: Iterable[tuple[str, bool, bool]]) -> Paired:
    """(cluster, first passed, second passed) -> one unit a cluster.

    A cluster is a gain when the second model passes more of its samples, a loss when fewer. Any net change counts in
    full, so a fact lost in one of its two wordings is not averaged away; clusters of one sample stay as they are.
    """
    clusters = by_cluster([(cluster, int(second) - int(first)) for cluster, first, second in pairs])
    changes = [sum(change) for change in clusters.values()]
    return Paired(sum(c > 0 for c in changes), sum(c < 0 for c in changes), len(changes))


def mcnemar_exact(gains: int, losses: int) -> float:
    """Two-sided exact p-value that gains and losses are equally likely (McNemar 1947: binomial with p = 1/2)."""
    if min(gains, losses) < 0:
        raise UsageError(f"counts cannot be negative: {gains}, {losses}")
    n = gains + losses
    tail = sum(math.comb(n, i) for i in range(min(gains, losses) + 1))
    return min(1.0, float(2 * tail / 2**n))  # exact integers until the division


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values adjusted for the whole family (Holm 1979), by name: reject where the adjusted value <= alpha."""
    adjusted: dict[str, float] = {}
    floor = 0.0
    ordered = sorted(p_values, key=lambda name: p_values[name])
    for rank, name in enumerate(ordered):
        floor = max(floor, min(1.0, p_values[name] * (len(ordered) - rank)))
        adjusted[name] = floor
    return {name: adjusted[name] for name in p_values}


@dataclass(frozen=True)
class NonInferiority:
    """`low` and `high` are each one-sided bounds of the difference at 1 - alpha; `p_value` tests a loss > margin."""

    word: Word
    difference: float
    low: float
    high: float
    p_value: float
    n: int


def score_statistic(paired: Paired, difference: float) -> float:
    """Tango's score statistic for H0: second - first = `difference` (Tango 1998, Stat. Med. 17:891, eqs. 17-19)."""
    gains, losses, n = paired.gains, paired.losses, paired.n
    a = 2 * n
    b = -gains - losses + (2 * n - gains + losses) * difference
    c = -losses * difference * (1 - difference)
    loss_rate = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)  # its maximum likelihood under H0
    variance = n * (2 * loss_rate + difference * (1 - difference))
    distance = gains - losses - n * difference
    if variance <= 1e-12:
        return 0.0 if abs(distance) < 1e-9 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def paired_bounds(paired: Paired, alpha: float = 0.05) -> tuple[float, float]:
    """Tango's score bounds of the paired difference, each one-sided at 1 - alpha (together a 1 - 2 alpha interval)."""
    if paired.n < 1:
        raise UsageError("no paired cases to compare")
    z = normal_quantile(1 - alpha)
    low = _crossing(paired, z, -1.0, paired.difference)
    return low, _crossing(paired, -z, paired.difference, 1.0)


def _crossing(paired: Paired, target: float, low: float, high: float) -> float:
    """Where the statistic, which falls as the difference rises, meets `target`."""
    for _ in range(60):
        middle = (low + high) / 2
        if score_statistic(paired, middle) > target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def noninferiority(paired: Paired, margin: float, alpha: float = 0.05) -> NonInferiority:
    """Is the second model worse by less than `margin` (a share: 0.03 is 3 points)? One-sided at `alpha`, each way.

    PASS when the lower bound of the difference is above -margin, FAIL when the upper bound is below it (a loss larger
    than the margin is shown), else INSUFFICIENT. No change at all in 220 cases passes at 3 points, in 60 it does not:
    "we saw no loss" is evidence only when a loss could have been seen. At a margin of 0 only a shown gain passes.
    """
    if not 0 <= margin < 1:
        raise UsageError(f"the margin must lie between 0 and 1, not {margin}", next="write 3 points as 0.03")
    low, high = paired_bounds(paired, alpha)
    p_value = 1 - NormalDist().cdf(score_statistic(paired, -margin))
    word: Word = "PASS" if low > -margin else "FAIL" if high < -margin else "INSUFFICIENT"
    return NonInferiority(word, paired.difference, low, high, p_value, paired.n)
