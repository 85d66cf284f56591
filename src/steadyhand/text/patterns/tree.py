"""A pattern as a tree of the few forms that a linear-time machine knows, read by the parser of Python's own `re`.

Knows syntax; runs nothing. What a pattern matches is decided only by its tree: which match would be found first
(greedy or lazy) and what groups hold makes no difference to whether there is one.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from steadyhand.errors import UsageError

MAX_LENGTH = 20_000  # characters of a pattern
MAX_WRITTEN = 400_000  # of one whose properties of Unicode are written out
MAX_SIZE = 20_000  # characters and branches of a pattern, its counted repeats written out

# Private, but in this form in every Python since 3.11; the tests hold its answers against those of `re` itself.
_parser: Any = importlib.import_module("re._parser")

_CATEGORIES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
_PLACES = {
    "AT_BEGINNING": "^",
    "AT_BEGINNING_STRING": r"\A",
    "AT_BOUNDARY": r"\b",
    "AT_NON_BOUNDARY": r"\B",
    "AT_END": "$",
    "AT_END_STRING": r"\Z",
}
_NOT_LINEAR = {
    "GROUPREF": ("a back-reference", r"\\[1-9]|\(\?P=", "write out what it repeats"),
    "GROUPREF_EXISTS": ("a condition on a group", r"\(\?\(", "write both cases, with | between them"),
    "ATOMIC_GROUP": ("an atomic group", r"\(\?>", "write (?:...) instead of (?>...)"),
    "POSSESSIVE_REPEAT": ("a possessive repeat", r"[*+?}]\+", "leave the second + out"),
}


class PatternError(UsageError):
    """A pattern that cannot be used: `what` is wrong with it, `at` which character (from 0; None: all of it)."""

    def __init__(self, what: str, at: int | None, next: str) -> None:
        super().__init__(what if at is None else f"{what} at character {at}", next=next)
        self.at = at


@dataclass(frozen=True, slots=True)
class Char:
    """One character, for which the regular expression `test` holds."""

    test: str
    flags: int


@dataclass(frozen=True, slots=True)
class At:
    """A place between two characters where the regular expression `test` holds (`^`, `\\b`)."""

    test: str
    flags: int


@dataclass(frozen=True, slots=True)
class Look:
    """A place from which `body` matches onwards, or up to which it does when `behind`; or does not when `negative`."""

    body: Node
    behind: bool
    negative: bool


@dataclass(frozen=True, slots=True)
class Concatenation:
    """One part after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the parts; of none, nothing matches."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`body` between `least` and `most` times; `most` None is without end."""

    body: Node
    least: int
    most: int | None


Node = Char | At | Look | Concatenation | Choice | Repeat


def parse(source: str, flags: int = 0, limit: int = MAX_LENGTH) -> Node:
    """The tree of a pattern in Python's syntax. Raises PatternError for what is no pattern, or too large, and for what
    no linear-time machine can do: back-references, conditions, atomic groups and possessive repeats."""
    refuse_long(source, limit)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `[[`: what Python may once read otherwise, we do not
            parsed = _parser.parse(source, flags)
        tree = _Reader(source).row(parsed, parsed.state.flags)
        total = size(tree)
    except re.error as error:
        raise PatternError(f"not a regular expression: {error.msg}", error.pos, _ESCAPE) from None
    except (OverflowError, RecursionError):
        raise PatternError("a pattern that is nested too deeply, or counts too far", None, "make it simpler") from None
    if total > MAX_SIZE:
        what = f"a pattern of {total:,} characters, its counted repeats written out; {MAX_SIZE:,} can be run"
        raise PatternError(what, None, "use smaller counts, or * and +")
    return tree


def refuse_long(source: str, limit: int = MAX_LENGTH) -> None:
    if len(source) > limit:
        raise PatternError(f"a pattern of {len(source):,} characters; {limit:,} are read", None, "make it shorter")


_ESCAPE = r"escape ( ) [ ] * + ? . with \ to mean them"


class _Reader:
    """From the parser's tree to ours."""

    def __init__(self, source: str) -> None:
        self._source = source

    def row(self, items: Iterable[tuple[Any, Any]], flags: int) -> Node:
        parts = tuple(self._node(str(kind), value, flags) for kind, value in items)
        return parts[0] if len(parts) == 1 else Concatenation(parts)

    def _node(self, kind: str, value: Any, flags: int) -> Node:
        if kind in _NOT_LINEAR:
            raise self._refused(*_NOT_LINEAR[kind])
        match kind:
            case "SUBPATTERN":
                _, added, taken, body = value
                return self.row(body, _combined(flags, added, taken))
            case "BRANCH":
                return Choice(tuple(self.row(part, flags) for part in value[1]))
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, body = value
                return Repeat(self.row(body, flags), int(least), None if most is _parser.MAXREPEAT else int(most))
            case "ASSERT" | "ASSERT_NOT":
                direction, body = value
                return Look(self.row(body, flags), direction < 0, kind == "ASSERT_NOT")
            case "AT":
                return At(_PLACES[str(value)], flags & (re.MULTILINE | re.ASCII))
        return (
            Choice(())
            if kind == "FAILURE"
            else Char(_test(kind, value), flags & (re.IGNORECASE | re.DOTALL | re.ASCII))
        )

    def _refused(self, name: str, spelled: str, next: str) -> PatternError:
        found = (one for one in re.finditer(rf"{spelled}|\\.", self._source, re.DOTALL))
        at = _first(one for one in found if re.fullmatch(spelled, one[0]))
        return PatternError(f"{name}, which cannot be matched in linear time,", at, next)


def _first(found: Iterable[re.Match[str]]) -> int | None:
    return next((one.start() for one in found), None)


def _combined(flags: int, added: int, taken: int) -> int:
    """The flags inside a group such as (?i-s:...)."""
    if added & (re.ASCII | re.UNICODE):
        flags &= ~(re.ASCII | re.UNICODE)
    return (flags | added) & ~taken


def _test(kind: str, value: Any) -> str:
    """The regular expression for one character."""
    if kind == "ANY":
        return "."
    if kind == "IN":
        return f"[{''.join(_member(str(item), given) for item, given in value)}]"
    literal = re.escape(chr(value))
    return literal if kind == "LITERAL" else f"[^{literal}]"


def _member(kind: str, value: Any) -> str:
    """What stands for one entry of a set of characters."""
    if kind == "NEGATE":
        return "^"
    if kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_")
        negated = name.startswith("NOT_")
        spelled = _CATEGORIES[name.removeprefix("NOT_")]
        return spelled.upper() if negated else spelled
    if kind == "RANGE":
        return f"{_escaped(value[0])}-{_escaped(value[1])}"
    return _escaped(value)


def _escaped(code: int) -> str:
    return rf"\U{code:08x}"


def size(node: Node) -> int:
    """Characters and branches once counted repeats are written out; what is looked for ahead and behind counts too."""
    match node:
        case Char() | At():
            return 1
        case Look(body=body):
            return 1 + size(body)
        case Repeat(body=body, least=least, most=most):
            return 1 + size(body) * max(least + 1 if most is None else most, 1) + (0 if most is None else most - least)
        case Concatenation(parts=parts) | Choice(parts=parts):
            return len(parts) + sum(map(size, parts))


def looks(node: Node) -> Sequence[At | Look]:
    """The places that a tree asks about, each once, inner ones before those that need them."""
    found: dict[At | Look, None] = {}
    _collect(node, found)
    return list(found)


def _collect(node: Node, found: dict[At | Look, None]) -> None:
    match node:
        case At():
            found[node] = None
        case Look(body=body):
            _collect(body, found)
            found[node] = None
        case Repeat(body=body):
            _collect(body, found)
        case Concatenation(parts=parts) | Choice(parts=parts):
            for part in parts:
                _collect(part, found)
