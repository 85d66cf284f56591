"""A right query made wrong, the way models do it: another column, a dropped filter, another constant, another sum.

Works on tokens, so the result may not even run; the caller shows by running it that it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from steadyhand.checks.sql.text import Token, tokens

_AGGREGATES = ("SUM", "COUNT", "AVG", "MIN", "MAX")
_COMPARISONS = {">": ">=", ">=": ">", "<": "<=", "<=": "<", "=": "<>", "<>": "=", "!=": "="}
_ENDS = ("GROUP", "ORDER", "LIMIT", "HAVING", "UNION", "INTERSECT", "EXCEPT", "WINDOW")


def spoiled(sql: str, columns: Mapping[str, Sequence[str]], rng: Random) -> Iterator[tuple[str, str]]:
    """(query, mode) pairs in an order drawn by `rng`, one of each mode before a second of any."""
    query = tokens(sql)
    ways = {
        "dropped_filter": list(_without_filter(query)),
        "other_column": list(_other_column(query, columns)),
        "other_aggregate": list(_exchanged(query, _other_aggregate)),
        "other_comparison": list(_exchanged(query, lambda token: [_COMPARISONS.get(token.text, "")])),
        "other_constant": list(_exchanged(query, _other_constant)),
        "other_order": list(_exchanged(query, _other_direction)),
    }
    queues = [(mode, rng.sample(made, len(made))) for mode, made in rng.sample(list(ways.items()), len(ways))]
    while any(made for _, made in queues):
        for mode, made in queues:
            if made:
                yield made.pop(), mode


def _exchanged(query: Sequence[Token], instead: object) -> Iterator[str]:
    """The query with one token exchanged for each of what `instead` offers for it."""
    for index, token in enumerate(query):
        for text in instead(token):  # type: ignore[operator]
            if text and text != token.text:
                yield _joined([*query[:index], Token(token.kind, text, token.depth), *query[index + 1 :]])


def _other_aggregate(token: Token) -> list[str]:
    if token.kind != "word" or token.upper not in _AGGREGATES:
        return []
    return [aggregate for aggregate in _AGGREGATES if aggregate != token.upper]


def _other_constant(token: Token) -> list[str]:
    if token.kind == "number" and token.text.isdigit():
        return [str(int(token.text) + 1), str(int(token.text) * 10)]
    number = re.search(r"\d+", token.text) if token.kind == "string" else None
    if number is None:
        return []
    moved = str(int(number.group()) % 12 + 1).zfill(len(number.group()))
    return [token.text[: number.start()] + moved + token.text[number.end() :]]


def _other_direction(token: Token) -> list[str]:
    return {"DESC": ["ASC"], "ASC": ["DESC"]}.get(token.upper, []) if token.kind == "word" else []


def _other_column(query: Sequence[Token], columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A column of the same table in its place."""
    beside = {column.lower(): list(own) for own in columns.values() for column in own}
    yield from _exchanged(
        query,
        lambda token: (
            [name for name in beside.get(token.text.lower(), []) if name.lower() != token.text.lower()]
            if token.kind == "word"
            else []
        ),
    )


def _without_filter(query: Sequence[Token]) -> Iterator[str]:
    """Each condition of each WHERE left out; the word itself where it was the only one."""
    for index, token in enumerate(query):
        if token.kind != "word" or token.upper != "WHERE":
            continue
        end = next(
            (
                place
                for place in range(index + 1, len(query))
                if query[place].depth < token.depth
                or (query[place].depth == token.depth and query[place].upper in (*_ENDS, ")"))
            ),
            len(query),
        )
        cuts = [p for p in range(index + 1, end) if query[p].depth == token.depth and query[p].upper == "AND"]
        if any(query[p].depth == token.depth and query[p].upper in ("OR", "BETWEEN") for p in range(index, end)):
            cuts = []
        starts = [index, *cuts]
        for start, stop in zip(starts, [*cuts, end], strict=True):
            if len(starts) == 1:
                yield _joined([*query[:index], *query[end:]])
            elif start == index:
                yield _joined([*query[: index + 1], *query[stop + 1 :]])
            else:
                yield _joined([*query[:start], *query[stop:]])


def _joined(query: Sequence[Token]) -> str:
    return "".join(token.text for token in query).strip()
