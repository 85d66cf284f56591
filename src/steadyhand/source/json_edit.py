"""Changes values inside JSON text and leaves every other character: spelling of numbers, escapes, blanks, key order.

Knows JSON's grammar; knows nothing of what the values mean. The text must be one that `jsonfile` reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from steadyhand.chat.messages import Json
from steadyhand.source.json_nodes import Node, parsed

_UNIT = re.compile(  # what stands for one character of a text
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_HALVES = re.compile("[\ud800-\udfff]")
_COMPARED = 4000  # characters: longer stretches that differ throughout are written anew as a whole


class Edit(NamedTuple):
    """What stands from `start` to `end` becomes `new`."""

    start: int
    end: int
    new: str


def edited(text: str, old: Json, new: Json) -> str:
    """`text`, which reads as `old`, so changed that it reads as `new`.

    >>> edited('{"a": 1.10,  "b": null}', {"a": 1.1, "b": None}, {"a": 1.1})
    '{"a": 1.10}'
    """
    parts, at = [], 0
    for edit in edits(text, old, new):
        parts += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*parts, text[at:]])


def edits(text: str, old: Json, new: Json) -> Iterator[Edit]:
    """The changes of `edited`, in text order, none overlapping another."""
    if old != new:
        yield from _changed(text, parsed(text), old, new)


def _changed(text: str, node: Node, old: Json, new: Json) -> Iterator[Edit]:
    if isinstance(old, dict) and isinstance(new, dict) and list(new) == [key for key in old if key in new]:
        kept = [key in new for key in old]
        pairs = [(old[key], new.get(key)) for key in old]
    elif isinstance(old, list) and isinstance(new, list) and (kept := _subsequence(old, new)):
        pairs = [(item, item) for item in old]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        kept, pairs = [True] * len(old), list(zip(old, new, strict=True))
    elif isinstance(old, str) and isinstance(new, str):
        yield from _respelled(text, node, old, new)
        return
    else:
        yield Edit(node.start, node.end, _spelled(new, text))
        return
    yield from _members(text, node, kept, pairs)


def _members(text: str, node: Node, kept: Sequence[bool], pairs: Sequence[tuple[Json, Json]]) -> Iterator[Edit]:
    """Members that go take the comma before them along; those in front of all that stay, the comma behind."""
    first = next((i for i, stays in enumerate(kept) if stays), None)
    for i, (member, (old, new)) in enumerate(zip(node.members, pairs, strict=True)):
        if kept[i]:
            if old != new:
                yield from _changed(text, member, old, new)
        elif first is None or i > first:
            yield Edit(node.members[i - 1].end if i else node.begins[0], member.end, "")
        else:
            yield Edit(node.begins[i], node.begins[i + 1], "")


def _subsequence(old: list[Json], new: list[Json]) -> list[bool]:
    """Which entries of `old` are left where others go and none changes; empty where that is not all that happens."""
    if len(new) >= len(old):
        return []
    kept, at = [], 0
    for item in old:
        kept.append(at < len(new) and item == new[at])
        at += kept[-1]
    return kept if at == len(new) else []


def _respelled(text: str, node: Node, old: str, new: str) -> Iterator[Edit]:
    """The characters of a text that differ; the spelling of the others stays."""
    units = [match.span() for match in _UNIT.finditer(text, node.start + 1, node.end - 1)]
    if len(units) != len(old):
        yield Edit(node.start, node.end, _spelled(new, text))
        return
    places = [node.start + 1, *(end for _, end in units)]  # where each character ends
    for begin, end, replacement in _differences(old, new):
        spelled = _spelled(replacement, text)[1:-1]
        yield Edit(places[begin], places[end], spelled)


def _spelled(value: Json, like: str) -> str:
    """JSON of `value` in ASCII where `like` is, and where it holds half a surrogate pair, which is no character."""
    spelled = json.dumps(value, ensure_ascii=like.isascii())
    return json.dumps(value) if _HALVES.search(spelled) else spelled


def _differences(old: str, new: str) -> Iterator[tuple[int, int, str]]:
    """(from, to) in `old`, and what stands there in `new`."""
    least = min(len(old), len(new))
    begin = next((i for i in range(least) if old[i] != new[i]), least)
    rest = least - begin
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    one, two = old[begin : len(old) - tail], new[begin : len(new) - tail]
    if len(one) > _COMPARED:
        yield begin, begin + len(one), two
        return
    for tag, start, end, also_start, also_end in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if tag != "equal":
            yield begin + start, begin + end, two[also_start:also_end]
