"""Does one step of arithmetic lead from known numbers to a stated one?

Knows sorted arrays of numbers, no texts. A step is a unit, a sum, a difference, a product, a ratio, a percentage or a
change by one. For each known operand a step names the interval in which the other operand would have to stand, and
binary search tells whether one stands there: O(n log n) a step, so no count of numbers is too many to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Span = tuple[float, float]  # a stated number, from its least to its greatest value before rounding

_TIME, _TENS = (7, 12, 24, 30, 52, 60, 365, 1440, 3600, 86400), (10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e12)
_MEASURES = (np.pi, 1024, 1024**2, 1024**3, 1.609344, 0.45359237, 2.54, 0.3048, 3.6, 28.349523, 3.785412, 4.184)
UNITS = np.array([1, *_TIME, *_TENS, *_MEASURES], float)
COUNTS = np.arange(2, 13, dtype=float)  # of people, nights, parts: said in words or not at all
_PARTS = 200  # numbers of one answer of which three are added up: a longer list has its total among its runs
_EXACT = 1e-9  # what binary fractions add to a span, relatively


def sorted_numbers(values: Iterable[float]) -> Numbers:
    """Each finite value once, ascending, without its sign; not zero, which changes nothing and divides nothing."""
    distinct: Numbers = np.unique(np.abs(np.fromiter(values, float)))
    return distinct[np.isfinite(distinct) & (distinct > 0)]


def span_of(number: str) -> Span:
    """The values that rounding or cutting could have turned into `number` ("12.50", "3000")."""
    whole, _, decimals = number.partition(".")
    step = 10.0 ** -len(decimals) if decimals else 0.51 * 10 ** (len(whole) - len(whole.rstrip("0")))
    value = float(number)
    return value - step, value + step


def reached(span: Span, known: Numbers) -> bool:
    """Whether one step leads from two of `known` (of `sorted_numbers`) into `span`."""
    return bool(len(known)) and any(_meets(known, low, high) for low, high in _partners(span, known))


def restated(span: Span, known: Numbers) -> bool:
    """Whether a known number stands in `span`, in the same unit or another."""
    low, high = span
    ends = [(low / UNITS, high / UNITS), (low * UNITS, high * UNITS), _ends(100 - high, 100 - low, 1 - high, 1 - low)]
    ends.append(_ends((low - 32) / 1.8, (high - 32) / 1.8, low * 1.8 + 32, high * 1.8 + 32))  # Celsius and Fahrenheit
    ends.append(_ends(low - 273.15, high - 273.15, low + 273.15, high + 273.15))
    return any(_meets(known, *end) for end in ends)


def summed(span: Span, parts: Sequence[float]) -> bool:
    """Whether three of `parts`, or some that stand one after the other, add up to a value in `span`."""
    low, high = span
    runs = np.concatenate([[0.0], np.cumsum(parts)])
    three = sorted_numbers(parts[:_PARTS])
    pairs = np.add.outer(three, three).ravel()
    return _meets(np.sort(runs), low + runs, high + runs) or _meets(three, low - pairs, high - pairs)


def apart(span: Span, points: Numbers, units: Sequence[float]) -> bool:
    """Whether two of `points` are as far from each other as `span` says in one of `units`."""
    low, high = span
    return any(_meets(points, low * unit + points, high * unit + points) for unit in units)


def _meets(known: Numbers, low: Numbers, high: Numbers) -> bool:
    low, high = low - _EXACT * np.abs(low), high + _EXACT * np.abs(high)
    return bool(np.any(np.searchsorted(known, low) < np.searchsorted(known, high, "right")))


def _partners(span: Span, known: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    """For each known number and each step the interval of the other operand, the most frequent steps first."""
    low, high = span
    yield low + known, high + known  # a difference
    yield low - known, high - known  # a sum
    factors = np.concatenate([known, COUNTS])
    for unit in (1.0, 100.0):
        yield low * unit / factors, high * unit / factors  # a product, a percentage of
        yield low / unit * factors, high / unit * factors  # a ratio, a share in percent
    rates = known[known < 100] / 100
    yield low / (1 + rates), high / (1 + rates)  # what has grown or shrunk by a percentage
    yield low / (1 - rates), high / (1 - rates)
    yield known * (1 + low / 100), known * (1 + high / 100)  # by how many percent one is more or less than another
    yield known * (1 - high / 100), known * (1 - low / 100)


def _ends(low: float, high: float, also_low: float, also_high: float) -> tuple[Numbers, Numbers]:
    return np.array([low, also_low]), np.array([high, also_high])
