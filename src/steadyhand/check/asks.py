"""Asks: a user turn and the outcome that the assistant gives it, gathered into arenas of comparable asks.

Outcomes are comparable where they are drawn from few: to call or not to call a tool, or a short answer ("unsafe") to
the same question. Open answers have no outcome and enter no arena.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from steadyhand.check.dataset import Record
from steadyhand.check.features import lexical, shape
from steadyhand.text.normal import fold
from steadyhand.text.shingles import language_of, normal
from steadyhand.text.values import values

CALL, NO_CALL, CALLS = "call", "no call", "calls"
CLOSED_CHARS = 16  # an answer whose first clause is longer is an open one
_MARKS = "，。；！？：,.;!?:\\n"
_CLAUSE = re.compile(rf"(?<![{_MARKS}])[{_MARKS}]+(?:\s|(?<=[，。；！？：\n])|$)")


@dataclass(frozen=True)
class Ask:
    """One user turn, number `turn` of those in record `index` of `records`. Its features are worked out when they are
    asked for: of all asks of a large set together they would take many times the room of the rows."""

    records: Sequence[Record]
    index: int
    text: str
    outcome: str
    turn: int
    offered: int

    @property
    def record(self) -> Record:
        return self.records[self.index]

    @cached_property
    def words(self) -> frozenset[str]:
        return lexical(self.text)

    @cached_property
    def shape(self) -> frozenset[str]:
        return shape(self.text, self.turn, self.offered)

    def features(self) -> frozenset[str]:
        """Both, not kept."""
        return lexical(self.text) | shape(self.text, self.turn, self.offered)


@dataclass
class Arena:
    """Asks whose outcomes can be compared."""

    name: str
    asks: list[Ask] = field(default_factory=list)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many asks end in each outcome."""
        counts: dict[str, int] = defaultdict(int)
        for ask in self.asks:
            counts[ask.outcome] += 1
        return dict(counts)


def arenas(records: Sequence[Record], seen: Callable[[Record], None] = lambda record: None) -> list[Arena]:
    """Arenas with at least two outcomes, and fewer outcomes than asks unless there are just two. `seen` is given each
    record in turn: to go through them a second time may mean to fetch them all again."""
    topics: dict[str, list[Ask]] = defaultdict(list)
    for index, record in enumerate(records):
        seen(record)
        for topic, text, turn, outcome in _asks(record):
            topics[topic].append(Ask(records, index, text, outcome, turn, len(record.tools)))
    all_arenas = [arena for topic, asks in topics.items() for arena in _arenas_of(topic, asks)]
    return [arena for arena in all_arenas if 2 <= len(arena.outcomes) <= max(2, len(arena.asks) // 2)]


def _arenas_of(topic: str, asks: list[Ask]) -> list[Arena]:
    """One arena where answers recur. An answer that a point gives once may belong to a question of its own, so such
    asks, and all asks of no point, are compared only where they end in the same question."""
    counts = Arena(topic, asks).outcomes
    recurring = [ask for ask in asks if counts[ask.outcome] > 1]
    if topic == CALLS or (topic and len({ask.outcome for ask in recurring}) > 1):
        return [Arena(topic, asks if topic == CALLS else recurring)]
    questions: dict[str, list[Ask]] = defaultdict(list)
    for ask in asks:
        questions[_question(ask.text)].append(ask)
    return [Arena(f"{topic} question {question!r}".strip(), same) for question, same in questions.items()]


def outcome_of(text: str, *, whole: bool) -> str | None:
    """The first clause of an answer in normal form, if it is short enough to be one of few. With `whole` it has to be
    all of the answer: "Sure, ..." opens many answers that decide nothing."""
    clause, *rest = _CLAUSE.split(text.strip(), maxsplit=1)
    if whole and any(part.strip() for part in rest):
        return None
    clause = normal(clause)
    return clause if 0 < len(clause) <= CLOSED_CHARS else None


def _asks(record: Record) -> Iterator[tuple[str, str, int, str]]:
    """(topic, question, its number among the user's turns, outcome), at most one per record, so that asks are
    independent: the first decision of a record with tools, else its last answer."""
    turns = [i for i, m in enumerate(record.messages[:-1]) if m.role == "user"]
    turns = [i for i in turns if record.messages[i + 1].role == "assistant"]
    if not turns:
        return
    if record.tools:
        answer = record.messages[turns[0] + 1]
        yield CALLS, record.messages[turns[0]].content, 1, CALL if answer.calls else NO_CALL
        return
    outcome, text = outcome_of(record.messages[-1].content, whole=not record.point), record.messages[turns[-1]].content
    if outcome is not None and turns[-1] == len(record.messages) - 2 and not _copied(outcome, text):
        yield _topic(record, text), text, len(turns), outcome


def _copied(outcome: str, text: str) -> bool:
    """Whether the answer picks a value out of the question ("which one is unsafe?"): then it is drawn from many."""
    asked = fold(text)
    return any(value in asked for value in values(outcome) if not value.startswith("negation"))


def _topic(record: Record, text: str) -> str:
    """The knowledge point in one language; empty where no point is known."""
    return f"point {record.point!r} ({language_of(text)})" if record.point else ""


def _question(text: str) -> str:
    """What is asked: the last clause."""
    clauses = [clause for clause in map(normal, _CLAUSE.split(text)) if clause]
    return clauses[-1] if clauses else ""
