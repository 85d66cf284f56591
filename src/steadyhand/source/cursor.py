"""A cursor over data that knows where each value stands, so that every complaint names file:line:column.

Knows shapes (text, list, mapping, choice) and how to complain; knows nothing of what a domain folder holds.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError, Place

Path = tuple[str | int, ...]
MAX_DEPTH = 64  # deeper data would overflow the stack of a template or a JSON encoder further on


class Source(Protocol):
    """Plain data and the place of each of its values (or, with `key`, of that key in the mapping at `path`)."""

    file: str
    data: Json

    def place(self, path: Path, key: str | None = None) -> Place: ...


@dataclass(frozen=True)
class ValueProblem:
    """What is wrong at `path`, and what to do next."""

    path: Path
    what: str
    next: str


def unsound(value: Json, path: Path = ()) -> ValueProblem | None:
    """The first value that no JSON file could carry further: half a surrogate pair, inf or nan, absurd nesting."""
    return None if _sound(value, len(path)) else _first_problem(value, path)


def _sound(value: Json, depth: int) -> bool:
    """Whether there is no problem; keeps no path, which would cost more than the looking."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_encodable, value)) and all(_sound(child, depth + 1) for child in value.values())
    return not isinstance(value, list) or all(_sound(child, depth + 1) for child in value)


def _first_problem(value: Json, path: Path) -> ValueProblem | None:
    if len(path) > MAX_DEPTH:
        return ValueProblem(path, f"nested more than {MAX_DEPTH} levels deep", "flatten the data")
    if isinstance(value, str):
        return (
            None
            if _encodable(value)
            else ValueProblem(path, "the text holds half a surrogate pair", "remove the escape")
        )
    if isinstance(value, float) and not math.isfinite(value):
        return ValueProblem(path, "the number is not finite", "use a finite number, or put quotes around it")
    children: Iterable[tuple[str | int, Json]] = ()
    if isinstance(value, dict):
        if not all(map(_encodable, value)):
            return ValueProblem(path, "a key holds half a surrogate pair", "remove the escape")
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    return next(filter(None, (_first_problem(child, (*path, step)) for step, child in children)), None)


def _encodable(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


class Cursor:
    """One value of a source. Reading methods return typed values or raise DomainError at the right place.

    An optional key whose value is null counts as absent.
    """

    def __init__(self, source: Source, path: Path = ()) -> None:
        self.source, self.path = source, path
        value = source.data
        for step in path:
            value = value[step]
        self.value: Json = value

    def at(self, *steps: str | int) -> Cursor:
        return Cursor(self.source, (*self.path, *steps))

    @property
    def place(self) -> Place:
        return self.source.place(self.path)

    def error(self, what: str, next: str, *, key: str | None = None) -> DomainError:
        """A complaint at this value, or at its `key` when given."""
        return DomainError(what, where=self.source.place(self.path, key), next=next)

    def fields(self, required: Sequence[str], optional: Sequence[str] = ()) -> Cursor:
        """This value is a mapping that has all `required` keys and no key beyond `required` + `optional`."""
        known = [*required, *optional]
        if not isinstance(self.value, dict):
            raise self.error(f"expected a mapping, found {kind_of(self.value)}", f"write keys: {', '.join(known)}")
        for key in self.value:
            if key not in known:
                raise self.error(f"unknown key {key!r}", suggestion(key, known), key=key)
        for key in required:
            self.require(key)
        return self

    def require(self, key: str) -> None:
        """This value is a mapping that has `key`."""
        if not isinstance(self.value, dict):
            raise self.error(f"expected a mapping, found {kind_of(self.value)}", f"write `{key}: ...`")
        if key not in self.value:
            raise self.error(f"the key {key!r} is missing", f"add `{key}:` here")

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """Text that is not blank; `default` where the key is absent, else an error."""
        if not self.has(key) and default is not None:
            return default
        item = self.at(key) if key in self.value else self
        if not isinstance(item.value, str):
            found = "missing" if item is self else kind_of(item.value)
            raise item.error(f"{key!r} must be text, it is {found}", "put quotes around it")
        if not item.value.strip() and default is None:
            raise item.error(f"{key!r} is blank", "write its text, or remove the entry")
        return item.value

    def optional_text(self, key: str) -> str | None:
        return self.text(key, "") if self.has(key) else None

    def choice(self, key: str, options: Sequence[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in options:
            raise self.at(key).error(f"{key!r} cannot be {value!r}", suggestion(value, options))
        return value

    def flag(self, key: str, default: bool) -> bool:
        if not self.has(key):
            return default
        item = self.at(key)
        if not isinstance(item.value, bool):
            raise item.error(f"{key!r} must be true or false, it is {kind_of(item.value)}", "write true or false")
        return item.value

    def mapping(self, key: str) -> dict[str, Json]:
        if not self.has(key):
            return {}
        item = self.at(key)
        if not isinstance(item.value, dict):
            raise item.error(f"{key!r} must be a mapping, it is {kind_of(item.value)}", "write `name: value` pairs")
        return item.value

    def items(self, key: str) -> Iterator[Cursor]:
        """Cursors on the entries of a list; none where the key is absent."""
        if not self.has(key):
            return iter(())
        item = self.at(key)
        if not isinstance(item.value, list):
            raise item.error(f"{key!r} must be a list, it is {kind_of(item.value)}", "start each entry with `- `")
        return (item.at(index) for index in range(len(item.value)))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(item.as_text(f"an entry of {key!r}") for item in self.items(key))

    def as_text(self, name: str) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            found = "blank" if isinstance(self.value, str) else kind_of(self.value)
            raise self.error(f"{name} must be text, it is {found}", "put quotes around it")
        return self.value


def kind_of(value: Json) -> str:
    """How a person calls a JSON value's type."""
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true/false", int: "a number", float: "a number"}
    return names.get(type(value), "empty")


def suggestion(word: str, known: Sequence[str]) -> str:
    """What to write instead of `word`: the closest known word, or the list of all."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"use one of: {', '.join(known)}"
