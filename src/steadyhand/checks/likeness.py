"""Does an answer say what a card's answer says? For questions that have an answer but no rule of their own.

Knows two texts and those that it must not be; knows nothing of models or points. Strict on purpose: a right answer in
quite other words counts as wrong, so a rate by this judge is a lower one.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from steadyhand.text.normal import fold
from steadyhand.text.values import values

LEAST, SOMETHING = 0.5, 0.2
_TOKEN = re.compile(r"[a-z0-9_]+|[\u3400-\u9fff\uf900-\ufaff]")


def matches_answer(text: str, answer: str, others: Sequence[str] = ()) -> bool:
    """Whether `text` says `answer`: their words and pairs of neighboring words overlap by an F1 of at least 0.5 (F1 as
    SQuAD counts it, Rajpurkar et al. 2016, section 6.1; a Chinese character is a word), every number and name of
    `answer` stands in it, both or neither negate, and none of `others` (answers to other questions) is as near, so
    "Safe: 23 is not above 50" never passes for "Unsafe: 73 is above 50"."""
    own = likeness(text, answer)
    if own < LEAST or not same_values(text, answer):
        return False
    return _first(text, answer, others)


def nearest_answer(text: str, answer: str, others: Sequence[str]) -> bool:
    """Whether `text`, in whatever words, is nearer to `answer` than to any of `others`, shares at least something with
    it (an F1 of 0.2) and has its numbers and names: the looser question, for models that nobody taught the wording."""
    return likeness(text, answer) >= SOMETHING and _named(text, answer) and _first(text, answer, others)


def _first(text: str, answer: str, others: Sequence[str]) -> bool:
    own = likeness(text, answer)
    return all(likeness(text, other) < own for other in others if _tokens(other) != _tokens(answer))


def matches_any(text: str, answers: Iterable[str], others: Sequence[str] = ()) -> bool:
    """Whether `text` says one of `answers`."""
    return any(matches_answer(text, answer, others) for answer in answers)


def likeness(one: str, other: str) -> float:
    """F1 of the words and word pairs of two texts, with how often each stands there; 0 when one says nothing. Without
    the pairs, "不安全：73 大于 50" and "安全：73 不大于 50" would be the same."""
    a, b = _words(one), _words(other)
    shared = (a & b).total()
    return 2 * shared / (a.total() + b.total()) if shared else 0.0


@lru_cache(maxsize=4096)
def _words(text: str) -> Counter[str]:
    tokens = _tokens(text)
    return Counter([*tokens, *map(" ".join, itertools.pairwise(tokens))])


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(fold(text))


def _named(text: str, answer: str) -> bool:
    return _values(answer)[0] <= _values(text)[0]


def same_values(text: str, answer: str) -> bool:
    """Whether every number and name of `answer` stands in `text`, and both or neither negate."""
    said, due = _values(text), _values(answer)
    return due[0] <= said[0] and due[1] == said[1]


@lru_cache(maxsize=4096)
def _values(text: str) -> tuple[frozenset[str], bool]:
    """(numbers and names, whether anything is negated)."""
    stated = values(text)
    named = frozenset(value for value in stated if not value.startswith("negation "))
    return named, len(named) < len(stated)
