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
from steadyhand.source.json_nodes import parsed, skip_blank


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
        source.data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _bad(source, f"JSON syntax: {error.msg}", error.pos, "check quotes, commas and brackets here") from None
    except _DuplicateKeyError as error:
        raise _bad(source, str(error), _duplicate(text), "remove one of the two") from None
    except RecursionError:
        raise _bad(source, "nested too deeply", 0, "flatten the data") from None
    except ValueError as error:  # NaN, Infinity, or an integer of thousands of digits
        raise _bad(source, f"a number cannot be used: {error}", 0, "put quotes around it or correct it") from None
    return source


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    data = dict(pairs)
    if len(data) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _DuplicateKeyError(f"the key {twice!r} stands twice in one object")
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
_LENIENT = json.JSONDecoder(parse_int=str)


class ArrayReader:
    """Walks the entries of the JSON array in `text`, as (start, end, value, error). An entry's line is counted from the
    entry before it, so a file of a million rows on one line takes no longer than on a million lines.

    Iterating raises DomainError where the array breaks.
    """

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self._line, self._newline, self._seen = 1, -1, 0

    def __iter__(self) -> Iterator[tuple[int, int, Json, str]]:
        offset = skip_blank(self._text, skip_blank(self._text, 0) + 1)
        more = not self._text.startswith("]", offset)
        while more:
            start = offset
            value, offset, error = self._entry(start)
            yield start, offset, value, error
            offset = skip_blank(self._text, offset)
            more = self._text.startswith(",", offset)
            if more:
                offset = skip_blank(self._text, offset + 1)
            elif not self._text.startswith("]", offset):
                raise self._broken("JSON syntax: Expecting ',' or ']'", offset)
        end = skip_blank(self._text, offset + 1)
        if end < len(self._text):
            raise self._broken("JSON syntax: Extra data", end)

    def place(self, offset: int) -> Place:
        """Where `offset` stands; offsets must not go back."""
        self._line += self._text.count("\n", self._seen, offset)
        self._newline = max(self._newline, self._text.rfind("\n", self._seen, offset))
        self._seen = offset
        return Place(self._file, self._line, offset - self._newline)

    def _entry(self, start: int) -> tuple[Json, int, str]:
        """(value, where it ends, what is wrong with it)."""
        try:
            return *_STRICT.raw_decode(self._text, start), ""
        except json.JSONDecodeError as error:
            raise self._broken(f"JSON syntax: {error.msg}", error.pos) from None
        except RecursionError:
            raise DomainError("nested too deeply", where=self.place(start), next="flatten the data") from None
        except ValueError as error:  # a key twice, NaN, or an integer of thousands of digits: the entry still ends
            return None, self._end(start), str(error)

    def _end(self, start: int) -> int:
        """Where an entry ends whose values cannot be used; it may be broken further on as well."""
        try:
            return _LENIENT.raw_decode(self._text, start)[1]
        except json.JSONDecodeError as error:
            raise self._broken(f"JSON syntax: {error.msg}", error.pos) from None
        except RecursionError:
            raise DomainError("nested too deeply", where=self.place(start), next="flatten the data") from None

    def _broken(self, what: str, offset: int) -> DomainError:
        return DomainError(what, where=self.place(offset), next="check quotes, commas and brackets here")


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
