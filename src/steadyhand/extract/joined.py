"""Characters that make what stands beside them a part of something else: invisible ones, and ones that join.

`login<zero width space>bank.com` shows a reader one name, and no program knows which; so neither piece is one.
"""

from __future__ import annotations

import unicodedata

_BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and signs without ink
_JOINERS = frozenset("\u00b7\u02d7\u2010\u2011\u2012\u2024\u2027\u2044\u2215\u2212\u29f8\u30fb\ufe63\uff0d\uff65")


def is_joined(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` touches an invisible character, or a look-alike of `-`, `.` or `/` that joins it to a
    word."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (
        _is_invisible(before)
        or _is_invisible(after)
        or (before in _JOINERS and text[start - 2 : start - 1].isalnum())
        or (after in _JOINERS and text[end + 1 : end + 2].isalnum())
    )


def _is_invisible(char: str) -> bool:
    return not char.isascii() and (char in _BLANK_LETTERS or unicodedata.category(char) in ("Cf", "Mn", "Me"))
