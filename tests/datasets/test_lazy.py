from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.datasets.lazy import Joined, Mapped, Picked

PARTS = st.lists(st.lists(st.integers(), max_size=5), max_size=5)
BOUND = st.none() | st.integers(-12, 12)


def same(view: Sequence[int], expected: list[int]) -> bool:
    """By iteration, by index from both ends, and by length."""
    at = [view[index] for index in range(-len(expected), len(expected))]
    return len(view) == len(expected) and list(view) == expected and at == expected * 2


@given(PARTS)
def test_joined_is_one_list_after_the_other(parts: list[list[int]]) -> None:
    assert same(Joined(parts), [item for part in parts for item in part])


@given(st.lists(st.integers(), min_size=1), st.data())
def test_picked_is_the_items_at_the_indices(items: list[int], data: st.DataObject) -> None:
    indices = data.draw(st.lists(st.integers(0, len(items) - 1)))
    assert same(Picked(items, indices), [items[index] for index in indices])


@given(PARTS, BOUND, BOUND, st.none() | st.sampled_from([-3, -1, 1, 2]))
def test_a_slice_of_a_view_is_that_of_the_list(
    parts: list[list[int]], start: int | None, stop: int | None, step: int | None
) -> None:
    view = Mapped(Joined(parts), lambda item: item + 1)
    expected = [item + 1 for part in parts for item in part]
    assert same(view[start:stop:step], expected[start:stop:step])


def test_items_are_made_when_they_are_asked_for_and_the_recent_ones_once() -> None:
    made: list[int] = []

    def make(item: int) -> int:
        made.append(item)
        return -item

    view = Mapped([1, 2, 3], make, recent=2)
    assert not made
    assert [view[2], view[2], view[0], view[2]] == [-3, -3, -1, -3]
    assert made == [3, 1]


def test_an_index_beyond_the_end_is_an_index_error() -> None:
    with pytest.raises(IndexError):
        Joined([[1], [2]])[2]
