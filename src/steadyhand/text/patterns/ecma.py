"""Patterns of JSON Schema, which are ECMA-262's, in Python's syntax with the ASCII flag.

What means the same is rewritten: `(?<name>`, `\\p{L}`, `[\\w-.]`, `\\d` (ASCII digits), `\\s` (all white space), `$`
(the very end). Python's own `(?P<name>` and a leading `(?i)` are taken as well: they can mean nothing else. What is no
ECMA-262, or would mean something else here (`\\A`, `\\Z`, `{,5}`), is refused by name, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from steadyhand.text.patterns.tree import PatternError, refuse_long

_LAST, _BLOCK = 0x10FFFF, 0x1000
_SPACE = "\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_CONTROLS = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}
_ANY, _NOTHING, _NO_LINE_END = "(?s:.)", "(?!)", r"[^\n\r\u2028\u2029]"
_NO_BOUNDARY = r"(?!\b)"  # Python's \B does not hold in an empty text
_ANCHORS = {"^": r"\A", "$": r"\Z", ".": _NO_LINE_END}
_QUANTIFIER = re.compile(r"\{(?:(\d+)(?:,\d*)?|(,)\d+)\}")
_GROUP = re.compile(r"\(\?(?:[:=!]|<[=!]|P?<[^\W\d][\w$]*>)")
_CODE = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|c([A-Za-z])|0(?!\d)")
_PROPERTY = re.compile(r"([pP])\{(\w{1,40}(?:=\w{1,40})?)\}")


def to_python(source: str) -> str:
    """The same pattern in Python's syntax. Raises PatternError for what is no ECMA-262 or cannot be said there."""
    refuse_long(source)
    return "".join(_Translation(source))


class _Translation:
    def __init__(self, source: str) -> None:
        self._source, self._at = source, 0

    def __iter__(self) -> Iterator[str]:
        if self._source.startswith("(?i)"):
            yield self._take(4)
        while self._at < len(self._source):
            yield self._piece()

    def _take(self, length: int) -> str:
        self._at += length
        return self._source[self._at - length : self._at]

    def _piece(self) -> str:
        char = self._source[self._at]
        if char == "\\":
            return self._escape()
        if char == "[":
            return self._set()
        if char == "(":
            return self._group()
        if char == "{":
            return self._brace()
        self._at += 1
        if char in _ANCHORS:
            return _ANCHORS[char]
        return char if char in ")|*+?" else re.escape(char)

    def _brace(self) -> str:
        found = _QUANTIFIER.match(self._source, self._at)
        if found is None:
            self._at += 1
            return r"\{"
        if found[2]:
            raise self._error(f"{found[0]}, which is no count in ECMA-262,", "write {0,n} for at most n")
        return self._take(len(found[0]))

    def _group(self) -> str:
        if not self._source.startswith("(?", self._at):
            return self._take(1)
        found = _GROUP.match(self._source, self._at)
        if found is None:
            next = "use (...), (?:...), (?<name>...), (?=...), (?!...), (?<=...) or (?<!...)"
            raise self._error(f"{self._source[self._at : self._at + 4]!r}, which opens no group of ECMA-262,", next)
        opened = self._take(len(found[0]))
        return "(?:" if opened.endswith(">") else opened

    def _escape(self) -> str:
        """One that begins with a backslash, outside a set."""
        following = self._source[self._at + 1 : self._at + 2]
        if following == "B":
            self._at += 2
            return _NO_BOUNDARY
        if following and following in "bdDwW":
            return self._take(2)
        if following and following in "123456789k":
            next = "write out what it repeats"
            raise self._error("a back-reference, which cannot be matched in linear time,", next)
        members = self._member()
        return re.escape(chr(members)) if isinstance(members, int) else f"[{members}]"

    def _member(self) -> int | str:
        """A character by its number, or the inside of a set, for what begins with a backslash."""
        following = self._source[self._at + 1 : self._at + 2]
        if following in ("s", "S"):
            self._at += 2
            return _SPACE if following == "s" else _others(_SPACE)
        if found := _PROPERTY.match(self._source, self._at + 1):
            members = _property(found[2])
            if not members:
                raise self._error(f"the unknown property {found[0]}", r"use a property of Unicode, such as \p{L}")
            self._at += 1 + len(found[0])
            return members if found[1] == "p" else _others(members)
        return self._char()

    def _char(self) -> int:
        """The number of one character, escaped or as it stands."""
        if self._source[self._at] != "\\":
            return ord(self._take(1))
        following = self._source[self._at + 1 : self._at + 2]
        if following in _CONTROLS:
            self._at += 2
            return ord(_CONTROLS[following])
        if found := _CODE.match(self._source, self._at + 1):
            return self._number(found)
        if not following or (following.isascii() and following.isalnum()):
            raise self._error(f"\\{following}, which is no escape of ECMA-262,", r"use \\, ^, $ or the character")
        self._at += 2
        return ord(following)

    def _number(self, found: re.Match[str]) -> int:
        r"""\xHH, \uHHHH, \u{H}, \cA or \0; two halves of a surrogate pair are one character."""
        start, self._at = self._at, found.end()
        if found[4]:
            return ord(found[4]) % 32
        code = int(found[1] or found[2] or found[3] or "0", 16)
        if code > _LAST:
            self._at = start
            raise self._error(f"\\{found[0]}, which is no character,", "use a number up to 10FFFF")
        low = _CODE.match(self._source, self._at + 1) if self._source.startswith("\\u", self._at) else None
        if 0xD800 <= code < 0xDC00 and low and low[2] and 0xDC00 <= int(low[2], 16) < 0xE000:
            self._at = low.end()
            code = 0x10000 + (code - 0xD800) * 0x400 + int(low[2], 16) - 0xDC00
        return code

    def _set(self) -> str:
        opened = self._at
        negated = self._source.startswith("^", self._at + 1)
        self._at += 1 + negated
        members = []
        while not self._source.startswith("]", self._at):
            if self._at >= len(self._source):
                self._at = opened
                raise self._error("a set without its ]", "close it, or write \\[ for the character")
            members.append(self._range())
        self._at += 1
        if not members:
            return _ANY if negated else _NOTHING
        return f"[{'^' if negated else ''}{''.join(members)}]"

    def _range(self) -> str:
        r"""One entry of a set. A hyphen beside a class such as \w is a hyphen (ECMA-262, annex B)."""
        start = self._at
        first = self._entry()
        if not self._source.startswith("-", self._at) or self._source[self._at + 1 : self._at + 2] in ("]", ""):
            return _spelled(first)
        self._at += 1
        last = self._entry()
        if isinstance(first, str) or isinstance(last, str):
            return f"{_spelled(first)}\\-{_spelled(last)}"
        if first > last:
            self._at = start
            raise self._error("a range that runs backwards", "exchange its ends")
        return f"{_spelled(first)}-{_spelled(last)}"

    def _entry(self) -> int | str:
        if self._source[self._at] != "\\":
            return self._char()
        following = self._source[self._at + 1 : self._at + 2]
        if following in ("d", "D", "w", "W"):
            return self._take(2)
        if following == "b":
            self._at += 2
            return 8
        return self._member()

    def _error(self, what: str, next: str) -> PatternError:
        return PatternError(what, self._at, next)


def _spelled(entry: int | str) -> str:
    return entry if isinstance(entry, str) else rf"\U{entry:08x}"


@lru_cache(maxsize=128)
def _property(name: str) -> str:
    r"""The inside of a set with the characters of a Unicode property; empty when there is none of that name. Only the
    package `regex` knows them all."""
    import regex

    try:
        return _ranges(regex.compile(rf"\p{{{name}}}+"))
    except regex.error:
        return ""


@lru_cache(maxsize=128)
def _others(members: str) -> str:
    """The inside of a set with all other characters."""
    return _ranges(re.compile(f"[^{members}]+"))


def _ranges(characters: Any) -> str:
    """All characters that an expression matches, as the inside of a set. They are asked a block at a time: while an
    expression runs, no other thread of the process does."""
    spans: list[list[int]] = []
    for block in range(0, _LAST + 1, _BLOCK):
        for found in characters.finditer("".join(map(chr, range(block, block + _BLOCK)))):
            first, last = block + found.start(), block + found.end() - 1
            if spans and spans[-1][1] == first - 1:
                spans[-1][1] = last
            else:
                spans.append([first, last])
    return "".join(f"{_spelled(first)}-{_spelled(last)}" for first, last in spans)
