"""Rows of a data set that need not all fit in memory: the first of them stay, the rest waits in a file without a name.

Knows how a row is put away and found again, and what is known of it without that; nothing of what rows mean. Safe to
read in forked processes.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from io import BytesIO
from typing import IO, Any, Generic, NamedTuple, TypeVar

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.datasets.labels import Labels
from steadyhand.datasets.lazy import Item, Joined, Mapped, View
from steadyhand.errors import Place

KEPT = 16_000_000  # characters of rows that stay in memory, where they take three to nine bytes each
_RECENT = 2048  # rows that were fetched last and are at hand
_BLOCK = 2**18  # bytes that are read at once where one row follows the other

Row = TypeVar("Row", bound=Any)  # a dataclass with `text`, `tools` and `labels`
Value = TypeVar("Value")


class Head(NamedTuple):
    """What is known of a row without fetching it. `point`: the knowledge point that it is about, where it has one."""

    tools: tuple[Tool, ...]
    labels: Labels
    point: str = ""


class RowStore(View[Row], Generic[Row]):
    """A sequence that grows at its end. Rows with equal offers share one: tools are the larger part of most rows that
    have any. Raises OSError when there is no room for the file."""

    def __init__(self, rows: Iterable[Row] = (), room: int = KEPT) -> None:
        self._offers: _Numbered[tuple[Tool, ...]] = _Numbered(repr)
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
        if self._room > 0:
            tools = self._offers.values[self._offers.number(row.tools)]
            self._kept.append(replace(row, tools=tools) if tools else row)
            self._room -= len(row.text)
        else:
            self._away.append(row)

    def mapped(self, make: Callable[[Row], Item]) -> Sequence[Item]:
        return Joined([list(map(make, self._kept)), Mapped(self._away, make)])

    def heads(self) -> Sequence[Head]:
        return Joined([list(map(_head, self._kept)), Mapped(range(len(self._away)), self._away.head)])


def mapped(rows: Sequence[Row], make: Callable[[Row], Item]) -> Sequence[Item]:
    """`make` of each row: of those in memory now, of others whenever they are asked for."""
    return rows.mapped(make) if isinstance(rows, RowStore) else list(map(make, rows))


def heads(rows: Sequence[Row]) -> Sequence[Head]:
    """Of each row what is known without fetching it."""
    return rows.heads() if isinstance(rows, RowStore) else list(map(_head, rows))


def _head(row: Any) -> Head:
    return Head(row.tools, row.labels)


class _Numbered(Generic[Value]):
    """Equal values as one, by a number."""

    def __init__(self, key: Callable[[Value], Hashable]) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._key, self.values = key, list[Value]()

    def number(self, value: Value) -> int:
        number = self._numbers.setdefault(self._key(value), len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


class _Away(View[Row]):
    """Rows in the file, without their heads, which stay in memory."""

    def __init__(self, offers: _Numbered[tuple[Tool, ...]]) -> None:
        self._file: IO[bytes] | None = None
        self._ends, self._offered, self._labeled = array("Q", [0]), array("L"), array("L")
        self._offers, self._labelings = offers, _Numbered[Labels](lambda labels: labels)
        self._recent = lru_cache(_RECENT)(self._fetched)

    def __len__(self) -> int:
        return len(self._offered)

    def __iter__(self) -> Iterator[Row]:
        start = 0
        while start < len(self):
            begin = self._ends[start]
            stop = max(start + 1, bisect_right(self._ends, begin + _BLOCK) - 1)
            data = self._bytes(start, stop)
            for index in range(start, stop):
                yield self._row(index, data[self._ends[index] - begin : self._ends[index + 1] - begin])
            start = stop

    def item(self, index: int) -> Row:
        return self._recent(index)

    def head(self, index: int) -> Head:
        return Head(self._offers.values[self._offered[index]], self._labelings.values[self._labeled[index]])

    def append(self, row: Row) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="steady-rows-", buffering=0)  # noqa: SIM115  lives as its rows do
            weakref.finalize(self, self._file.close)
            self._kind, self._names = type(row), [field.name for field in fields(row)]
            self._tools, self._labels = map(self._names.index, ("tools", "labels"))
        data = _packed([getattr(row, name) if name not in ("tools", "labels") else None for name in self._names])
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))
        self._offered.append(self._offers.number(row.tools))
        self._labeled.append(self._labelings.number(row.labels))

    def _fetched(self, index: int) -> Row:
        return self._row(index, self._bytes(index, index + 1))

    def _bytes(self, start: int, stop: int) -> bytes:
        assert self._file is not None
        return os.pread(self._file.fileno(), self._ends[stop] - self._ends[start], self._ends[start])

    def _row(self, index: int, data: bytes) -> Row:
        values = pickle.loads(data)
        values[self._tools] = self._offers.values[self._offered[index]]
        values[self._labels] = self._labelings.values[self._labeled[index]]
        row: Row = self._kind(*values)
        return row


def _packed(values: list[Any]) -> bytes:
    """Pickled, with the dataclasses inside as calls of their classes: they come back in half of the time that pickle's
    own way of frozen ones with slots takes."""
    buffer = BytesIO()
    pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {kind: _call_of for kind in (Message, ToolCall, Place)}
    pickler.dump(values)
    return buffer.getvalue()


def _call_of(value: Any) -> tuple[type, tuple[Any, ...]]:
    return type(value), tuple(getattr(value, name) for name in value.__slots__)
