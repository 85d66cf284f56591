"""Calls held against each other argument by argument: what is due, what one model wrote, what another did.

Each list of calls becomes one table of paths and values, so a missing call, another order and a nested value need no
rule of their own: a path stands in a table or it does not.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from steadyhand.badcases.arguments import calls_of
from steadyhand.chat.messages import Json, Tool, ToolCall
from steadyhand.chat.parse import parse
from steadyhand.ledger.result import Item


@dataclass(frozen=True)
class CallDiffRow:
    """One argument. `due` and `got` are JSON texts, None where there is none; `same`: each one that came is what is
    due. `call` is set in the first row of a call."""

    path: str
    due: str | None
    got: tuple[str | None, ...]
    head: bool

    @property
    def same(self) -> tuple[bool, ...]:
        return tuple(one == self.due for one in self.got)


def diff(due: Sequence[ToolCall], *got: Sequence[ToolCall]) -> list[CallDiffRow]:
    """A row for every path of any of them, what is due first.

    >>> [row] = diff([ToolCall("ask", {"id": 1})], [ToolCall("ask", {"id": 2})])[1:]
    >>> row.path, row.due, row.got, row.same
    ('ask.id', '1', ('2',), (False,))
    """
    wanted, *tables = (dict(_paths(calls)) for calls in (due, *got))
    order = dict.fromkeys(path for table in (wanted, *tables) for path in table)
    heads = {path for path in order if wanted.get(path) == "" or any(table.get(path) == "" for table in tables)}
    rows = [
        CallDiffRow(path, wanted.get(path), tuple(table.get(path) for table in tables), path in heads) for path in order
    ]
    place = {path: at for at, path in enumerate(order)}
    return sorted(rows, key=lambda row: place[_head(row.path, heads)])  # an argument beside its call


def calls_in(item: Item, format: str, tools: Sequence[Tool] = ()) -> tuple[tuple[ToolCall, ...], str]:
    """(the calls of an answer, why they cannot be read strictly or ""). What only a forgiving reader takes is shown all
    the same: it is what the model meant. `tools`: for formats that leave types to the schema."""
    found = parse(item.raw, tools, format=format, finish_reason=item.finish_reason)
    if found.error is None:
        return found.calls, ""
    mended = parse(item.raw, tools, format=format, lenient=True, finish_reason=item.finish_reason)
    return mended.calls, f"{found.error.code}: {found.error.detail}"


def due_of(item: Item) -> tuple[ToolCall, ...]:
    """The calls that an evaluation notes as right; none where it notes a rule for the text, or that none is due."""
    return calls_of(item.expected)


def _paths(calls: Sequence[ToolCall]) -> Iterator[tuple[str, str]]:
    """(path, JSON text): a call itself has the text ""; the second call of one name is `name#2`."""
    seen: Counter[str] = Counter()
    for call in calls:
        seen[call.name] += 1
        name = call.name if seen[call.name] == 1 else f"{call.name}#{seen[call.name]}"
        yield name, ""
        for key, value in call.arguments.items():
            yield from _leaves(f"{name}.{key}", value)


def _leaves(path: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            yield from _leaves(f"{path}[{at}]", inner)
    else:
        yield path, json.dumps(value, ensure_ascii=False, sort_keys=True)


def _head(path: str, heads: set[str]) -> str:
    """The call that a path belongs to: the longest that it begins with."""
    return max((head for head in heads if path == head or path.startswith((f"{head}.", f"{head}["))), key=len)
