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
    found = tokens(sql)
    ways = {
        "dropped_filter": list(_without_filter(found)),
        "other_column": list(_other_column(found, columns)),
        "other_aggregate": list(_exchanged(found, _other_aggregate)),
        "other_comparison": list(_exchanged(found, lambda token: [_COMPARISONS.get(token.text, "")])),
        "other_constant": list(_exchanged(found, _other_constant)),
        "other_order": list(_exchanged(found, _other_direction)),
    }
    queues = [(mode, rng.sample(made, len(made))) for mode, made in rng.sample(list(ways.items()), len(ways))]
    while any(made for _, made in queues):
        for mode, made in queues:
            if made:
                yield made.pop(), mode


def _exchanged(found: Sequence[Token], instead: object) -> Iterator[str]:
    """The query with one token exchanged for each of what `instead` offers for it."""
    for index, token in enumerate(found):
        for text in instead(token):  # type: ignore[operator]
            if text and text != token.text:
                yield _joined([*found[:index], Token(token.kind, text, token.depth), *found[index + 1 :]])


def _other_aggregate(token: Token) -> list[str]:
    if token.kind != "word" or token.upper not in _AGGREGATES:
        return []
    return [one for one in _AGGREGATES if one != token.upper]


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


def _other_column(found: Sequence[Token], columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A column of the same table in its place."""
    beside = {column.lower(): list(own) for own in columns.values() for column in own}
    yield from _exchanged(
        found,
        lambda token: (
            [one for one in beside.get(token.text.lower(), []) if one.lower() != token.text.lower()]
            if token.kind == "word"
            else []
        ),
    )


def _without_filter(found: Sequence[Token]) -> Iterator[str]:
    """Each condition of each WHERE left out; the word itself where it was the only one."""
    for index, token in enumerate(found):
        if token.kind != "word" or token.upper != "WHERE":
            continue
        end = next(
            (
                place
                for place in range(index + 1, len(found))
                if found[place].depth < token.depth
                or (found[place].depth == token.depth and found[place].upper in (*_ENDS, ")"))
            ),
            len(found),
        )
        cuts = [p for p in range(index + 1, end) if found[p].depth == token.depth and found[p].upper == "AND"]
        if any(found[p].depth == token.depth and found[p].upper in ("OR", "BETWEEN") for p in range(index, end)):
            cuts = []
        starts = [index, *cuts]
        for start, stop in zip(starts, [*cuts, end], strict=True):
            if len(starts) == 1:
                yield _joined([*found[:index], *found[end:]])
            elif start == index:
                yield _joined([*found[: index + 1], *found[stop + 1 :]])
            else:
                yield _joined([*found[:start], *found[stop:]])


def _joined(found: Sequence[Token]) -> str:
    return "".join(token.text for token in found).strip()
