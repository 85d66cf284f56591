"""Which item comes next for whom, what several people judge, and which answer stands left. Decides nothing.

Everything follows from the names and the versions of the items, so that a reload, another tab or another machine shows
the same. A share of the items, chosen by hash, is for every reviewer; each of the rest is done once somebody judged it.
The first reviewer begins at the first row, each further one at another place, so that people seldom meet.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from steadyhand.errors import UsageError
from steadyhand.review.decisions import ItemState
from steadyhand.review.items import ReviewItem

LEAST_OVERLAP = 0.2
_GOLDEN = 0.6180339887498949  # starts that stay far from each other, however many come
_OPEN = ItemState()
Side = Literal["chosen", "rejected"]


@dataclass(frozen=True)
class ReviewQueue:
    """`items` of one file in its order; `overlap`: the share that everybody judges."""

    items: Sequence[ReviewItem]
    overlap: float = LEAST_OVERLAP

    def __post_init__(self) -> None:
        if not LEAST_OVERLAP <= self.overlap <= 1:
            what = f"an overlap of {self.overlap:g}"
            raise UsageError(what, next=f"choose from {LEAST_OVERLAP:g} (agreement of fewer says nothing) to 1")

    @cached_property
    def shared(self) -> frozenset[str]:
        """Versions that everybody judges: exactly the share, rounded up."""
        ordered = sorted((item.version for item in self.items), key=lambda version: _hash("shared", version))
        return frozenset(ordered[: math.ceil(self.overlap * len(ordered))])

    def is_done(self, item: ReviewItem, by: str, states: Mapping[str, ItemState]) -> bool:
        """Whether nothing is left to do about it for this person."""
        state = states.get(item.version, _OPEN)
        return by in state.standing or (bool(state.standing) and item.version not in self.shared)

    def in_order(self, by: str, reviewers: Sequence[str]) -> Iterator[ReviewItem]:
        """All items, from where this person begins; `reviewers` in the order in which they came."""
        known = list(reviewers)
        place = known.index(by) if by in known else len(known)
        start = int((place * _GOLDEN) % 1 * len(self.items))
        return (self.items[(start + at) % len(self.items)] for at in range(len(self.items)))

    def next(
        self, by: str, states: Mapping[str, ItemState], reviewers: Sequence[str], after: str = ""
    ) -> ReviewItem | None:
        """The first open item behind the one of version `after`, else the first open one; None when all is done."""
        ordered = list(self.in_order(by, reviewers))
        at = next((at for at, item in enumerate(ordered) if item.version == after), -1) + 1
        waiting = (item for item in [*ordered[at:], *ordered[:at]] if not self.is_done(item, by, states))
        return next(waiting, None)

    def left(self, by: str, states: Mapping[str, ItemState]) -> int:
        return sum(not self.is_done(item, by, states) for item in self.items)


def sides(items: Sequence[ReviewItem], by: str) -> dict[str, Side]:
    """Version -> the answer that stands left for this person: the better one in half of the comparisons, exactly."""
    compared = [item.version for item in items if item.kind == "compare"]
    drawn = sorted(compared, key=lambda version: _hash(by, version))
    return {version: ("chosen", "rejected")[at % 2] for at, version in enumerate(drawn)}


def _hash(*words: str) -> bytes:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).digest()
