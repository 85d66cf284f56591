"""Which prompts are prefilled together and which prefix they share. Pure lists of ints; knows nothing of tensors.

Prompts of one domain begin with the same system text and tool block, which is most of their tokens. Sorted, prompts
with a common beginning are neighbors, so the best way to cut them into shared-prefix segments is a shortest path.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CALL_COST = 64  # tokens: what one more forward call costs in overhead, measured on a 5 M model on two cores


@dataclass(frozen=True)
class Segment:
    """Rows `start` to `stop` (exclusive) of the sorted list, which agree on their first `prefix` tokens."""

    start: int
    stop: int
    prefix: int

    def __len__(self) -> int:
        return self.stop - self.start


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """The number of leading tokens on which both agree."""
    limit = min(len(a), len(b))
    if list(a[:limit]) == list(b[:limit]):
        return limit
    low, high = 0, limit  # agree on `low`, differ before `high`: halving compares slices at C speed
    while high - low > 1:
        middle = (low + high) // 2
        if list(a[low:middle]) == list(b[low:middle]):
            low = middle
        else:
            high = middle
    return low


def segments(rows: Sequence[Sequence[int]], most: int) -> list[Segment]:
    """Cuts `rows` (sorted) into segments of at most `most` rows with the fewest tokens to compute.

    A segment costs its prefix once, then every row's rest padded to the longest, plus `CALL_COST`. Dynamic
    programming over the cuts, O(len(rows) * most).
    """
    shared = [common_prefix(a, b) for a, b in itertools.pairwise(rows)]
    best: list[tuple[float, Segment | None]] = [(0.0, None)]
    for stop in range(1, len(rows) + 1):
        best.append(min(_endings(rows, shared, best, stop, most), key=lambda option: option[0]))
    found: list[Segment] = []
    at = len(rows)
    while at:
        segment = best[at][1]
        assert segment is not None
        found.append(segment)
        at = segment.start
    return found[::-1]


def _endings(
    rows: Sequence[Sequence[int]],
    shared: Sequence[int],
    best: Sequence[tuple[float, Segment | None]],
    stop: int,
    most: int,
) -> Iterator[tuple[float, Segment]]:
    """The cost of each segment that ends at `stop`, on top of the best cuts before it."""
    prefix = longest = len(rows[stop - 1])
    for start in range(stop - 1, max(-1, stop - 1 - most), -1):
        if start < stop - 1:
            prefix = min(prefix, shared[start])
        longest = max(longest, len(rows[start]))
        cost = prefix + (stop - start) * (longest - prefix) + CALL_COST
        yield best[start][0] + cost, Segment(start, stop, prefix)


def batches(parts: Sequence[Segment], most: int) -> list[list[Segment]]:
    """Consecutive segments that are decoded together: at most `most` rows a batch."""
    packed: list[list[Segment]] = []
    room = 0
    for part in parts:
        if len(part) > room:
            packed.append([])
            room = most
        packed[-1].append(part)
        room -= len(part)
    return packed
