"""How far people who judge the same things agree, for named categories without an order. Knows answers, not people.

Raw agreement alone flatters: two people who always say "good" agree. Krippendorff's alpha takes off what chance would
give, and falls to 0 where nearly everything is of one category, however right everybody is; Gwet's AC1 does not, so
both are told.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

Unit = Sequence[Hashable]  # the answers that one thing got, in any order; fewer than two tell nothing
RESAMPLED = 1000  # bootstrap samples of units


@dataclass(frozen=True)
class Agreement:
    """Of `units` that at least two people judged, out of `judged`; None where nothing can be said. `low` and `high`
    bound alpha at 95 % (percentiles of a bootstrap over units)."""

    judged: int
    units: int
    raw: float | None
    alpha: float | None
    ac1: float | None
    low: float | None = None
    high: float | None = None

    @property
    def overlap(self) -> float:
        """The share of what was judged that at least two people judged."""
        return self.units / self.judged if self.judged else 0.0


def agreement(units: Sequence[Unit], seed: int = 0) -> Agreement:
    """All three figures.

    >>> found = agreement([["a", "a"], ["a", "b"], ["b", "b"], ["b"]])
    >>> round(found.raw, 3), found.overlap
    (0.667, 0.75)
    """
    shared = [unit for unit in units if len(unit) > 1]
    low, high = _bounds(shared, krippendorff_alpha, seed)
    judged = sum(bool(unit) for unit in units)
    raw, alpha, ac1 = raw_agreement(units), krippendorff_alpha(units), gwet_ac1(units)
    return Agreement(judged, len(shared), raw, alpha, ac1, low, high)


def raw_agreement(units: Sequence[Unit]) -> float | None:
    """The share of pairs of answers to the same unit that are equal, averaged over units."""
    shared = [unit for unit in units if len(unit) > 1]
    return sum(map(_equal_pairs, shared)) / len(shared) if shared else None


def krippendorff_alpha(units: Sequence[Unit]) -> float | None:
    """1 - observed / expected disagreement for nominal data with missing answers (Krippendorff 2018, chapter 12).
    None without two answers to one unit, and where only one category was ever used: then nothing could disagree."""
    shared = [unit for unit in units if len(unit) > 1]
    totals = Counter(answer for unit in shared for answer in unit)
    n = totals.total()
    expected = n * n - sum(count * count for count in totals.values())
    if not expected:
        return None
    observed = sum(len(unit) * (1 - _equal_pairs(unit)) for unit in shared)
    return 1 - (n - 1) * observed / expected


def gwet_ac1(units: Sequence[Unit]) -> float | None:
    """Gwet's AC1 for any number of judges and missing answers (Gwet 2008, eq. 15; 2014, section 5.4). A category that
    nobody used is not counted among the possible ones; with one category alone there is no chance to take off."""
    raw = raw_agreement(units)
    judged = [unit for unit in units if unit]
    known = {answer for unit in judged for answer in unit}
    if raw is None:
        return None
    if len(known) < 2:
        return raw
    shares = [sum(list(unit).count(one) / len(unit) for unit in judged) / len(judged) for one in known]
    chance = sum(share * (1 - share) for share in shares) / (len(known) - 1)
    return (raw - chance) / (1 - chance)


def _equal_pairs(unit: Unit) -> float:
    size = len(unit)
    return sum(count * (count - 1) for count in Counter(unit).values()) / (size * (size - 1))


def _bounds(
    units: Sequence[Unit], figure: Callable[[Sequence[Unit]], float | None], seed: int
) -> tuple[float | None, float | None]:
    drawing = random.Random(seed)
    values = [figure(drawing.choices(units, k=len(units))) for _ in range(RESAMPLED if len(units) > 1 else 0)]
    known = sorted(value for value in values if value is not None)
    if len(known) < RESAMPLED // 2:
        return None, None
    return known[int(0.025 * len(known))], known[int(0.975 * len(known))]
