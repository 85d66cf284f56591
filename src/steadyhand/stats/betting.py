"""Two models on the same traffic, looked at after every conversation: evidence that stays valid whenever one looks.

A conversation's outcome is +1 (the candidate alone fails), -1 (the other alone) or 0; or, where only one model answered
it, a failure weighed by how likely it was to be that model's. Both tests are wealth of a bettor against the null: a
nonnegative supermartingale, so by Ville's inequality it ever reaches 1 / alpha with probability at most alpha (Howard,
Ramdas, McAuliffe, Sekhon 2021, Annals of Statistics 49(2); Waudby-Smith, Ramdas 2024, JRSS-B 86(1); the mixture is that
of Robbins 1970). The wealth depends on counts alone, so counts are all that has to be kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.errors import UsageError

ODDS = (1.25, 1.5, 2.0, 3.0, 5.0, 8.0)  # how many times likelier the candidate fails: the alternatives that are bet on
STAKES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8)  # shares of the largest stake that cannot lose everything


@dataclass(frozen=True)
class Contrast:
    """Counts of `n` independent conversations. `worse`: the candidate alone failed; `better`: the other alone.

    `share` is the probability that the candidate answered, where one model did (`paired` False: then every failure is
    one model's alone). Pairs, where both answered the same messages, have a share of 1/2.
    """

    n: int
    worse: int
    better: int
    share: float = 0.5
    paired: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.worse + self.better <= self.n or min(self.worse, self.better) < 0 or not 0 < self.share < 1:
            raise UsageError(f"impossible counts: {self}")

    @property
    def gain(self) -> float:
        """What a failure of the candidate alone says of the difference of rates (Horvitz, Thompson 1952)."""
        return 1.0 if self.paired else 1 / self.share

    @property
    def loss(self) -> float:
        return 1.0 if self.paired else 1 / (1 - self.share)

    @property
    def difference(self) -> float:
        """The candidate's rate of failures less the other's, without bias."""
        return (self.worse * self.gain - self.better * self.loss) / self.n if self.n else 0.0


def log_e_worse(seen: Sequence[Contrast], ratio: float = 1.0) -> float:
    """Log evidence that the candidate fails more than `ratio` times as often as the other.

    Under the null a failure of one alone is the candidate's with probability at most
    share * ratio / (share * ratio + 1 - share): likelihood ratios against each of ODDS, averaged.

        log_e_worse([Contrast(500, 50, 25)]) > math.log(20)
    """
    return _log_mean([_log_odds(seen, ratio, odds) for odds in ODDS])


def _log_odds(seen: Sequence[Contrast], ratio: float, odds: float) -> float:
    total = 0.0
    for one in seen:
        null = one.share * ratio / (one.share * ratio + 1 - one.share)
        more = null * odds / (null * odds + 1 - null)
        total += one.worse * math.log(more / null) + one.better * math.log((1 - more) / (1 - null))
    return total


def log_e_within(seen: Sequence[Contrast], margin: float) -> float:
    """Log evidence that the candidate's rate of failures is less than `margin` above the other's."""
    return _log_mean([_log_bet(seen, margin, stake) for stake in STAKES])


def _log_bet(seen: Sequence[Contrast], margin: float, stake: float) -> float:
    total = 0.0
    for one in seen:
        bet = stake / max(one.gain - margin, 1e-9)
        total += one.worse * math.log1p(bet * (margin - one.gain))
        total += one.better * math.log1p(bet * (margin + one.loss))
        total += (one.n - one.worse - one.better) * math.log1p(bet * margin)
    return total


def upper_bound(seen: Sequence[Contrast], alpha: float = 0.05) -> float:
    """The smallest excess of failures that is excluded at `alpha`, in steps of a thousandth; 1 while nothing is. With
    each look the running minimum of all looks holds as well."""
    low, high = 0, 1000
    while low < high:
        middle = (low + high) // 2
        margin = middle / 1000
        if margin > 0 and log_e_within(seen, margin) >= -math.log(alpha):
            high = middle
        else:
            low = middle + 1
    return high / 1000


def _log_mean(logs: Sequence[float]) -> float:
    peak = max(logs)
    return peak + math.log(math.fsum(math.exp(one - peak) for one in logs) / len(logs))


def most_bad(bad: int, drawn: int, confidence: float = 0.95) -> float:
    """The largest share of bad ones that a random sample with `bad` of `drawn` does not exclude (Clopper, Pearson 1934,
    one-sided): the p at which so few would come with probability 1 - `confidence`. 0 of 60 is 4.9 %.

    Raises UsageError for counts that cannot be.
    """
    if not 0 <= bad <= drawn or drawn < 1:
        raise UsageError(f"no bound for {bad} bad of {drawn}")
    if bad == drawn:
        return 1.0
    low, high = bad / drawn, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(bad, drawn, middle) > 1 - confidence else (low, middle)
    return high


def _at_most(k: int, n: int, p: float) -> float:
    """P(Binomial(n, p) <= k)."""
    return math.fsum(
        math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p)
                 + (n - i) * math.log1p(-p))
        for i in range(k + 1)
    ) if 0 < p < 1 else float(p == 0 or k >= n)  # fmt: skip
