"""Text of others as a terminal may show it: what would move the cursor, change the window or turn the reading order is
spelled out instead of sent.

A file name, a model's answer or a service's error can hold escape sequences (ECMA-48) and the controls of the
bidirectional algorithm (Unicode UAX 9), which hide or forge what a person reads. Every such character is written as
JSON writes it, so JSON stays JSON and means the same.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any, TextIO

_OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, formats (bidi, zero width, tags), lone surrogates, separators
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5")  # letters and marks that are drawn as nothing


def printable(text: str) -> str:
    r"""`text` with every character spelled out that a terminal would obey or hide; line feeds and tabs stay.

    >>> printable("a\x1b[2Jb\n")
    'a\\u001b[2Jb\n'
    """
    return _spelled(text, "\n\t")


def one_line(text: object) -> str:
    r"""As `printable`, line feeds and tabs too: what is shown in a line cannot begin another one.

    >>> one_line("report.txt\nerror: none")
    'report.txt\\nerror: none'
    """
    return _spelled(str(text), "")


def _spelled(text: str, kept: str) -> str:
    bare = text
    for char in kept:
        bare = bare.replace(char, "")
    if bare.isprintable() and _BLANK.isdisjoint(bare):
        return text
    doubtful = {char for char in set(bare) if not char.isprintable() or char in _BLANK}
    hostile = {char for char in doubtful if char in _BLANK or unicodedata.category(char) in _OBEYED}
    return text.translate({ord(char): json.dumps(char)[1:-1] for char in hostile})


class EscapedStream:
    """A text stream that writes `printable` text to `unescaped`, and is that stream in all else. It has no `buffer`,
    so nobody writes past it by chance; who draws with escape sequences of his own asks for `unescaped`."""

    def __init__(self, stream: TextIO) -> None:
        self.unescaped = stream

    def write(self, text: str) -> int:
        self.unescaped.write(printable(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self.unescaped, name)


def unescaped(stream: TextIO) -> TextIO:
    """The stream behind an escaped one, for bars and colors of our own."""
    return stream.unescaped if isinstance(stream, EscapedStream) else stream
