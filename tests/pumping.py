"""Texts that a regular expression might take too long over, made from its own tree: what each of its repeats takes,
many times over, behind what leads to the repeat and before what cannot follow it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

sre: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")

FLAGS = re.IGNORECASE | re.DOTALL | re.ASCII
ALPHABET = "".join((*map(chr, range(32, 127)), "\n\t\x00中。，é٣\u3000\xa0：‹不是“"))
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
CHARS = (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY)
MANY = 8  # a repeat that ends sooner cannot be pumped


def pumps(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """(what stands before, what is repeated), each once."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    wholes = [sample(tree, tree.state.flags, turn) for turn in range(3)]
    found = dict.fromkeys(_pumps(list(tree), tree.state.flags, ""))
    found |= dict.fromkeys(("", text) for whole in wholes for text in (whole, whole[:-1]))
    return [pump for pump in found if pump[1]]


def _pumps(items: list[Any], flags: int, before: str) -> Iterator[tuple[str, str]]:
    for index, (op, value) in enumerate(items):
        lead, rest = before + sample(items[:index], flags, 1), sample(items[index + 1 :], flags, 1)
        if op in REPEATS:
            if value[1] is sre.MAXREPEAT or value[1] > MANY:
                for turn in range(3):
                    body = sample(value[2], flags, turn)
                    yield from ((lead, body), ("", lead + body), ("", body + rest), ("", (lead + body + rest)[:-1]))
            yield from _pumps(list(value[2]), flags, lead)
        elif op is sre.SUBPATTERN:
            yield from _pumps(list(value[3]), _within(flags, value), lead)
        elif op is sre.BRANCH:
            for way in value[1]:
                yield from _pumps(list(way), flags, lead)
        elif op is sre.ATOMIC_GROUP:
            yield from _pumps(list(value), flags, lead)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _pumps(list(value[1]), flags, lead if value[0] > 0 else "")


def _within(flags: int, group: Any) -> int:
    _, added, taken, _ = group
    return (flags | int(added)) & ~int(taken)


def sample(items: Any, flags: int, turn: int, groups: dict[Any, str] | None = None) -> str:
    """A text that a tree matches, its looks passed over; `turn` chooses among branches and characters."""
    groups = {} if groups is None else groups
    return "".join(_sampled(op, value, flags, turn, groups) for op, value in items)


def _sampled(op: Any, value: Any, flags: int, turn: int, groups: dict[Any, str]) -> str:
    if op is sre.LITERAL:
        return chr(value)
    if op in CHARS:
        return _char(_test_of(op, value), flags & FLAGS, turn)
    if op is sre.SUBPATTERN:
        groups[value[0]] = sample(value[3], _within(flags, value), turn, groups)
        return groups[value[0]]
    if op in REPEATS:
        return sample(value[2], flags, turn, groups) * max(min(int(value[0]), 99), turn % 2)
    if op is sre.BRANCH or op is sre.ATOMIC_GROUP:
        way = value[1][turn % len(value[1])] if op is sre.BRANCH else value
        return sample(way, flags, turn, groups)
    return groups.get(value, "") if op is sre.GROUPREF else ""


@cache
def _char(test: str, flags: int, turn: int) -> str:
    """A character that the test holds for, letters first; with `turn` another one where there are several."""
    one = re.compile(test, flags)
    good = sorted(filter(one.match, ALPHABET), key=lambda char: not char.isalnum())
    good = good or [next(char for char in map(chr, range(0x110000)) if one.match(char))]
    return good[turn * 7 % len(good)]


def _test_of(op: Any, value: Any) -> str:
    if op is sre.ANY:
        return "."
    if op is sre.IN:
        return f"[{''.join(map(_member, value))}]"
    return f"[{'^' if op is sre.NOT_LITERAL else ''}\\U{value:08x}]"


def _member(entry: tuple[Any, Any]) -> str:
    op, value = entry
    if op is sre.NEGATE:
        return "^"
    if op is sre.CATEGORY:
        letter = str(value).rpartition("_")[2][0].lower()
        return f"\\{letter.upper() if 'NOT' in str(value) else letter}"
    return "-".join(f"\\U{code:08x}" for code in (value if op is sre.RANGE else [value]))
