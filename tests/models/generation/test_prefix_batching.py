"""Segments cover all rows, share what they say and cost no more than any other cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.models.generation.prefix_batching import CALL_COST, Segment, batches, common_prefix, segments

ROW = st.lists(st.integers(0, 2), max_size=8)
ROWS = st.lists(ROW, max_size=7).map(sorted)


@given(ROW, ROW)
def test_common_prefix_is_the_longest_agreement(a: list[int], b: list[int]) -> None:
    n = common_prefix(a, b)
    assert a[:n] == b[:n]
    assert n == min(len(a), len(b)) or a[n] != b[n]


@given(ROWS, st.integers(1, 4))
def test_segments_cover_the_rows_in_order_and_share_their_prefix(rows: list[list[int]], most: int) -> None:
    found = segments(rows, most)
    assert [i for part in found for i in range(part.start, part.stop)] == list(range(len(rows)))
    for part in found:
        assert 1 <= len(part) <= most
        assert len({tuple(row[: part.prefix]) for row in rows[part.start : part.stop]}) == 1


def cost(rows: list[list[int]], cuts: list[int]) -> int:
    total = 0
    for start, stop in pairwise(cuts):
        part = rows[start:stop]
        prefix = min(common_prefix(part[0], row) for row in part)
        total += prefix + len(part) * (max(map(len, part)) - prefix) + CALL_COST
    return total


@given(ROWS.filter(bool), st.integers(1, 4), st.integers(20, 200))
def test_no_other_cut_is_cheaper(rows: list[list[int]], most: int, stretch: int) -> None:
    rows = [[token for token in row for _ in range(stretch)] for row in rows]  # long enough to outweigh a call
    found = segments(rows, most)
    ours = cost(rows, [0, *(part.stop for part in found)])
    for choice in range(2 ** (len(rows) - 1)):
        cuts = [0, *(i for i in range(1, len(rows)) if choice >> (i - 1) & 1), len(rows)]
        if all(stop - start <= most for start, stop in pairwise(cuts)):
            assert ours <= cost(rows, cuts)


def test_prompts_of_two_tool_blocks_are_not_mixed() -> None:
    first = [[1] * 300 + [7, i] for i in range(3)]
    second = [[2] * 300 + [7, i] for i in range(3)]
    assert segments(first + second, 8) == [Segment(0, 3, 301), Segment(3, 6, 301)]


@given(st.lists(st.integers(1, 5), max_size=20), st.integers(5, 9))
def test_batches_keep_order_and_bound(sizes: list[int], most: int) -> None:
    parts, at = [], 0
    for size in sizes:
        parts.append(Segment(at, at + size, 0))
        at += size
    packed = batches(parts, most)
    assert [part for batch in packed for part in batch] == parts
    assert all(sum(map(len, batch)) <= most for batch in packed)
