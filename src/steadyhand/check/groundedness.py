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
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite

from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.check.arithmetic import Numbers, Span, apart, reached, restated, sorted_numbers, span_of, summed
from steadyhand.check.dataset import Dataset, Record, judged_records
from steadyhand.check.finding import Finding, finding
from steadyhand.text.indicators import ADDRESS, CVE, HASH, MAIL, WEB
from steadyhand.text.normal import fold, refang
from steadyhand.text.numbers import NUMBER, Day, moments, numbers, ordinals, plain

_INDICATOR = re.compile("|".join((WEB, MAIL, ADDRESS, HASH, CVE)))
_SHORT = 3  # digits: shorter numbers count list items
_YEARS = range(1900, 2101)
_CODE = re.compile(r"```.*?```", re.DOTALL)  # shows what to write, not what was found
_NOBODY = re.compile(r"(?:(?:127|0)\.\d+\.\d+\.\d+|255\.255\.\d+\.\d+|localhost)(?![\w.-])")  # no one's address
_BETWEEN = re.compile(r"(?<=\d)[\s().-]+(?=\d)")  # of a telephone or card number
_CROWD = 20_000  # different numbers: two of so many lead anywhere, so nothing can be said of a number
_LOOKED_AT = (
    100  # numbers of one answer that nothing holds: when arithmetic leads to all of these, the rest is believed
)
_DAYS = (1, 7, 1 / 24, 30.44, 365.25)  # days, weeks, hours, months and years between two days
_SECONDS = (1, 60, 3600)


def check_grounds(dataset: Dataset) -> Iterator[Finding]:
    """S111, at most once per record, at its first unsupported value; of a pair, the chosen answer is looked at."""
    for record in (*dataset.records, *judged_records(dataset.pairs, "chosen")):
        if value := next(_invented(record), None):
            what = f"{record.name}: the answer states {value!r}, which no tool result or message before it holds"
            yield finding("S111", record.at(value), what, "correct the value, or add the result that it was read from")


def _invented(record: Record) -> Iterator[str]:
    if all(message.role != "tool" for message in record.messages):
        return
    said = _Said(record.tools)
    before = ""
    for index, message in enumerate(record.messages):
        if before == "tool" and message.role == "assistant" and index not in record.unscored:
            yield from _links(message.content, said)
            yield from _figures(message, said)
        said.messages.append(message)
        before = message.role


@dataclass(frozen=True)
class _Evidence:
    """What numbers may be worked out from."""

    values: Numbers
    totals: Numbers  # sums and means of the columns of results; one, of which units are multiples
    days: Numbers
    seconds: Numbers

    def explains(self, span: Span, own: Sequence[float], known: Numbers) -> bool:
        """Whether one step leads to a value in `span`. `own`: what the answer itself states; `known`: that as well."""
        low, high = span
        return isfinite(high) and (
            restated(span, known)
            or restated(span, self.totals)
            or reached(span, known)
            or summed(span, own)
            or apart((low - 1, high + 1), self.days, _DAYS)  # the first day may count or not
            or apart(span, self.seconds, _SECONDS)
        )


class _Said:
    """All `messages` so far. Texts and numbers are made of them when they are needed, and then once of each."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.messages: list[Message] = []
        self._tools, self._texts, self._compact, self._read = tools, list[str](), list[str](), 0
        self._values, self._days, self._seconds = set[float](), set[Day](), set[int]()
        self._columns: dict[str, list[float]] = defaultdict(list)

    @property
    def texts(self) -> list[str]:
        """The offer, then one text for each message."""
        if not self._texts:
            self._texts.append(json.dumps([tool.to_openai() for tool in self._tools], ensure_ascii=False))
        for message in self.messages[len(self._texts) - 1 :]:
            calls = [json.dumps(call.arguments, ensure_ascii=False) for call in message.calls]
            self._texts.append("\n".join([message.content, message.think or "", *calls]))
        return self._texts

    def holds(self, number: str) -> bool:
        """Whether these digits stand somewhere, if only as a part: cards are named by their last four."""
        if any(number in text for text in self.texts):
            return True
        self._compact += (_BETWEEN.sub("", text) for text in self.texts[len(self._compact) :])
        return number.isdigit() and any(number in text for text in self._compact)

    def links(self) -> str:
        """All texts, as addresses are compared."""
        return "\n".join(map(_link, self.texts))

    def evidence(self) -> _Evidence:
        for text in self.texts[max(1, self._read) :]:  # an offer holds no operands, but may be repeated
            read = moments(fold(text))
            self._values.update(numbers(read.rest))
            self._days |= read.days
            self._seconds |= read.seconds
            _columns(text, self._columns)
        self._read = len(self._texts)
        columns = self._columns.values()
        totals = [1.0, *map(sum, columns), *(sum(column) / len(column) for column in columns)]
        seconds = [*self._seconds, *(second + 86400 for second in self._seconds)]  # those of the next day as well
        return _Evidence(*map(sorted_numbers, (self._values, totals, ordinals(self._days), seconds)))


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
        elif isinstance(value, int | float | str) and not isinstance(value, bool):
            with suppress(ValueError, OverflowError):  # texts that are no number; numbers beyond all measure
                number = float(value)
                into[name].append(number)


def _link(text: str) -> str:
    return html.unescape(refang(text.replace("\\/", "/").replace("\\u0026", "&"))).casefold()


def _links(answer: str, said: _Said) -> Iterator[str]:
    """The addresses, hashes and names of an answer that nothing before it holds."""
    stated = [match[0].rstrip(".,:;!?") for match in _INDICATOR.finditer(answer)]
    before = said.links() if stated else ""
    for link in stated:
        address = _link(link).rpartition("://")[2].rstrip("/")
        if not _NOBODY.match(address) and address not in before:
            yield link


def _figures(message: Message, said: _Said) -> Iterator[str]:
    """The numbers of an answer that nothing before it holds and no step of arithmetic leads to."""
    stated = _stated(message.content)
    doubtful = [number for number in stated if _tells(plain(number)) and not said.holds(plain(number))]
    if not doubtful:
        return
    evidence, left = said.evidence(), len(doubtful) + 1
    if len(evidence.values) > _CROWD:
        return
    doubtful, stated = doubtful[:_LOOKED_AT], [*_stated(message.think or ""), *stated]
    while left > len(doubtful):  # what is explained may explain another
        left = len(doubtful)
        own = [value for number in stated if number not in doubtful and isfinite(value := float(plain(number)))]
        known = sorted_numbers([*evidence.values.tolist(), *own])
        doubtful = [number for number in doubtful if not evidence.explains(span_of(plain(number)), own, known)]
    yield from doubtful


def _stated(text: str) -> list[str]:
    """The numbers of a text as written; dates and times of day are no numbers."""
    text = _INDICATOR.sub(" ", _CODE.sub(" ", fold(text)))
    return [match[0] for match in NUMBER.finditer(moments(text).rest)]


def _tells(number: str) -> bool:
    """Whether a number has enough digits to be a value, and is no year."""
    digits = number.replace(".", "").lstrip("0")
    return len(digits) >= _SHORT and not (len(number) == len("2000") and number.isdigit() and int(number) in _YEARS)
