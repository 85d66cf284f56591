"""What a determinism check of k runs can and cannot see."""

from __future__ import annotations

from steadyhand.errors import UsageError


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
