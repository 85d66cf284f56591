"""How far a word of doubt reaches: the clause that it stands in, not the whole sentence.

"The archive needs no password, and the loader calls home to X" denies nothing of X. Knows no doubt by its name: which
words reach a clause only and which a whole sentence is said in `en.yaml` and `zh.yaml`.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from .lexicon import N, X

_BORDER = re.compile(
    r"[,;:()，；：（）—–]| - |\b(?:but|while|whereas|although|though|so|because)\b|(?:但是?|而(?!是)|因为|所以)"
)
_NOT_BUT = re.compile(
    rf"\bnot (?!only|just|merely|simply)[^,.;:{X}{N}]{{1,80}},? but (?:rather |instead |actually )?"
    rf"|(?:并)?不是[^，。；：,;{X}{N}]{{0,30}}[，,]?而是"
)


def contrasted(words: str) -> str:
    """The sentence without what a contrast sets aside.

    >>> contrasted("the site is not the official shop but a fake one")
    'the site is a fake one'
    """
    return _NOT_BUT.sub(lambda found: "是" if found[0].endswith("是") else "", words)


def reaches(doubt: re.Pattern[str], words: str, claim: tuple[int, int]) -> bool:
    """Whether `doubt` stands in one of the clauses in which the words from claim[0] to claim[1] stand."""
    borders = [found.start() for found in _BORDER.finditer(words)]
    first, last = bisect_right(borders, claim[0]), bisect_right(borders, max(claim[0], claim[1] - 1))
    return any(first <= bisect_right(borders, found.start()) <= last for found in doubt.finditer(words))
