"""Rows of a data set that need not all fit in memory: the first of them stay, the rest waits in a file without a name.

Knows how a row is put away and found again; knows nothing of what rows mean. Safe to read in forked processes.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import IO, Any, Generic, TypeVar

from steadyhand.chat.messages import Tool
from steadyhand.domain.views import Item, Joined, Mapped, View

KEPT = 64_000_000  # characters of rows that stay in memory, where they take three to nine bytes each
_RECENT = 2048  # rows that were fetched last and are at hand

Row = TypeVar("Row", bound=Any)  # a dataclass with `text` and `tools`


class RowStore(View[Row], Generic[Row]):
    """A sequence that grows at its end. Rows with equal offers share one: tools are the larger part of most rows that
    have any. Raises OSError when there is no room for the file."""

    def __init__(self, rows: Iterable[Row] = (), room: int = KEPT) -> None:
        self._offers: list[tuple[Tool, ...]] = [()]
        self._numbers = {repr(()): 0}
        self._kept: list[Row] = []
        self._away: _Away[Row] = _Away(self._offers)
        self._room = room
        for row in rows:
            self.append(row)

    def __len__(self) -> int:
        return len(self._kept) + len(self._away)

    def __iter__(self) -> Iterator[Row]:
        yield from self._kept
        yield from self._away

    def item(self, index: int) -> Row:
        return self._kept[index] if index < len(self._kept) else self._away[index - len(self._kept)]

    def append(self, row: Row) -> None:
        offer = self._number(row.tools)
        if self._room > 0:
            self._kept.append(replace(row, tools=self._offers[offer]) if offer else row)
            self._room -= len(row.text)
        else:
            self._away.append(row, offer)

    def _number(self, tools: tuple[Tool, ...]) -> int:
        if (number := self._numbers.setdefault(repr(tools), len(self._offers))) == len(self._offers):
            self._offers.append(tools)
        return number

    def mapped(self, make: Callable[[Row], Item]) -> Sequence[Item]:
        return Joined([list(map(make, self._kept)), Mapped(self._away, make)])


def mapped(rows: Sequence[Row], make: Callable[[Row], Item]) -> Sequence[Item]:
    """`make` of each row: of those in memory now, of others whenever they are asked for."""
    return rows.mapped(make) if isinstance(rows, RowStore) else list(map(make, rows))


class _Away(View[Row]):
    """Rows in the file, without their offers, which stay in memory."""

    def __init__(self, offers: Sequence[tuple[Tool, ...]]) -> None:
        self._file: IO[bytes] | None = None
        self._ends, self._offered, self._offers = array("Q", [0]), array("L"), offers
        self._recent = lru_cache(_RECENT)(self._fetched)

    def __len__(self) -> int:
        return len(self._offered)

    def __iter__(self) -> Iterator[Row]:
        return map(self._fetched, range(len(self)))

    def item(self, index: int) -> Row:
        return self._recent(index)

    def append(self, row: Row, offer: int) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="steady-rows-", buffering=0)  # noqa: SIM115  lives as its rows do
            weakref.finalize(self, self._file.close)
        data = pickle.dumps(replace(row, tools=()), pickle.HIGHEST_PROTOCOL)
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))
        self._offered.append(offer)

    def _fetched(self, index: int) -> Row:
        assert self._file is not None
        start, end = self._ends[index], self._ends[index + 1]
        row: Row = pickle.loads(os.pread(self._file.fileno(), end - start, start))
        tools = self._offers[self._offered[index]]
        return replace(row, tools=tools) if tools else row
