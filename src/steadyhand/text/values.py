"""The values in a text: what may change between two near-equal prompts so that their right answers differ.

Numbers, indicators (addresses, hosts, hashes, CVE numbers, mail addresses), quoted words and negations. Knows no
grammar: "是不是" asks and negates nothing, so such doubled words are left out; every other 不, 没 or "not" counts.
"""

from __future__ import annotations

import re
from collections import Counter

from steadyhand.text.indicators import HASH, LINK, MAIL
from steadyhand.text.normal import fold

_NUMBER = r"(?<![\w.])[-+]?\d+(?:[.,:/-]\d+)*%?|\d+(?:\.\d+)?"
# Hosts and whatever else is spelled in parts: files, versions. It begins only where a word does, as indicators do.
_DOTTED = r"(?<![a-z0-9_.+-])[a-z0-9_-]+(?:(?:\.|\[\.\])[a-z0-9_-]+)+"
_QUOTED = r"[\"“「『《'][^\"”」』》'\n]{1,40}[\"”」』》']"
_VALUE = re.compile(rf"{LINK}|{MAIL}|{_DOTTED}|{HASH}|{_QUOTED}|{_NUMBER}")
_NEGATION = re.compile(r"不|没|未|无|非|否(?!则)|\b(?:not|no|never|none|without|cannot)\b|n't\b|n’t\b")
_DOUBLED = re.compile(r"(.{1,2})[不没]\1|是否|能否|可否|不过|无论|不管")


def values(text: str) -> Counter[str]:
    """The values of a text after NFKC and case folding, with how often each stands there."""
    folded = fold(text)
    found = Counter(match[0].strip(".,") for match in _VALUE.finditer(folded))
    found.update(f"negation {match[0]}" for match in _NEGATION.finditer(_DOUBLED.sub(" ", folded)))
    return found


def skeleton(text: str) -> str:
    """The text after folding with each value as `0`: equal for two fillings of one template."""
    return _VALUE.sub("0", fold(text))
