"""In what order a text mentions things: each carries a mark while the text is put together, and loses it at the end."""

from __future__ import annotations

import re

FIRST = 0xE000  # private-use characters, which no text has


def mark(index: int, word: str) -> str:
    return chr(FIRST + index) + word


def unmarked(text: str) -> tuple[str, list[int]]:
    """The text as it is shown, and the indices of what it mentions, in order."""
    marks = re.findall(r"[\ue000-\uf8ff]", text)
    return re.sub(r"[\ue000-\uf8ff]", "", text), [ord(found) - FIRST for found in marks]


def upper_first(text: str) -> str:
    """The text with its first letter in upper case, behind a mark or not."""
    return re.sub(r"[^\ue000-\uf8ff]", lambda found: found[0].upper(), text, count=1)
