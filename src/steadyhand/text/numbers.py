"""The numbers that a text states, in the spellings that people and programs use, and the dates and times in it.

Knows digits, separators and number words of English and Chinese; knows nothing of what is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

_GROUPED, _GERMAN = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d|\.\d)", r"\d{1,3}(?:\.\d{3})+,\d+(?!\d|,\d)"
_CURRENCY = "".join(rf"|(?<={code})" for code in ("USD", "EUR", "GBP", "CNY", "RMB", "INR", "JPY", "HKD", "RM", "Rs"))
NUMBER = re.compile(  # not the digits inside a name, nor the rest of another number
    rf"(?:(?<![A-Za-z_]){_CURRENCY})(?<!\d)(?<!\d[.,])(?:{_GROUPED}|{_GERMAN}|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
)
_FEW = 12
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*\.?"
_DAY = r"(?P<d>[0-3]?\d)(?:st|nd|rd|th)?"
_DATES = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?<!\d)(?P<y>[12]\d{3})\s?[-/.年]\s?(?P<m>[01]?\d)\s?[-/.月]\s?(?P<d>[0-3]?\d)(?!\d)",
        r"(?<!\d)(?P<y>[12]\d{3})(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)",
        rf"\b{_MONTH}\s{_DAY}\b(?:,?\s(?P<y>[12]\d{{3}})\b)?",
        rf"\b{_DAY}\s(?:of\s)?{_MONTH}(?:,?\s(?P<y>[12]\d{{3}})\b)?",
        r"(?<![\d年])(?P<m>[01]?\d)月(?P<d>[0-3]?\d)[日号]",
        r"(?<![\d/])(?P<m>[01]?\d)/(?P<d>[0-3]?\d)/(?P<y>[12]\d{3})(?!\d)",
    )
)
_TIME = re.compile(
    r"(?<![\d:])(?P<h>[0-2]?\d):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?:\.\d+)?\s?(?P<half>[ap]\.?m)?", re.I
)
_BELOW_20 = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: value for value, word in enumerate(_BELOW_20.split(" "))}
_SMALL |= {word: 10 * value for value, word in enumerate(_TENS.split(" "), 2)}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORDS = re.compile(rf"\b(?:(?:{'|'.join([*_SMALL, *_LARGE])}|and|a)\b[\s-]?)+", re.IGNORECASE)
_HAN_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN_GROUPS = {"万": 10**4, "亿": 10**8}
_HAN = re.compile(rf"[{''.join([*_HAN_DIGITS, *_HAN_UNITS, *_HAN_GROUPS])}]+")


Day = tuple[int, int, int]  # year, month, day; year 0 where none is said


@dataclass(frozen=True)
class Moments:
    """The days of a text, its times of day in seconds, and the `rest` of it without them."""

    days: frozenset[Day]
    seconds: frozenset[int]
    rest: str


def plain(number: str) -> str:
    """A match of NUMBER with a point for decimals and nothing between thousands."""
    if "," in number and re.fullmatch(_GERMAN, number):
        return number.replace(".", "").replace(",", ".")
    return number.replace(",", "")


def numbers(text: str) -> Iterator[float]:
    """What is written in digits or in words; "100,200" is read both as one number and as two."""
    for match in NUMBER.finditer(text):
        yield float(plain(match[0]))
        if "," in match[0]:
            yield from map(float, re.findall(r"\d+(?:\.\d+)?", match[0]))
    words = [*map(_english, _WORDS.findall(text)), *map(_chinese, _HAN.findall(text))]
    yield from (value for value in words if value > _FEW)  # "one" and "一" mostly count nothing


def moments(text: str) -> Moments:
    """What of a text is a date or a time of day."""
    days, seconds = set[Day](), set[int]()

    def day(match: re.Match[str]) -> str:
        parts = match.groupdict()
        month = _MONTHS.index(parts["name"][:3].lower()) + 1 if parts.get("name") else int(parts["m"])
        if not 1 <= month <= 12 or not 1 <= int(parts["d"]) <= 31:
            return match[0]
        days.add((int(parts.get("y") or 0), month, int(parts["d"])))
        return " "

    def time(match: re.Match[str]) -> str:
        hour = int(match["h"])
        if match["half"]:
            hour = hour % 12 + 12 * match["half"].lower().startswith("p")
        seconds.add(hour * 3600 + int(match["m"]) * 60 + int(match["s"] or 0))
        return " "

    for form in _DATES:
        text = form.sub(day, text)
    text = _TIME.sub(time, text)
    return Moments(frozenset(days), frozenset(seconds), text)


def ordinals(days: Iterable[Day]) -> frozenset[int]:
    """Days since the year 1; one without a year stands in each year that others name, else in a leap year of ours.
    What is no day (30 February) is left out."""
    days = list(days)
    years = {year for year, _, _ in days if year} or {2000}
    found = set()
    for year, month, day in days:
        for one in (year,) if year else years:
            with suppress(ValueError):
                found.add(date(one, month, day).toordinal())
    return frozenset(found)


def _english(words: str) -> float:
    """ "two hundred and fifty thousand" -> 250000; 0 where there is no number in it."""
    total = part = 0.0
    for word in re.findall(r"[a-z]+", words.lower()):
        if word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part = (part or 1.0) * 100
        elif word in _LARGE:
            total, part = total + (part or 1.0) * _LARGE[word], 0.0
    return total + part


def _chinese(text: str) -> float:
    """ "一百二十万" -> 1200000; digits one after the other ("一二三") are read as a number."""
    total = group = digit = 0.0  # a float, as digits are read: a number without end is infinite, not an error
    for char in text:
        if char in _HAN_DIGITS:
            digit = digit * 10 + _HAN_DIGITS[char]
        elif char in _HAN_UNITS:
            group, digit = group + (digit or 1) * _HAN_UNITS[char], 0.0
        else:
            total, group, digit = (total + group + digit) * _HAN_GROUPS[char], 0.0, 0.0
    return total + group + digit
