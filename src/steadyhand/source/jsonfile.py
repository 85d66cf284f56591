"""JSON text to plain data plus the place of every key. Knows nothing of what the data mean.

The fast decoder reads; only when something is wrong does a slower scan look up where it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # the decoder's own, not in its stubs
from typing import NoReturn

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError, Place
from steadyhand.source.cursor import Cursor, Path, unsound

_BLANK = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


class _DuplicateKeyError(ValueError):
    pass


class JsonSource:
    """A decoded text: `line` is where the text begins in its file."""

    def __init__(self, file: str, text: str, data: Json, line: int = 1) -> None:
        self.file, self.text, self.data, self.line = file, text, data, line

    def place(self, path: Path, key: str | None = None) -> Place:
        wanted, is_key = (path, False) if key is None else ((*path, key), True)
        for found, key_offset, value_offset in _scan(self.text, _skip(self.text, 0), ()):
            if found == wanted:
                return self.at(key_offset if is_key else value_offset)
        return Place(self.file, self.line, 1)

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
        offset = _skip(self._text, _skip(self._text, 0) + 1)
        more = not self._text.startswith("]", offset)
        while more:
            start = offset
            value, offset, error = self._entry(start)
            yield start, offset, value, error
            offset = _skip(self._text, offset)
            more = self._text.startswith(",", offset)
            if more:
                offset = _skip(self._text, offset + 1)
            elif not self._text.startswith("]", offset):
                raise self._broken("JSON syntax: Expecting ',' or ']'", offset)
        end = _skip(self._text, offset + 1)
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


def _skip(text: str, offset: int) -> int:
    match = _BLANK.match(text, offset)
    return match.end() if match else offset


def _duplicate(text: str) -> int:
    """Offset of the first key that repeats a key of its own object."""
    seen: set[Path] = set()
    for path, key_offset, _ in _scan(text, _skip(text, 0), ()):
        if path in seen:
            return key_offset
        seen.add(path)
    return 0


def _scan(text: str, offset: int, path: Path) -> Iterator[tuple[Path, int, int]]:
    """(path, offset of the key or value, offset of the value) of every value in valid JSON, in text order.

    An explicit stack, one frame per open container, so that no depth overflows.
    """
    yield path, offset, offset
    stack: list[tuple[Path, int, str]] = []  # (path of the container, entries seen, its bracket)
    while True:
        if text[offset] in "[{":
            stack.append((path, 0, text[offset]))
            offset = _skip(text, offset + 1)
        else:
            offset = _skip(text, _end_of_scalar(text, offset))
        while stack and text[offset] in "]}":
            stack.pop()
            offset = _skip(text, offset + 1)
        if not stack:
            return
        parent, count, bracket = stack[-1]
        if text[offset] == ",":
            offset = _skip(text, offset + 1)
        stack[-1] = (parent, count + 1, bracket)
        key_offset = offset
        if bracket == "{":
            key, end = scanstring(text, offset + 1, True)
            path = (*parent, key)
            offset = _skip(text, _skip(text, end) + 1)
        else:
            path = (*parent, count)
        yield path, key_offset, offset


def _end_of_scalar(text: str, offset: int) -> int:
    if text[offset] == '"':
        return int(scanstring(text, offset + 1, True)[1])
    match = _SCALAR.match(text, offset)
    return match.end() if match else offset + 1
