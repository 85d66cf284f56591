"""The public facts of the embedded base's small world. Knows data only: no phrasing, no rows.

Each fact is three lines of a table: `topic kind id`, then `subject :: answer :: must` in English and in Chinese.
`must` is a regular expression that a right answer matches. A subject of kind `clause` is written `noun ~ indirect
question`, because "how many days are in a week" has no noun of its own to ask about.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from nano.rows import Lang
from nano.tables import tables

Kind = Literal[
    "what_is",
    "used_for",
    "who_runs",
    "stands_for",
    "port_of",
    "capital_of",
    "colour_of",
    "wrote",
    "opposite_of",
    "clause",
]

_TABLES = tables(__file__)


@dataclass(frozen=True)
class Side:
    """One language of a fact. `ask` is an indirect question (kind `clause`) or empty; `must` is a regex."""

    subject: str
    ask: str
    answer: str
    must: str


@dataclass(frozen=True)
class Fact:
    id: str
    topic: str
    kind: Kind
    en: Side
    zh: Side

    def side(self, lang: Lang) -> Side:
        return self.en if lang == "en" else self.zh


def _side(subject: str, answer: str, must: str) -> Side:
    noun, _, ask = subject.partition(" ~ ")
    return Side(noun, ask, answer, must)


def _read(table: str) -> list[Fact]:
    lines = table.strip().splitlines()
    found = []
    for head, english, chinese in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        topic, kind, name = head.split()
        sides = (_side(*line.split(" :: ")) for line in (english, chinese))
        found.append(Fact(name, topic, cast(Kind, kind), *sides))
    return found


@cache
def facts() -> tuple[Fact, ...]:
    """Every fact, in a fixed order; ids are unique."""
    return tuple(fact for table in _TABLES.values() for fact in _read(table))
