"""Texts made comparable: one normal form, its shingles, its language. Knows nothing of dialogues."""

from __future__ import annotations

import re
from typing import Literal

from steadyhand.text.normal import fold, squeeze

Language = Literal["zh", "en"]

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")


def normal(text: str) -> str:
    """NFKC, case folded, runs of white space as one space: full-width and half-width forms become equal."""
    return squeeze(fold(text))


def shingles(text: str, size: int = 4) -> frozenset[str]:
    """All substrings of `size` characters of the normal form without spaces; the whole text when it is shorter.

    Characters rather than words: words split by spaces find hardly any Chinese near-duplicate.
    """
    packed = _packed(text)
    if len(packed) <= size:
        return frozenset((packed,))
    return frozenset([packed[start : start + size] for start in range(len(packed) - size + 1)])


def alike(one: str, other: str, least: float, size: int = 4) -> bool:
    """Whether |A & B| / |A | B| of their shingles is at least `least`. It is not where more than the share 1 - `least`
    of A is missing in B; by that most unlike texts are told before all of A is looked at."""
    grams, within, missing = _packed(one), _packed(other), set[str]()
    room = (1 - least) * max(1, len(grams) - size + 1)
    for start in range(len(grams) - size + 1):
        if (gram := grams[start : start + size]) not in within:
            missing.add(gram)
            if len(missing) > room:
                return False
    a, b = shingles(one, size), shingles(other, size)
    return len(a & b) >= least * len(a | b)


def _packed(text: str) -> str:
    return normal(text).replace(" ", "")


def language_of(text: str) -> Language:
    """zh where Han characters are at least as many as Latin words, and there is one."""
    han = len(_HAN.findall(text))
    return "zh" if han and han >= len(_LATIN_WORD.findall(text)) else "en"
