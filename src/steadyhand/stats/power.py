"""How many further cases would decide, if they went as the ones so far. Knows counts and verdict rules only.

The answer is a plan, not a promise: it holds the observed rates still. None means that no number of cases (up to
`LIMIT` in all) would decide at the observed rate, for example a rate that sits exactly on its bar.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from steadyhand.stats.bars import TOLERANCE, Evidence, judge_rate
from steadyhand.stats.tests import Paired, noninferiority

LIMIT = 1_000_000


def further_cases(n: int, decided: Callable[[int], bool], limit: int = LIMIT) -> int | None:
    """The smallest number of cases beyond `n` at which `decided(total)` holds; 0 when it holds already. None beyond
    `limit` in all: exact tests cost more with every case, and nobody writes a million.

    Doubles until decided, then bisects: `decided` must stay true once it is (bounds at a fixed rate only narrow).
    """
    if decided(n):
        return 0
    below, above = n, max(2 * n, 2)
    while not decided(above):
        if above > limit:
            return None
        below, above = above, 2 * above
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if decided(middle) else (middle, above)
    return above - n


def cases_for_rate(
    rate: float,
    n: int,
    bar: float,
    evidence: Evidence = "point",
    tolerance: float = TOLERANCE,
    *,
    n_effective: float | None = None,
) -> int | None:
    """Further samples until "rate >= bar" is decided either way, if each is worth what the samples so far were."""
    worth = (n_effective or n) / n

    def decided(total: int) -> bool:
        return judge_rate(rate, total * worth, bar, evidence, tolerance) != "INSUFFICIENT"

    return further_cases(n, decided)


def cases_for_noninferiority(paired: Paired, margin: float, alpha: float = 0.05) -> int | None:
    """Further units until non-inferiority at `margin` is decided either way, at the observed shares of change."""

    def decided(total: int) -> bool:
        share = total / paired.n
        # Losses round up and gains down: the plan must not be too optimistic by a fraction of a case.
        scaled = Paired(math.floor(paired.gains * share), math.ceil(paired.losses * share), total)
        return noninferiority(scaled, margin, alpha).word != "INSUFFICIENT"

    return further_cases(paired.n, decided)
