"""Chooses the answers that a reader sees before and after, without choosing the good ones.

Every question that both models answered falls into fixed, still wrong or newly wrong; each kind is shown when it
exists, drawn by a hash of the item's id, so nobody picked and the same run always shows the same ones.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from steadyhand.ledger.result import Evaluation, Item

Change = Literal["newly_wrong", "still_wrong", "fixed"]
CHANGES: tuple[Change, ...] = ("newly_wrong", "still_wrong", "fixed")
# The first stands in full in its own section, the second repeats tool items, of the third nothing was said.
ASIDE = ("anchoring", "determinism", "preference")


@dataclass(frozen=True)
class Example:
    before: Item
    after: Item


@dataclass(frozen=True)
class Examples:
    """`shown` of `total` questions with this change; with `total` 0 the page says that there are none."""

    change: Change
    shown: tuple[Example, ...]
    total: int


def choose_examples(before: Evaluation, after: Evaluation, limit: int = 4) -> list[Examples]:
    """At most `limit` examples of each kind of change, worst news first, spread over reason codes."""
    earlier = {(item.suite, item.id): item for item in before.items if item.suite not in ASIDE}
    found = [(earlier.get((item.suite, item.id)), item) for item in after.items]
    pairs = [Example(old, new) for old, new in found if old is not None]
    kinds: dict[Change, list[Example]] = {change: [] for change in CHANGES}
    for pair in pairs:
        change = _change(pair)
        if change:
            kinds[change].append(pair)
    return [Examples(change, tuple(_spread(kinds[change], limit)), len(kinds[change])) for change in CHANGES]


def _change(pair: Example) -> Change | None:
    """None when either is unscored or both passed: there is nothing to see."""
    was, now = pair.before.passed, pair.after.passed
    if was is None or now is None or (was and now):
        return None
    if now:
        return "fixed"
    return "newly_wrong" if was else "still_wrong"


def _spread(pairs: Iterable[Example], limit: int) -> list[Example]:
    """Round robin over suite and reason code, each queue in hash order."""
    queues: dict[tuple[str, str], deque[Example]] = {}
    for pair in sorted(pairs, key=_lot):
        code = (pair.before if pair.after.passed else pair.after).code or ""
        queues.setdefault((pair.after.suite, code), deque()).append(pair)
    chosen: list[Example] = []
    while queues and len(chosen) < limit:
        for name in list(queues)[: limit - len(chosen)]:
            chosen.append(queues[name].popleft())
            if not queues[name]:
                del queues[name]
    return chosen


def _lot(pair: Example) -> str:
    return hashlib.sha256(pair.after.id.encode()).hexdigest()
