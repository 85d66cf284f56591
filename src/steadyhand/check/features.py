"""What a prompt can be recognized by: its words and Han n-grams, and its shape. Knows no outcomes.

After NFKC and case folding: words in other scripts and numbers as they are, Han characters as 1- to 3-grams. This
needs no dictionary and finds the cues that word segmentation finds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from steadyhand.text.normal import fold
from steadyhand.text.shingles import language_of

_HAN = r"\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"(?P<han>[{_HAN}]+)|\d+(?:\.\d+)*|[^\W\d_{_HAN}]+")
LONGEST_GRAM = 3


def lexical(text: str) -> frozenset[str]:
    """All words, numbers and Han n-grams of a text."""
    features: set[str] = set()
    for token in _TOKEN.finditer(fold(text)):
        features.update(_grams(token[0]) if token["han"] else (token[0],))
    return frozenset(features)


def shape(text: str, turn: int, tools: int) -> frozenset[str]:
    """What is known of a prompt without reading it: length in powers of two, language, digits, turn, tools on offer."""
    size = len(text).bit_length()
    facts = {f"length {1 << size >> 1}-{(1 << size) - 1}", f"language {language_of(text)}", f"turn {turn}"}
    facts.add("has digits" if any(char.isdigit() for char in text) else "no digits")
    return frozenset(facts | ({f"{tools} tools on offer"} if tools else set()))


def spans(text: str, wanted: Collection[str]) -> list[str]:
    """The features in `wanted` as they stand in `text`, without repeats: words and numbers one by one, Han n-grams
    joined where they touch. An n-gram that contains a smaller wanted one adds nothing and is left out, so that a span
    does not grow into the words beside it."""
    pieces_once: dict[str, None] = {}
    for token in _TOKEN.finditer(fold(text)):
        pieces = _joined(token[0], wanted) if token["han"] else [token[0]] if token[0] in wanted else []
        pieces_once.update(dict.fromkeys(pieces))
    return list(pieces_once)


def tokens(text: str) -> list[str]:
    """Words, numbers and single Han characters in order."""
    return [piece for token in _TOKEN.finditer(fold(text)) for piece in (token[0] if token["han"] else (token[0],))]


def is_han(span: str) -> bool:
    return "\u3400" <= span[0] <= "\u9fff" or "\uf900" <= span[0] <= "\ufaff"


def _grams(run: str) -> Iterator[str]:
    return (run[i : i + n] for n in range(1, LONGEST_GRAM + 1) for i in range(len(run) - n + 1))


def _joined(run: str, wanted: Collection[str]) -> list[str]:
    covered = [False] * len(run)
    for size in range(1, LONGEST_GRAM + 1):
        for i in range(len(run) - size + 1):
            gram = run[i : i + size]
            if gram in wanted and not any(part in wanted for part in _grams(gram) if len(part) < size):
                covered[i : i + size] = [True] * size
    marked = "".join(char if inside else "\n" for char, inside in zip(run, covered, strict=True))
    return marked.split()
