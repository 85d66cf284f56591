"""Reliability over repetitions: pass^k, and what a determinism check of k runs can and cannot see."""

from __future__ import annotations

import math
from collections.abc import Sequence

from steadyhand.errors import UsageError
from steadyhand.stats.intervals import Interval, cluster_bootstrap


def pass_hat_k(tasks: Sequence[tuple[int, int]], k: int, *, seed: int = 0) -> Interval:
    """The chance that k runs of a task all succeed; `tasks` holds (successes c, runs n >= k) per task.

    The unbiased estimate is the mean of C(c, k) / C(n, k) (tau-bench, Yao et al. 2024, section 4); the plain
    mean(c / n)^k is several times off when tasks differ. Bounds: bootstrap over tasks.
    """
    if k < 1 or not tasks or any(n < k or not 0 <= c <= n for c, n in tasks):
        raise UsageError(f"pass^{k} needs tasks with at least {k} runs each")
    shares = [math.comb(c, k) / math.comb(n, k) for c, n in tasks]
    low, high = cluster_bootstrap(shares, _mean, seed=seed)
    return Interval(_mean(shares), low, high, len(tasks), float(len(tasks)))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def unnoticed(flip_rate: float, k: int) -> float:
    """The chance that an item whose runs deviate with probability `flip_rate` looks the same in all k runs.

    5 % over 3 runs: 86 %.
    """
    return float((1 - flip_rate) ** k + flip_rate**k)


def missed_flip_rate(k: int, m: int, confidence: float = 0.95) -> float:
    """The largest flip rate, on each of `m` items, that k identical runs of all of them leave possible.

    Solves unnoticed(f, k)^m = 1 - confidence for f in [0, 1/2]; 0.5 when even that would often pass unseen.
    """
    if k < 2 or m < 1:
        raise UsageError(f"a determinism check needs two runs of one item at least, not {k} of {m}")
    low, high = 0.0, 0.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if unnoticed(middle, k) ** m > 1 - confidence else (low, middle)
    return high
