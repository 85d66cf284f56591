"""Covering arrays: few rows in which every two values of different factors meet at least once.

Greedy, one row at a time (after Cohen et al. 1997, AETG): of rows begun at several open pairs the one that covers most
is kept. Fixed orders and no chance, so the same holes give the same rows. Knows factors and values only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice

Factors = Mapping[str, Sequence[str]]
Row = dict[str, str]  # factor -> value; a factor that is left out may have any value
Pair = tuple[tuple[str, str], tuple[str, str]]  # two (factor, value), in the order of the factors

STARTS = 24  # open pairs that a row is begun at, to keep the best


def pairs_of(row: Mapping[str, str], factors: Factors) -> Iterator[Pair]:
    """The pairs that a row covers; values that the factors do not list are passed over."""
    return combinations([(name, row[name]) for name, values in factors.items() if row.get(name) in values], 2)


def all_pairs(factors: Factors) -> list[Pair]:
    """Every pair of values of two factors, in order."""
    return [
        ((one, a), (other, b)) for one, other in combinations(factors, 2) for a in factors[one] for b in factors[other]
    ]


def open_pairs(factors: Factors, rows: Iterable[Mapping[str, str]]) -> list[Pair]:
    """The pairs that no row covers, in order."""
    covered = {pair for row in rows for pair in pairs_of(row, factors)}
    return [pair for pair in all_pairs(factors) if pair not in covered]


def covering_rows(factors: Factors, rows: Iterable[Mapping[str, str]] = ()) -> list[Row]:
    """Rows that together with `rows` cover every pair. Each covers an open pair, so they are never more than the open
    pairs, nor than the full product; at least `least_rows` are needed whoever chooses them."""
    still = dict.fromkeys(open_pairs(factors, rows))
    made: list[Row] = []
    while still:
        candidates = [_filled(dict(pair), factors, still) for pair in islice(still, STARTS)]
        best = max(candidates, key=lambda row: sum(pair in still for pair in pairs_of(row, factors)))
        made.append(best)
        for pair in pairs_of(best, factors):
            still.pop(pair, None)
    return made


def least_rows(still: Iterable[Pair]) -> int:
    """A lower bound: one row covers one pair of each two factors."""
    counts: dict[tuple[str, str], int] = {}
    for (one, _), (other, _) in still:
        counts[one, other] = counts.get((one, other), 0) + 1
    return max(counts.values(), default=0)


def _filled(row: Row, factors: Factors, still: Mapping[Pair, None]) -> Row:
    """The row with the value of each further factor that covers most open pairs with what it has; a factor that covers
    none stays open."""
    for name, values in factors.items():
        if name not in row:
            gain, _, value = max(
                (_gain(row, name, value, factors, still), -at, value) for at, value in enumerate(values)
            )
            if gain:
                row = {factor: value if factor == name else row[factor] for factor in factors if factor in {*row, name}}
    return row


def _gain(row: Row, name: str, value: str, factors: Factors, still: Mapping[Pair, None]) -> int:
    order = list(factors)
    here, at = (name, value), order.index(name)
    return sum(
        ((factor, other), here) in still if order.index(factor) < at else (here, (factor, other)) in still
        for factor, other in row.items()
    )
