"""Sequences that make each item when it is asked for: what is looked at once need not stand in memory all the time."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from typing import Generic, TypeVar, overload

Item = TypeVar("Item")
Source = TypeVar("Source")


class View(Sequence[Item], Generic[Item]):
    """A sequence by `item`; a slice of it is a view again."""

    @abstractmethod
    def item(self, index: int) -> Item:
        """The item at `index`, which is from 0 to the length."""

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return Picked(self, range(len(self))[index])
        return self.item(range(len(self))[index])

    def __iter__(self) -> Iterator[Item]:
        return map(self.item, range(len(self)))


class Picked(View[Item]):
    """The items of `source` at `indices`."""

    def __init__(self, source: Sequence[Item], indices: Iterable[int]) -> None:
        self._source = source
        self._indices = indices if isinstance(indices, range) else array("q", indices)

    def __len__(self) -> int:
        return len(self._indices)

    def item(self, index: int) -> Item:
        return self._source[self._indices[index]]


class Mapped(View[Item]):
    """`make` of each item of `source`; the `recent` ones that were made last are kept."""

    def __init__(self, source: Sequence[Source], make: Callable[[Source], Item], recent: int = 0) -> None:
        self._source, self._make = source, make
        self._made: Callable[[int], Item] = lambda index: make(source[index])
        if recent:
            self._made = lru_cache(recent)(self._made)

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[Item]:
        return map(self._make, self._source)

    def item(self, index: int) -> Item:
        return self._made(index)


class Joined(View[Item]):
    """The items of one sequence after the other."""

    def __init__(self, parts: Iterable[Sequence[Item]]) -> None:
        self._parts = [part for part in parts if len(part)]
        self._ends = list(accumulate(map(len, self._parts)))

    def __iter__(self) -> Iterator[Item]:
        return chain.from_iterable(self._parts)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def item(self, index: int) -> Item:
        part = bisect_right(self._ends, index)
        return self._parts[part][index - (self._ends[part - 1] if part else 0)]
