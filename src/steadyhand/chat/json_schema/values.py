"""JSON values as validation needs them: their types, one text for equal ones, a short form for messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from steadyhand.chat.messages import Json
from steadyhand.text.budget import Budget

_SHOWN_CHARS, _SHOWN_ITEMS, _SHOWN_LEVELS = 200, 8, 3
_MANY_BITS = 4096  # a number beyond is shown and compared without its decimal digits, which take quadratic time


def is_number(value: Json) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_integer(value: Json) -> bool:
    """By value: 3.0 is one."""
    if isinstance(value, float):
        return value.is_integer()
    return is_number(value) and (isinstance(value, int) or value == value.to_integral_value())


IS_TYPE: dict[str, Callable[[Json], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": is_integer,
    "null": lambda value: value is None,
    "number": is_number,
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}


def canonical(value: Json, budget: Budget) -> str:
    """One text for values that are equal as JSON (1 and 1.0 are, 1 and true are not)."""
    return json.dumps(_plain(value, budget), sort_keys=True)


def _plain(value: Json, budget: Budget) -> Json:
    budget.spend(1 + len(value) // 64 if isinstance(value, str | list | dict) else 1)
    if isinstance(value, dict):
        return {str(key): _plain(item, budget) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, budget) for item in value]
    if not is_number(value):
        return value
    whole = int(value) if is_integer(value) else float(value)
    return hex(whole) if isinstance(whole, int) and whole.bit_length() > _MANY_BITS else whole


def is_multiple(value: Json, unit: Json) -> bool:
    """Exactly, in decimals as they are written: 0.3 is three times 0.1."""
    try:
        return (_fraction(value) / _fraction(unit)).denominator == 1
    except (ValueError, OverflowError, ZeroDivisionError):  # no finite number
        return False


def _fraction(value: Json) -> Fraction:
    return Fraction(value if isinstance(value, int) else str(value))


def shown(value: Json, levels: int = _SHOWN_LEVELS) -> str:
    """The value as Python writes it, cut where it is long; takes no time for what is not shown."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN_CHARS else f"{value[:_SHOWN_CHARS]}...")
    if isinstance(value, int) and value.bit_length() > _MANY_BITS:
        return f"a number of {value.bit_length():,} bits"
    if not isinstance(value, dict | list):
        return repr(value)
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    if value and not levels:
        return f"{opened}...{closed}"
    first = [item for item, _ in zip(value, range(_SHOWN_ITEMS), strict=False)]
    if isinstance(value, dict):
        inner = [f"{shown(key)}: {shown(value[key], levels - 1)}" for key in first]
    else:
        inner = [shown(item, levels - 1) for item in first]
    return opened + ", ".join([*inner, "..."] if len(value) > _SHOWN_ITEMS else inner) + closed
