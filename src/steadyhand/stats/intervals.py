"""Intervals around what was measured. Knows counts and clusters; knows nothing of metrics, bars or verdicts.

All intervals are two-sided at `confidence` (default 95 %). Samples that share a dialogue or a scenario are one cluster:
they tell less than as many independent samples, and every function here that takes clusters says how it counts that.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

from steadyhand.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True)
class Interval:
    """`value` with bounds, all on the same scale; `n` samples weigh as much as `n_effective` independent ones."""

    value: float
    low: float
    high: float
    n: int
    n_effective: float


def normal_quantile(probability: float) -> float:
    """The z with P(Z <= z) = `probability`, for 0 < probability < 1; raises UsageError outside."""
    if not 0 < probability < 1:
        raise UsageError(f"a confidence or error level must lie between 0 and 1, not {probability}")
    return NormalDist().inv_cdf(probability)


def wilson_bounds(rate: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score bounds for a rate seen on `n` > 0 samples (Wilson 1927; Brown, Cai, DasGupta 2001, eq. 4).

    `n` may be fractional (an effective sample size). Raises UsageError for a rate outside [0, 1] or n <= 0.
    """
    if n <= 0 or not 0 <= rate <= 1:
        raise UsageError(f"no interval for a rate of {rate} on {n} samples")
    z = normal_quantile((1 + confidence) / 2)
    scale = 1 + z * z / n
    center = (rate + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low = 0.0 if rate == 0 else max(0.0, center - half)
    return low, 1.0 if rate == 1 else min(1.0, center + half)


def wilson(k: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson interval of `k` successes in `n` independent samples: 50/50 is [.93, 1], 10/10 is [.72, 1]."""
    if not 0 <= k <= n or n < 1:
        raise UsageError(f"no interval for {k} successes of {n} samples")
    low, high = wilson_bounds(k / n, n, confidence)
    return Interval(k / n, low, high, n, float(n))


def effective_size(clusters: Sequence[Sequence[bool]]) -> float:
    """How many independent samples the clustered outcomes are worth: n / design effect (Kish 1965, section 8.2).

    The design effect is the linearised cluster variance of the rate over its binomial variance, held between 1 and its
    value when clusters are all-or-nothing, sum(m^2) / n. It is estimated as if one more whole cluster had gone against
    the rest: with no or few failures the data cannot show that failures come alone, so clusters then count nearly as
    one sample each (two dialogues of ten right turns are two samples), and a single failure does not *raise* the bound.
    """
    filled = [cluster for cluster in clusters if cluster]
    n = sum(len(cluster) for cluster in filled)
    if not n:
        raise UsageError("no samples to count")
    worst = sum(len(cluster) ** 2 for cluster in filled) / n
    against = 2 * sum(sum(cluster) for cluster in filled) < n
    return n / min(max(_design_effect([*filled, [against] * round(n / len(filled))]), 1.0), worst)


def _design_effect(clusters: Sequence[Sequence[bool]]) -> float:
    n, count = sum(len(cluster) for cluster in clusters), len(clusters)
    rate = sum(sum(cluster) for cluster in clusters) / n
    spread = sum((sum(cluster) - rate * len(cluster)) ** 2 for cluster in clusters)
    return count / (count - 1) * spread / n / (rate * (1 - rate))


def wilson_clustered(clusters: Sequence[Sequence[bool]], confidence: float = 0.95) -> Interval:
    """Wilson interval at the effective sample size; with clusters of one sample it is `wilson`."""
    size = effective_size(clusters)
    n = sum(len(cluster) for cluster in clusters)
    rate = sum(sum(cluster) for cluster in clusters) / n
    low, high = wilson_bounds(rate, size, confidence)
    return Interval(rate, low, high, n, size)


def by_cluster(pairs: Sequence[tuple[str, T]]) -> dict[str, list[T]]:
    """(cluster, sample) pairs as one list a cluster, in order of first appearance."""
    clusters: dict[str, list[T]] = {}
    for cluster, sample in pairs:
        clusters.setdefault(cluster, []).append(sample)
    return clusters


def cluster_bootstrap(
    clusters: Sequence[T],
    statistic: Callable[[Sequence[T]], float | None],
    *,
    seed: int = 0,
    draws: int = 2000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Percentile bounds of `statistic` over whole clusters drawn with replacement (Efron & Tibshirani 1993, ch. 13).

    Draws where the statistic is None (nothing to divide by) are left out. Same seed, same bounds. Raises UsageError
    without clusters or when no draw has a value.
    """
    return percentile_bounds(bootstrap_draws(clusters, statistic, seed=seed, draws=draws), confidence)


def bootstrap_draws(
    clusters: Sequence[T], statistic: Callable[[Sequence[T]], float | None], *, seed: int = 0, draws: int = 2000
) -> list[float]:
    """The statistic's values over resampled clusters, sorted; see `cluster_bootstrap`."""
    if not clusters:
        raise UsageError("nothing to resample: there are no clusters")
    rng = random.Random(seed)
    values = sorted(v for _ in range(draws) if (v := statistic(rng.choices(clusters, k=len(clusters)))) is not None)
    if not values:
        raise UsageError("the statistic has no value on any resample")
    return values


def percentile_bounds(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """The central `confidence` part of sorted draws, rounded outwards to whole draws."""
    tail = (1 - confidence) / 2
    return values[int(tail * (len(values) - 1))], values[math.ceil((1 - tail) * (len(values) - 1))]


def bootstrap_p(values: Sequence[float]) -> float:
    """Two-sided p-value that a statistic is 0, by inverting its percentile interval; never below 2 / (draws + 1)."""
    below, above = sum(value <= 0 for value in values), sum(value >= 0 for value in values)
    return min(1.0, 2 * (min(below, above) + 1) / (len(values) + 1))


def ratio_of(parts: Sequence[tuple[float, float]]) -> float | None:
    """sum(numerators) / sum(denominators) of (numerator, denominator) pairs; None when the denominators are 0."""
    below = sum(part[1] for part in parts)
    return sum(part[0] for part in parts) / below if below else None


def ratio(
    clusters: Mapping[str, Sequence[tuple[float, float]]], *, seed: int = 0, draws: int = 2000, confidence: float = 0.95
) -> Interval:
    """A ratio of sums with cluster-bootstrap bounds; `clusters` holds (numerator, denominator) pairs by cluster.

    Raises UsageError when all denominators are 0: such a ratio is unscored, not 0.
    """
    sums = [(sum(p[0] for p in pairs), sum(p[1] for p in pairs)) for pairs in clusters.values()]
    value = ratio_of(sums)
    if value is None:
        raise UsageError("the ratio has nothing to divide by")
    low, high = cluster_bootstrap(sums, ratio_of, seed=seed, draws=draws, confidence=confidence)
    return Interval(value, low, high, sum(len(pairs) for pairs in clusters.values()), float(len(sums)))
