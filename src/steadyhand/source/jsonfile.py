"""JSON text to plain data plus the place of every key. Knows nothing of what the data mean.

The fast decoder reads; only when something is wrong does a slower scan look up where it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NoReturn

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError, Place
from steadyhand.source.cursor import Cursor, Path, unsound
from steadyhand.source.json_nodes import parsed

_NEAR = 200  # characters around an error that are looked at


class _DuplicateKeyError(ValueError):
    pass


class JsonSource:
    """A decoded text: `line` is where the text begins in its file."""

    def __init__(self, file: str, text: str, data: Json, line: int = 1) -> None:
        self.file, self.text, self.data, self.line = file, text, data, line

    def place(self, path: Path, key: str | None = None) -> Place:
        node = parsed(self.text)
        begin = node.start
        for step in path if key is None else (*path, key):
            if step not in node.keys:
                return Place(self.file, self.line, 1)
            index = node.keys.index(step)
            begin, node = node.begins[index], node.members[index]
        return self.at(node.start if key is None else begin)

    def at(self, offset: int) -> Place:
        line = self.text.count("\n", 0, offset)
        return Place(self.file, self.line + line, offset - self.text.rfind("\n", 0, offset))


def read_json(text: str, file: str, line: int = 1) -> Cursor:
    """A cursor on the one value in `text`, sound throughout. Raises DomainError with file:line:column."""
    cursor = Cursor(decode_json(text, file, line))
    problem = unsound(cursor.value)
    if problem:
        raise DomainError(problem.what, where=cursor.source.place(problem.path), next=problem.next)
    return cursor


def read_jsonl(text: str, file: str) -> Iterator[Cursor]:
    """One cursor per line that is not blank. Only LF ends a line: JSON text may hold U+2028 and its like."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield read_json(line, file, number)


def decode_json(text: str, file: str, line: int = 1) -> JsonSource:
    """The decoded text, duplicate keys and NaN refused; values may still be unsound."""
    source = JsonSource(file, text, None, line)
    try:
        source.data = json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        what, next = syntax_error(text, error.pos, error.msg)
        raise _bad(source, what, error.pos, next) from None
    except _DuplicateKeyError as error:
        raise _bad(source, str(error), _duplicate(text), "remove one of the two") from None
    except RecursionError:
        raise _bad(source, "nested too deeply", 0, "flatten the data") from None
    except ValueError as error:  # NaN, Infinity, or an integer of thousands of digits
        raise _bad(source, f"a number cannot be used: {error}", 0, "put quotes around it or correct it") from None
    return source


def syntax_error(text: str, offset: int, message: str) -> tuple[str, str]:
    """What is wrong at `offset`, where the decoder says `message`, and what to do."""
    before, behind = text[max(0, offset - _NEAR) : offset].rstrip(), text[offset : offset + _NEAR].lstrip()
    if before.endswith(",") and behind.startswith(("]", "}")):
        return f"JSON syntax: a comma before {behind[0]!r}", "remove the comma: JSON has none after the last entry"
    if behind.startswith("'"):
        return "JSON syntax: single quotes, as Python prints them", "write the rows with json.dumps"
    if not before and not behind.startswith(("[", "{")):
        return f"JSON syntax: {message}", "give a JSON or JSONL file: its rows begin with { or ["
    return f"JSON syntax: {message}", "check quotes, commas and brackets here"


def unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """An object's pairs as a mapping. Raises ValueError for a key that stands twice."""
    data = dict(pairs)
    if len(data) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _DuplicateKeyError(f"the key {twice!r} stands twice in one object")
    return data


def no_constant(name: str) -> NoReturn:
    """For NaN and Infinity. Raises ValueError."""
    raise ValueError(f"{name} is not JSON")


def _bad(source: JsonSource, what: str, offset: int, next: str) -> DomainError:
    return DomainError(what, where=source.at(offset), next=next)


def _duplicate(text: str) -> int:
    """Offset of the first key that repeats a key of its own object."""
    todo = [parsed(text)]
    found = [len(text)]
    while todo:
        node = todo.pop()
        seen: set[str | int] = set()
        for key, begin in zip(node.keys, node.begins, strict=True):
            if key in seen:
                found.append(begin)
            seen.add(key)
        todo += node.members
    return min(found)
