"""JSON with nothing lost: numbers as exact decimals, duplicate keys and NaN refused (RFC 8259).

Python's own parser rounds `0.1000000000000000055` to 0.1, keeps the last of two equal keys and accepts NaN; a score
that compares values must not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from steadyhand.chat.messages import Json

MAX_DIGITS = 400  # a float has at most 309 digits before the point; a longer number is noise, not data


class JsonError(ValueError):
    """The text is not JSON; the message says why and where."""


def loads(text: str) -> Json:
    """The value of `text`, with every number a Decimal. Raises JsonError, also for numbers beyond a double's range."""
    try:
        value = json.loads(
            text, parse_int=_number, parse_float=_number, parse_constant=_refuse, object_pairs_hook=_unique
        )
        text.encode("utf-8")
        if "\\u" in text:
            _surrogates(value)
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise JsonError("nested too deeply") from error
    except UnicodeEncodeError as error:
        raise JsonError("a lone surrogate is no character") from error
    return value


def plain(value: Json) -> Json:
    """The same value with ordinary ints and floats, for code that knows only JSON's types."""
    if isinstance(value, Decimal):
        return int(value) if value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def decimal(value: Json) -> Decimal | None:
    """A JSON number as an exact decimal (a float as its shortest spelling: 0.1 is 0.1); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)


def kind(value: Json) -> str:
    """The JSON type's name: null, boolean, number, string, array or object."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Mapping):
        return "object"
    return "array" if isinstance(value, Sequence) else "number"


def equal(a: Json, b: Json) -> bool:
    """Equal as JSON: types first (a boolean is no number), numbers by exact value, strings by code point, arrays in
    order, objects without order."""
    if kind(a) != kind(b):
        return False
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if kind(a) == "array":
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    if kind(a) == "number":
        return decimal(a) == decimal(b)
    return bool(a == b)


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise JsonError(f"number out of range: {text[:40]}") from error
    if len(text) > MAX_DIGITS or abs(float(value)) == float("inf"):
        raise JsonError(f"number out of range: {text[:40]}")
    return value


def _refuse(name: str) -> NoReturn:
    raise JsonError(f"{name} is no JSON value")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonError(f"duplicate key {twice[:100]!r}")
    return value


def _surrogates(value: Json) -> None:
    """Raises UnicodeEncodeError for a string that no file could hold (an escape like \\ud800 without its partner)."""
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, dict):
        for key, item in value.items():
            _surrogates(key)
            _surrogates(item)
    elif isinstance(value, list):
        for item in value:
            _surrogates(item)
