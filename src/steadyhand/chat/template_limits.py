"""What a chat template may use up: how much work its steps count, how large a value may be, how long a text may grow.

A value is weighed with all that it holds, each part as often as it is held; what may grow is measured before it does.
Knows no template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import BuiltinMethodType
from typing import Any

from jinja2.utils import Namespace

from steadyhand.errors import LimitError
from steadyhand.text.budget import Budget

STEPS, SECONDS = 2_000_000, 10.0
LARGEST = 5_000_000  # characters of one text, or of all texts within one value, each part counted as ten
_PART = 10
LONGEST = 20_000_000  # characters that are written
LARGEST_TEMPLATE = 1_000_000
LARGEST_NUMBER = 1_000_000  # of widths, counts and sizes
_BITS = 100_000  # of a whole number
PER_STEP = 64  # characters or values that take as long as a step
_WIDE = re.compile(r"\d{6}|[{*]")  # of a width: millions, or what a value decides
_PLACE = re.compile(r"%(?:\([^()]*\))?([^a-zA-Z%]*)")
_AFTER = "use another template, or shorten the dialogue"
_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def budgeted(seconds: float) -> Iterator[None]:
    """Within it, steps are counted against one budget."""
    token = _budget.set(Budget(STEPS, "the chat template", seconds=seconds, next=_AFTER))
    try:
        yield
    finally:
        _budget.reset(token)


def too_much(why: str) -> LimitError:
    return LimitError(f"the chat template asks for too much: {why}", next=_AFTER)


def spend(steps: int) -> None:
    budget = _budget.get()
    if budget is not None:  # there is none while a template is compiled
        budget.spend(steps)


def weighed(value: Any) -> Any:
    """The value, once it is known that all that it holds, counted as often as it is held, is not too large."""
    total, waiting = 0, [value]
    while waiting:
        part = waiting.pop()
        total += _PART
        if isinstance(part, str | bytes):
            total += len(part)
        elif isinstance(part, Mapping):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set | frozenset):
            waiting += part
        elif isinstance(part, Namespace):
            waiting += object.__getattribute__(part, "_Namespace__attrs").values()
        elif isinstance(part, int):
            _check_bits(part.bit_length())
        if total + _PART * len(waiting) > LARGEST + _PART:
            raise too_much(f"a value of more than {LARGEST:,} characters, or {LARGEST // _PART:,} parts")
    spend(1 + total // PER_STEP)
    return value


def check_size(size: int) -> None:
    if size > LARGEST:
        raise too_much(f"a value of {size:,} characters or parts, {LARGEST:,} are allowed")


def _check_bits(bits: int) -> None:
    if bits > _BITS:
        raise too_much("a whole number of tens of thousands of digits")


def check_numbers(values: Iterable[Any]) -> None:
    for value in values:
        if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
            raise too_much(f"a width, count or size of {LARGEST_NUMBER:,} or more")


def measured(made: Any) -> Any:
    check_size(len(made))
    spend(1 + len(made) // PER_STEP)
    return made


def check_growth(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Filters whose text may be far longer than all that they are given."""
    texts = [value for value in (*args, *kwargs.values()) if isinstance(value, str)]
    numbers = [value for value in (*args[1:], *kwargs.values()) if isinstance(value, int)]
    if name == "replace" and len(texts) > 2:
        _check_replace(*texts[:3])
    elif name == "indent":
        wide = max([4, *numbers, *(len(text) for text in texts[1:])])
        check_size(str(args[0]).count("\n") * wide)
    elif name == "join":
        held = args[0] if isinstance(args[0], list | tuple | Mapping | str) else ()
        check_size(len(held) * max([0, *(len(text) for text in texts[isinstance(args[0], str) :])]))
    elif name == "format":
        check_format(_PLACE.findall(str(args[0])))


def _check_replace(text: str, old: str, new: str) -> None:
    if len(new) > len(old):
        check_size(len(text) + (text.count(old) if old else len(text) + 1) * len(new))


def check_format(widths: Iterable[str]) -> None:
    if any(map(_WIDE.search, widths)):
        raise too_much("a format with a width of a million, or one that a value decides")


def check_method(method: BuiltinMethodType, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Methods of texts, numbers and lists."""
    name, home = method.__name__, method.__self__
    check_numbers((*args, *kwargs.values()))
    for value in (*args, *kwargs.values()):
        weighed(value)
    if name in ("index", "count"):
        weighed(home)
    if isinstance(home, str):
        if name == "replace" and len(args) > 1 and all(isinstance(argument, str) for argument in args[:2]):
            _check_replace(home, *args[:2])
        elif name == "join" and args and isinstance(args[0], list | tuple | Mapping | str):
            check_size(len(args[0]) * len(home))
        elif name == "expandtabs":
            check_size(home.count("\t") * max([8, *(argument for argument in args if isinstance(argument, int))]))


def _check_sum(left: Any, right: Any) -> None:
    if hasattr(left, "__len__") and hasattr(right, "__len__"):
        check_size(len(left) + len(right))
        spend((len(left) + len(right)) // PER_STEP)


def _check_product(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
    for many, times in ((left, right), (right, left)):
        if isinstance(times, int) and isinstance(many, str | bytes | list | tuple):
            check_size(len(many) * times)
            spend(len(many) * max(times, 0) // PER_STEP)


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * abs(right))


def _check_remainder(left: Any, right: Any) -> None:
    if isinstance(left, str | bytes):
        check_format(_PLACE.findall(left if isinstance(left, str) else left.decode("latin-1")))
        weighed(right)


OPERATOR_CHECKS: dict[str, Callable[[Any, Any], None]] = {
    "+": _check_sum, "*": _check_product, "**": _check_power, "%": _check_remainder,
}  # fmt: skip
