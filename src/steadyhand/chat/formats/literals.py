"""Calls in Python's spelling, `f(a='x', n=[1, 2.5], ok=True)`, read without evaluating anything and with numbers exact.

JSON's words for the constants are read too, because templates write JSON inside such calls. A string may hold raw line
ends, which Python forbids: some templates write them. What JSON has no type for (a tuple, a sum, a name) is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from steadyhand.chat import exact
from steadyhand.chat.exact import JsonError
from steadyhand.chat.formats.parsed import CallShapeError, CallSyntaxError, CannotWriteError, ExactCall
from steadyhand.chat.messages import Json, ToolCall

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\W\d][\w.-]*")
_KEY = re.compile(r"""[^\s=(),:'"\[\]{}]+""")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])")
_WORD = re.compile(r"(?:True|true|False|false|None|null)\b")
_STRING = {quote: re.compile(rf"{quote}([^{quote}\\]*(?:\\.[^{quote}\\]*)*){quote}", re.DOTALL) for quote in "'\""}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL)
_SHORT = {
    "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v", "\n": "", "\\": "\\", "'": "'",
    '"': '"', "/": "/",
}  # fmt: skip
_VALUES: dict[str, Json] = {"t": True, "f": False, "n": None}
MAX_DEPTH = 100


class Literals:
    """Reads calls and values from `text`, beginning at `at`; where it stops, `at` says how far it came."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text, self.at = text, at

    def calls(self, begin: str, end: str, comma: str = ",") -> list[ExactCall]:
        """Calls between `begin` and `end`; with an empty `comma` they follow one another without one."""
        self._expect(begin)
        read: list[ExactCall] = []
        while not self._take(end):
            if read and comma:
                self._expect(comma)
            read.append(self.call())
        return read

    def call(self) -> ExactCall:
        name = self._match(_NAME, "a tool's name")
        self._expect("(")
        arguments: dict[str, Json] = {}
        while not self._take(")"):
            if arguments:
                self._expect(",")
            key = self._match(_KEY, "an argument's name")
            self._expect("=")
            self._add(arguments, key, self.value(0))
        return ExactCall(name, arguments)

    def value(self, depth: int) -> Json:
        self._skip()
        first = self.text[self.at : self.at + 1]
        if depth > MAX_DEPTH:
            self._fail("nested too deeply")
        if first in ("'", '"'):
            return self._string(first)
        if first == "[":
            return self._sequence("[", "]", lambda: self.value(depth + 1))
        if first == "{":
            return self._mapping(depth)
        if word := _WORD.match(self.text, self.at):
            self.at = word.end()
            return _VALUES[word[0][0].lower()]
        number = self._match(_NUMBER, "a value of a JSON type")
        return self._loads(number)

    def _sequence(self, begin: str, end: str, item: Callable[[], Json]) -> list[Json]:
        self._expect(begin)
        items: list[Json] = []
        while not self._take(end):
            if items:
                self._expect(",")
            items.append(item())
        return items

    def _mapping(self, depth: int) -> dict[str, Json]:
        members: dict[str, Json] = {}

        def item() -> None:
            self._skip()
            first = self.text[self.at : self.at + 1]
            if first not in ("'", '"'):
                self._fail("a key is a string")
            key = self._string(first)
            self._expect(":")
            self._add(members, key, self.value(depth + 1))

        self._sequence("{", "}", item)
        return members

    def _string(self, quote: str) -> str:
        literal = _STRING[quote].match(self.text, self.at)
        if literal is None:
            self.at = len(self.text)
            self._fail("a string is not closed")
        text = _ESCAPE.sub(_unescaped, literal[1])
        if "\\u" in literal[1].lower():  # halves of one character, as JSON writes those beyond U+FFFF
            text = self._loads_text(text)
        self.at = literal.end()
        return text

    def _loads_text(self, text: str) -> str:
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._fail("a lone surrogate is no character")

    def _loads(self, number: str) -> Json:
        try:
            return exact.loads(number)
        except JsonError as error:
            self._fail(str(error))

    def _add(self, into: dict[str, Json], key: str, value: Json) -> None:
        if key in into:
            self._fail(f"duplicate key {key!r}")
        into[key] = value

    def _skip(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def _take(self, mark: str) -> bool:
        self._skip()
        taken = self.text.startswith(mark, self.at)
        self.at += len(mark) if taken else 0
        return taken

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            self._fail(f"{mark!r} is missing")

    def _match(self, pattern: re.Pattern[str], what: str) -> str:
        self._skip()
        match = pattern.match(self.text, self.at)
        if match is None:
            self._fail(f"{what} is missing")
        self.at = match.end()
        return match[0]

    def _fail(self, why: str) -> NoReturn:
        raise CallSyntaxError(f"{why} at character {self.at}")


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    if code:
        return chr(min(int(code, 16), 0x10FFFF))
    if escape[4]:
        return chr(int(escape[4], 8))
    return _SHORT.get(escape[5], "\\" + escape[5])


def write_call(call: ToolCall) -> str:
    """The call in Python's spelling, its strings in single quotes. Raises CannotWriteError for a name or a key that
    cannot be read back."""
    if not _NAME.fullmatch(call.name):
        raise CannotWriteError(f"the tool's name {call.name!r} is no name")
    for key in call.arguments:
        if not _KEY.fullmatch(key):
            raise CannotWriteError(f"the argument's name {key!r} is no name")
    return f"{call.name}({', '.join(f'{key}={write_value(value)}' for key, value in call.arguments.items())})"


def write_value(value: Json) -> str:
    match exact.kind(value):
        case "string":
            return (
                "'"
                + str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
                + "'"
            )
        case "array":
            return f"[{', '.join(map(write_value, value))}]"
        case "object":
            return f"{{{', '.join(f'{write_value(key)}: {write_value(item)}' for key, item in value.items())}}}"
    return repr(value)


def loads(text: str) -> Json:
    """A value in JSON's or in Python's spelling, and nothing beside it. Raises JsonError.

    loads("{'k': [1, None]}")  # {"k": [Decimal(1), None]}
    """
    reader = Literals(text)
    try:
        value = reader.value(0)
    except CallSyntaxError as error:
        raise JsonError(str(error)) from error
    if text[reader.at :].strip():
        raise JsonError(f"text stands after the value at character {reader.at}")
    return value


def one(calls: list[ExactCall]) -> list[ExactCall]:
    """At least one call. Raises CallShapeError."""
    if not calls:
        raise CallShapeError("a list without a call")
    return calls
