"""S111: does an answer state a value that nothing before it holds?

Knows the numbers and indicators of an answer that follows a tool's result, and where they may come from: what was said
before (results, questions, offers), rounding, and one step of arithmetic. Knows nothing of what is true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from steadyhand.chat.messages import Message
from steadyhand.check.dataset import Dataset, Record
from steadyhand.check.finding import Finding, finding

_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])|(?<![A-Za-z0-9_.])\d+(?:\.\d+)?")
_INDICATOR = re.compile(
    r"https?://[^\s，。；、）)\]>\"'`*]+|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[0-9a-f]{32,64}\b|\bCVE-\d{4}-\d{4,7}\b",
    re.IGNORECASE | re.ASCII,
)
_SHORT, _SMALL = 3, 60  # digits: shorter numbers count list items; numbers in a dialogue: more make any sum likely
_YEARS = range(1900, 2101)


def check_grounds(dataset: Dataset) -> Iterator[Finding]:
    """S111, at most once per record, at its first unsupported value."""
    for record in dataset.records:
        if value := next(_invented(record), None):
            what = f"{record.name}: the answer states {value!r}, which no tool result or message before it holds"
            yield finding("S111", record.at(value), what, "correct the value, or add the result that it was read from")


def _invented(record: Record) -> Iterator[str]:
    for index, (asked, message) in enumerate(pairwise(record.messages), 1):
        if asked.role == "tool" and message.role == "assistant":
            yield from _unsupported(message.content, _before(record, index))


def _before(record: Record, index: int) -> str:
    parts = [json.dumps(tool.to_openai(), ensure_ascii=False) for tool in record.tools]
    return "\n".join([*parts, *map(_said, record.messages[:index])])


def _said(message: Message) -> str:
    calls = [json.dumps(call.arguments, ensure_ascii=False) for call in message.calls]
    return "\n".join([message.content, *calls])


def _unsupported(answer: str, before: str) -> Iterator[str]:
    indicators = [match[0].rstrip(".,:;!?") for match in _INDICATOR.finditer(answer)]
    folded = before.casefold().replace("\\/", "/")
    yield from (one for one in indicators if one.casefold() not in folded)
    plain = _INDICATOR.sub(" ", answer)
    numbers = [match[0].rstrip(",") for match in _NUMBER.finditer(plain)]
    telling = [number for number in numbers if _tells(number)]
    if not telling:
        return
    known = _known(_all_numbers(before))
    for number in telling:
        if number.replace(",", "") not in before and not _reached(number.replace(",", ""), known):
            yield number


def _tells(number: str) -> bool:
    """Whether a number has enough digits to be a value, and is no year."""
    digits = re.sub(r"[^\d]", "", number).lstrip("0")
    return len(digits) >= _SHORT and not (number.isdigit() and int(number) in _YEARS)


def _all_numbers(text: str) -> list[float]:
    found = {float(match[0].replace(",", "")) for match in re.finditer(r"\d[\d,]*(?:\.\d+)?", text)}
    return sorted(found | {float(one) for one in re.findall(r"\d+(?:\.\d+)?", text)})


def _known(numbers: Sequence[float]) -> list[float]:
    """The numbers, and what one step makes of them: another unit, a share, a sum, a difference, a product, a ratio."""
    known = [number * factor for number in numbers for factor in (1, 100, 1000, 1e4, 1e6, 1e8, 60, 3600)]
    known += [number / factor for number in numbers for factor in (100, 1000, 1e4, 1e6, 1e8, 60, 3600)]
    known += [100 - number for number in numbers]
    if len(numbers) <= _SMALL:
        for a, b in combinations(numbers, 2):
            known += [a + b, abs(a - b), a * b, *(x / y for x, y in ((a, b), (b, a)) if y)]
            known += [a * (1 + b / 100), a * (1 - b / 100), b * (1 + a / 100), b * (1 - a / 100), a * b / 100]
    return known


def _reached(number: str, known: Sequence[float]) -> bool:
    """Whether a known number becomes this one by rounding it to as many digits as are written, or cutting it there."""
    whole, _, decimals = number.partition(".")
    step = 10.0 ** -len(decimals) if decimals else 0.51 * 10 ** (len(whole) - len(whole.rstrip("0")))
    return any(abs(float(number) - one) < step for one in known)
