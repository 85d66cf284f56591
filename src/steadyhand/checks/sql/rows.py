"""Are two results the same rows? As multisets, or in order where the order is due. Knows values, no SQL.

Numbers are equal by value (5 and 5.0), floats within a relative 1e-9; text by code point; NULL equals NULL.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

Value = None | int | float | str | bytes
Row = Sequence[Value]
RELATIVE, ABSOLUTE = 1e-9, 1e-9
MATCHED_AT_MOST = 200  # rows that differ in nothing but floats and are paired one by one


def same_multiset(a: Sequence[Row], b: Sequence[Row]) -> bool:
    """Whether the rows are the same, in any order and with the same repeats.

    >>> same_multiset([(1, "x"), (2.0, "y")], [(2, "y"), (1.0, "x")])
    True
    """
    if len(a) != len(b):
        return False
    if Counter(map(_exact, a)) == Counter(map(_exact, b)):
        return True
    groups_a, groups_b = _by_rest(a), _by_rest(b)
    return groups_a.keys() == groups_b.keys() and all(_pair(groups_a[key], groups_b[key]) for key in groups_a)


def segments(rows: Sequence[Row], other_way: Sequence[Row]) -> list[tuple[int, int]] | None:
    """Where rows may swap: the shortest runs that hold the same rows in both results of one query, which a database was
    made to read in two ways. None when the results do not hold the same rows at all: then luck decides what the query
    returns."""
    if not same_multiset(rows, other_way):
        return None
    runs, start = [], 0
    balance: Counter[Hashable] = Counter()
    for index, (one, other) in enumerate(zip(rows, other_way, strict=True)):
        balance[_rough(one)] += 1
        balance[_rough(other)] -= 1
        if not any(balance.values()):
            runs.append((start, index + 1))
            start = index + 1
    return runs if start == len(rows) else [*runs, (start, len(rows))]


def same_in_segments(a: Sequence[Row], b: Sequence[Row], runs: Sequence[tuple[int, int]]) -> bool:
    """Whether `b` has the rows of `a` run by run."""
    return len(a) == len(b) and all(same_multiset(a[start:end], b[start:end]) for start, end in runs)


def _exact(row: Row) -> Hashable:
    return tuple(map(_key, row))


def _key(value: Value) -> Hashable:
    """Python holds 5 == 5.0 and hashes them alike; a text never equals a number."""
    if isinstance(value, float) and math.isnan(value):
        return ("nan",)
    return ("number", value) if isinstance(value, (int, float)) else (type(value).__name__, value)


def _rough(row: Row) -> Hashable:
    """Equal for rows that differ in the last digits of floats only (up to where rounding falls)."""
    return tuple(("number", float(f"{value:.7g}")) if isinstance(value, float) else _key(value) for value in row)


def _by_rest(rows: Sequence[Row]) -> dict[Hashable, list[list[float]]]:
    """The numbers of each row, grouped by everything else in it."""
    groups: dict[Hashable, list[list[float]]] = {}
    for row in rows:
        numeric = [isinstance(value, (int, float)) for value in row]
        rest = tuple(None if number else _key(value) for value, number in zip(row, numeric, strict=True))
        numbers = [float(v) if abs(v) < 1e300 else math.inf for v in row if isinstance(v, (int, float))]
        groups.setdefault((rest, tuple(numeric)), []).append(numbers)
    return groups


def _pair(a: list[list[float]], b: list[list[float]]) -> bool:
    """Whether the rows of numbers can be paired so that each pair is close."""
    if len(a) != len(b):
        return False
    if all(_close(one, other) for one, other in zip(sorted(a), sorted(b), strict=True)):
        return True
    return len(a) <= MATCHED_AT_MOST and _matching(a, b)


def _matching(a: list[list[float]], b: list[list[float]]) -> bool:
    """Augmenting paths: closeness is no order, so neighbors in one sorting need not be partners."""
    partner: dict[int, int] = {}

    def place(one: int, tried: set[int]) -> bool:
        for other in range(len(b)):
            if other not in tried and _close(a[one], b[other]):
                tried.add(other)
                if other not in partner or place(partner[other], tried):
                    partner[other] = one
                    return True
        return False

    return all(place(one, set()) for one in range(len(a)))


def _close(a: list[float], b: list[float]) -> bool:
    return all(math.isclose(x, y, rel_tol=RELATIVE, abs_tol=ABSOLUTE) for x, y in zip(a, b, strict=True))


def _equal(a: Row, b: Row) -> bool:
    return same_multiset([a], [b])
