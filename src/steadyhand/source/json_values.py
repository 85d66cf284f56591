"""Walks the values of a JSON text one by one: the entries of an array, or values that stand one after the other.

Knows where each stands and which of them cannot be used; knows nothing of what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError, Place
from steadyhand.source.json_nodes import skip_blank
from steadyhand.source.jsonfile import no_constant, syntax_error, unique

_STRICT = json.JSONDecoder(object_pairs_hook=unique, parse_constant=no_constant)
_LENIENT = json.JSONDecoder(parse_int=str)


class JsonEntry(NamedTuple):
    """A value from `start` to `end` of its text, or the `error` of one that cannot be used (a key twice, NaN)."""

    start: int
    end: int
    value: Json
    error: str


class ValueReader:
    """The values of `text` as entries. An entry's line is counted from the entry before it, so a file of a million rows
    on one line takes no longer than on a million lines. Iterating raises DomainError where the text breaks."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self._line, self._newline, self._seen = 1, -1, 0

    def array(self, bracket: int = 0) -> Iterator[JsonEntry]:
        """The entries of the array that begins at `bracket`."""
        offset = self._after(bracket)
        more = not self._text.startswith("]", offset)
        while more:
            entry = self._entry(offset)
            yield entry
            offset = skip_blank(self._text, entry.end)
            more = self._text.startswith(",", offset)
            if more:
                offset = self._after(offset)
            elif not self._text.startswith("]", offset):
                raise self._broken("Expecting ',' or ']'", offset)

    def sequence(self) -> Iterator[JsonEntry]:
        """Values with nothing, white space or a comma between them."""
        offset = skip_blank(self._text, 0)
        while offset < len(self._text):
            entry = self._entry(offset)
            yield entry
            offset = skip_blank(self._text, entry.end)
            if self._text.startswith(",", offset):
                offset = self._after(offset)

    def members(self) -> Iterator[tuple[str, JsonEntry]]:
        """The keys and values of the one object that the text is."""
        offset = self._after(skip_blank(self._text, 0))
        while not self._text.startswith("}", offset):
            key = self._entry(offset)
            colon = skip_blank(self._text, key.end)
            if not isinstance(key.value, str) or not self._text.startswith(":", colon):
                raise self._broken("Expecting a key in double quotes and ':'", offset)
            entry = self._entry(self._after(colon))
            yield key.value, entry
            offset = skip_blank(self._text, entry.end)
            if self._text.startswith(",", offset):
                offset = self._after(offset)
            elif not self._text.startswith("}", offset):
                raise self._broken("Expecting ',' or '}'", offset)

    def end(self, offset: int) -> None:
        """Nothing may stand at or behind `offset`. Raises DomainError."""
        if (rest := skip_blank(self._text, offset)) < len(self._text):
            raise self._broken("Extra data", rest)

    def place(self, offset: int) -> Place:
        """Where `offset` stands; offsets must not go back."""
        self._line += self._text.count("\n", self._seen, offset)
        self._newline = max(self._newline, self._text.rfind("\n", self._seen, offset))
        self._seen = offset
        return Place(self._file, self._line, offset - self._newline)

    def _after(self, offset: int) -> int:
        return skip_blank(self._text, offset + 1)

    def _entry(self, start: int) -> JsonEntry:
        try:
            value, end = _STRICT.raw_decode(self._text, start)
        except json.JSONDecodeError as error:
            raise self._broken(error.msg, error.pos) from None
        except RecursionError:
            raise self._too_deep(start) from None
        except ValueError as error:  # a key twice, NaN, or an integer of thousands of digits: the entry still ends
            return JsonEntry(start, self._end(start), None, str(error))
        return JsonEntry(start, end, value, "")

    def _end(self, start: int) -> int:
        """Where an entry ends whose values cannot be used; it may be broken further on as well."""
        try:
            return _LENIENT.raw_decode(self._text, start)[1]
        except json.JSONDecodeError as error:
            raise self._broken(error.msg, error.pos) from None
        except RecursionError:
            raise self._too_deep(start) from None

    def _too_deep(self, start: int) -> DomainError:
        return DomainError("nested too deeply", where=self.place(start), next="flatten the data")

    def _broken(self, message: str, offset: int) -> DomainError:
        what, next = syntax_error(self._text, offset, message)
        return DomainError(what, where=self.place(offset), next=next)
