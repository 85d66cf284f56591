"""S111: does an answer state a value that nothing before it holds?

Knows the numbers and indicators of an answer that follows a tool's result, and where they may come from: what was said
before (results, questions, offers), rounding, and one step of arithmetic. Knows nothing of what is true.
"""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steadyhand.chat.messages import Json, Message
from steadyhand.check.arithmetic import Numbers, Span, apart, reached, restated, sorted_numbers, span_of, summed
from steadyhand.check.dataset import Dataset, Record
from steadyhand.check.finding import Finding, finding
from steadyhand.text.normal import fold, refang
from steadyhand.text.numbers import NUMBER, Day, moments, numbers, ordinals, plain

_INDICATOR = re.compile(
    r"https?://[^\s，。；、）)\]>\"'`*]+|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[0-9a-f]{32,64}\b|\bCVE-\d{4}-\d{4,7}\b",
    re.IGNORECASE | re.ASCII,
)
_SHORT = 3  # digits: shorter numbers count list items
_YEARS = range(1900, 2101)
_BETWEEN = re.compile(r"(?<=\d)[\s().-]+(?=\d)")  # of a telephone or card number
_FEW = 60
_DAYS = (1, 7, 1 / 24, 30.44, 365.25)  # days, weeks, hours, months and years between two days
_SECONDS = (1, 60, 3600)


def check_grounds(dataset: Dataset) -> Iterator[Finding]:
    """S111, at most once per record, at its first unsupported value."""
    for record in dataset.records:
        if value := next(_invented(record), None):
            what = f"{record.name}: the answer states {value!r}, which no tool result or message before it holds"
            yield finding("S111", record.at(value), what, "correct the value, or add the result that it was read from")


def _invented(record: Record) -> Iterator[str]:
    said = _Said([json.dumps(tool.to_openai(), ensure_ascii=False) for tool in record.tools])
    before = ""
    for message in record.messages:
        if before == "tool" and message.role == "assistant":
            yield from _links(message.content, said)
            yield from _figures(message, said)
        said.add(message)
        before = message.role


@dataclass(frozen=True)
class _Evidence:
    """What numbers may be worked out from."""

    values: Numbers
    asked: Numbers  # what users said
    columns: Sequence[Numbers]  # of results
    totals: Numbers  # sums and means of the columns
    days: Numbers
    seconds: Numbers

    def explains(self, span: Span, own: Sequence[float]) -> bool:
        """Whether one step leads to a value in `span`; `own`: what the answer itself states."""
        near = sorted_numbers([*self.asked.tolist(), *own])
        known = sorted_numbers([*self.values.tolist(), *own])
        low, high = span
        return (
            restated(span, known)
            or restated(span, self.totals)
            or reached(span, known if len(known) <= _FEW else near, known)
            or any(reached(span, column, column) for column in self.columns)
            or summed(span, own)
            or apart((low - 1, high + 1), self.days, _DAYS)
            or apart(span, self.seconds, _SECONDS)
        )


class _Said:
    """All texts so far. Numbers are looked for when arithmetic is needed, and then once in each text."""

    def __init__(self, offers: Sequence[str]) -> None:
        self._texts, self._read = list(offers), len(offers)  # what an offer holds is no operand, but may be repeated
        self._values, self._days, self._seconds = set[float](), set[Day](), set[int]()
        self._asked = set[float]()
        self._users: list[bool] = [False] * len(offers)
        self._columns: dict[str, list[float]] = defaultdict(list)

    def add(self, message: Message) -> None:
        calls = [json.dumps(call.arguments, ensure_ascii=False) for call in message.calls]
        self._users.append(message.role in ("user",))
        self._texts.append("\n".join([message.content, message.think or "", *calls]))

    def holds(self, number: str) -> bool:
        """Whether these digits stand somewhere, if only as a part: cards are named by their last four."""
        if any(number in text for text in self._texts):
            return True
        return number.isdigit() and any(number in _BETWEEN.sub("", text) for text in self._texts)

    def links(self) -> str:
        """All texts, as addresses are compared."""
        return "\n".join(_link(text) for text in self._texts)

    def evidence(self) -> _Evidence:
        for text, user in zip(self._texts[self._read :], self._users[self._read:]):
            found = moments(fold(text))
            values = list(numbers(found.rest))
            self._values.update(values)
            if user: self._asked.update(values)
            self._days |= found.days
            self._seconds |= found.seconds
            _columns(text, self._columns)
        self._read = len(self._texts)
        totals = [total for column in self._columns.values() for total in (sum(column), sum(column) / len(column))]
        seconds = [*self._seconds, *(second + 86400 for second in self._seconds)]  # those of the next day as well
        columns = [column for values in self._columns.values() if len(column := sorted_numbers(values)) > 1]
        values, asked, totals, days, seconds = map(sorted_numbers, (self._values, self._asked, totals, ordinals(self._days), seconds))
        return _Evidence(values, asked, columns, totals, days, seconds)


def _columns(text: str, into: dict[str, list[float]]) -> None:
    """The numbers of a result by the name that they have there, whichever entry of a list they are of."""
    try:
        todo: list[tuple[str, Json]] = [("", json.loads(text))] if text.lstrip().startswith(("[", "{")) else []
    except (ValueError, RecursionError):
        return
    while todo:
        name, value = todo.pop()
        if isinstance(value, dict):
            todo += value.items()
        elif isinstance(value, list):
            todo += ((name, item) for item in value)
            into[f"{name}[]"].append(len(value))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            into[name].append(value)


def _link(text: str) -> str:
    return html.unescape(refang(text.replace("\\/", "/").replace("\\u0026", "&"))).casefold()


def _links(answer: str, said: _Said) -> Iterator[str]:
    """The addresses, hashes and names of an answer that nothing before it holds."""
    stated = [match[0].rstrip(".,:;!?") for match in _INDICATOR.finditer(answer)]
    before = said.links() if stated else ""
    for one in stated:
        if _link(one).rpartition("://")[2].rstrip("/") not in before:
            yield one


def _figures(message: Message, said: _Said) -> Iterator[str]:
    """The numbers of an answer that nothing before it holds and no step of arithmetic leads to."""
    stated = _stated(message.content)
    doubtful = [number for number in stated if _tells(number) and not said.holds(number)]
    if not doubtful:
        return
    evidence, left = said.evidence(), len(doubtful) + 1
    while left > len(doubtful):  # what is explained may explain another
        left = len(doubtful)
        own = [float(number) for number in _stated(f"{message.think or ''}\n{message.content}") if number not in doubtful]
        doubtful = [number for number in doubtful if not evidence.explains(span_of(number), own)]
    yield from doubtful


def _stated(text: str) -> list[str]:
    rest = moments(_INDICATOR.sub(" ", fold(text))).rest
    return [plain(match[0]) for match in NUMBER.finditer(rest)]


def _tells(number: str) -> bool:
    """Whether a number has enough digits to be a value, and is no year."""
    digits = re.sub(r"[^\d]", "", number).lstrip("0")
    return len(digits) >= _SHORT and not (number.isdigit() and int(number) in _YEARS)
