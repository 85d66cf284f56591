"""The rungs of a sweep: how far branches are trained, what they are measured on, and how many go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.errors import UsageError

ALPHA = 0.05
SHARES = ((0.12, 0.18), (0.27, 0.3), (1.0, 1.0))  # of the steps and of the items, rung by rung
KEPT = (1 / 2, 1 / 4)  # of all branches, after the first and the second rung


@dataclass(frozen=True)
class Rung:
    """`share` of a branch's training steps done so far, how many `items` its loss is taken on (the last rung: it
    answers), and how many branches go on at most (of the last rung: 1)."""

    share: float
    items: int
    keep: int


@dataclass(frozen=True)
class HalvingRules:
    """`alpha` bounds, over the whole sweep, the chance that evidence ends a branch that is no worse than any other; 0:
    evidence ends none."""

    rungs: tuple[Rung, ...]
    looks: int = 3
    alpha: float = ALPHA


def rules_for(branches: int, items: int, *, looks: int = 3, alpha: float = ALPHA) -> HalvingRules:
    """The rungs that bench/sweep.py measures: all branches for 12 % of their steps, half of them (three at least) for
    27 %, a quarter (two at least) to the end. Two branches are both trained whole, for nothing is cheaper then."""
    if branches <= 2:
        return HalvingRules((Rung(1.0, items, 1),), looks, alpha)
    keep = [max(3, math.ceil(KEPT[0] * branches)), max(2, math.floor(KEPT[1] * branches)), 1]
    rungs = [Rung(share, max(1, math.floor(asked * items)), k) for (share, asked), k in zip(SHARES, keep, strict=True)]
    return HalvingRules(tuple(rungs if branches > 3 else rungs[1:]), looks, alpha)


def looks_of(items: int, looks: int) -> list[int]:
    """After how many items each look ends: equal parts, the last at `items`."""
    return sorted({math.ceil(items * look / looks) for look in range(1, looks + 1)} - {0})


def refuse(branches: Sequence[str], rules: HalvingRules) -> None:
    """Raises UsageError for no branches, equal names, or rungs that do not grow."""
    if not branches or len(set(branches)) < len(branches):
        raise UsageError("a sweep needs branches with different names")
    steps = list(zip(rules.rungs, rules.rungs[1:], strict=False))
    if not rules.rungs or any(a.share >= b.share or a.items > b.items or a.keep < b.keep for a, b in steps):
        raise UsageError("the rungs of a sweep train and ask more and keep fewer from one to the next")
    if rules.rungs[-1].keep != 1 or rules.rungs[0].share <= 0 or rules.rungs[-1].share > 1:
        raise UsageError("the last rung keeps one branch, and shares of a training lie above 0, at most 1")
