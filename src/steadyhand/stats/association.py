"""Does a feature predict an outcome better than chance? Knows counts only."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def share_z(k: int, n: int, p0: float) -> float:
    """z of k successes in n draws against the share `p0`: (k/n - p0) / sqrt(p0 (1 - p0) / n) (Gardner et al. 2021,
    arXiv 2104.08646, competency problems). 0 where p0 leaves nothing to predict (0 or 1)."""
    return (k / n - p0) / math.sqrt(p0 * (1 - p0) / n) if 0 < p0 < 1 and n else 0.0


def expected_z(k: int, chances: Sequence[float]) -> float:
    """z of k hits in trials of unequal chances: (k - sum c) / sqrt(sum c (1 - c)). 0 where nothing can vary."""
    variance = sum(c * (1 - c) for c in chances)
    return (k - sum(chances)) / math.sqrt(variance) if variance > 0 else 0.0


def two_sided(z: float) -> float:
    """The p-value of |z| under the normal distribution."""
    return math.erfc(abs(z) / math.sqrt(2))


def discoveries(p_values: Mapping[Name, float], rate: float) -> set[Name]:
    """The names whose p-values are discoveries at a false discovery rate of `rate` (Benjamini and Hochberg 1995)."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    last = max((i for i, name in enumerate(ordered, 1) if p_values[name] <= rate * i / len(ordered)), default=0)
    return set(ordered[:last])
