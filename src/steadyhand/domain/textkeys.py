"""Texts made comparable: one normal form, its shingles, its language. Knows nothing of dialogues."""

from __future__ import annotations

import re

from steadyhand.domain.model import Language
from steadyhand.text.normal import fold, squeeze

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")


def normal(text: str) -> str:
    """NFKC, case folded, runs of white space as one space: full-width and half-width forms become equal."""
    return squeeze(fold(text))


def shingles(text: str, size: int = 4) -> frozenset[str]:
    """All substrings of `size` characters of the normal form without spaces; the whole text when it is shorter.

    Characters rather than words: words split by spaces find hardly any Chinese near-duplicate.
    """
    packed = normal(text).replace(" ", "")
    if len(packed) <= size:
        return frozenset((packed,))
    return frozenset([packed[start : start + size] for start in range(len(packed) - size + 1)])


def language_of(text: str) -> Language:
    """zh where Han characters are at least as many as Latin words, and there is one."""
    han = len(_HAN.findall(text))
    return "zh" if han and han >= len(_LATIN_WORD.findall(text)) else "en"
