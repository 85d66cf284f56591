"""A JSON Schema (2020-12) as a document: its subschemas, what they are called, and what a reference leads to.

Knows where keywords hold schemas and how names resolve; knows nothing of values. Nothing outside is ever fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from steadyhand.chat.messages import Json

Path = tuple[str | int, ...]

ONE = frozenset((
    "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
))  # fmt: skip
MANY = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
NAMED = frozenset(("$defs", "definitions", "dependentSchemas", "patternProperties", "properties"))
SAME_VALUE = frozenset(("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"))


class UnresolvableError(LookupError):
    """A reference that leads to nothing in the document."""


def parts(keyword: str, value: Json) -> Iterator[tuple[Path, Json]]:
    """The subschemas that a keyword holds, with the steps to them from the keyword."""
    if keyword in ONE:
        yield (), value
    elif keyword in MANY and isinstance(value, list):
        yield from (((index,), part) for index, part in enumerate(value))
    elif keyword in NAMED and isinstance(value, dict):
        yield from (((name,), part) for name, part in value.items())


def subschemas(root: Json) -> Iterator[tuple[Path, dict[str, Json]]]:
    """Every schema of the document that is an object, outer ones first, with the way to it."""
    waiting: list[tuple[Path, Json]] = [((), root)]
    while waiting:
        path, schema = waiting.pop()
        if isinstance(schema, dict):
            yield path, schema
            inner = [((*path, key, *steps), part) for key, value in schema.items() for steps, part in parts(key, value)]
            waiting += reversed(inner)


class Document:
    """Raises nothing: names that are no text are passed over here, and reported by `meta`."""

    def __init__(self, root: Json) -> None:
        self.root = root
        self.base = _base("", root)
        self._bases: dict[int, str] = {}
        self._resources: dict[str, Json] = {}
        self._anchors: dict[tuple[str, str], Json] = {}
        self._dynamic: dict[tuple[str, str], Json] = {}
        self._resolved: dict[tuple[str, str], tuple[Json, str]] = {}
        self._ready: dict[int, Any] = {}
        self._index()

    @cached_property
    def tracks(self) -> bool:
        """Whether any schema asks what others have looked at."""
        asking = {"unevaluatedItems", "unevaluatedProperties"}
        return any(not asking.isdisjoint(schema) for _, schema in subschemas(self.root))

    def base_of(self, schema: Json, otherwise: str) -> str:
        return self._bases.get(id(schema), otherwise)

    def prepared(self, schema: Json, make: Callable[[Any], Any]) -> Any:
        """What `make` gives for a schema, or another part of the document, made once."""
        found = self._ready.get(id(schema))
        if found is None:
            found = self._ready[id(schema)] = make(schema)
        return found

    def resolve(self, reference: str, base: str) -> tuple[Json, str]:
        """The schema that a reference leads to, and its base. Raises UnresolvableError."""
        key = (reference, base)
        if key not in self._resolved:
            self._resolved[key] = self._found(reference, base)
        return self._resolved[key]

    def resolve_dynamic(self, reference: str, base: str, scope: tuple[str, ...]) -> tuple[Json, str]:
        """Of a $dynamicRef: the outermost schema on the way here with that anchor, where the first one is dynamic."""
        schema, home = self.resolve(reference, base)
        name = reference.rpartition("#")[2]
        if not isinstance(schema, dict) or schema.get("$dynamicAnchor") != name:
            return schema, home
        return next(
            ((self._dynamic[outer, name], outer) for outer in scope if (outer, name) in self._dynamic), (schema, home)
        )

    def _index(self) -> None:
        """Inner schemas come after outer ones, so the base around each is known."""
        around: dict[Path, str] = {}
        for path, schema in subschemas(self.root):
            outer = next((around[path[:end]] for end in range(len(path) - 1, -1, -1) if path[:end] in around), "")
            base = around[path] = _base(outer, schema)
            self._bases[id(schema)] = base
            if not path or base != outer:
                self._resources.setdefault(base, schema)
            for key in ("$anchor", "$dynamicAnchor"):
                if isinstance(name := schema.get(key), str):
                    self._anchors.setdefault((base, name), schema)
            if isinstance(name := schema.get("$dynamicAnchor"), str):
                self._dynamic.setdefault((base, name), schema)
        self._resources.setdefault(self.base, self.root)

    def _found(self, reference: str, base: str) -> tuple[Json, str]:
        uri, fragment = (base, reference[1:]) if reference.startswith("#") else _joined(base, reference)
        if uri not in self._resources:
            raise UnresolvableError(reference)
        if fragment and not fragment.startswith("/"):
            anchored = self._anchors.get((uri, unquote(fragment)))
            if anchored is None:
                raise UnresolvableError(reference)
            return anchored, uri
        target = self._resources[uri]
        for step in unquote(fragment).split("/")[1:]:
            target = _stepped(target, step.replace("~1", "/").replace("~0", "~"), reference)
        if not isinstance(target, dict | bool):
            raise UnresolvableError(reference)
        return target, self.base_of(target, uri)


def _base(outer: str, schema: Json) -> str:
    own = schema.get("$id") if isinstance(schema, dict) else None
    try:
        return _joined(outer, own)[0] if isinstance(own, str) else outer
    except UnresolvableError:
        return outer


def _joined(base: str, reference: str) -> tuple[str, str]:
    try:
        uri, fragment = urldefrag(urljoin(base, reference))
    except ValueError:  # an address that Python's own parser does not take, as http://[
        raise UnresolvableError(reference) from None
    return uri, fragment


def _stepped(target: Json, step: str, reference: str) -> Json:
    if isinstance(target, dict) and step in target:
        return target[step]
    if isinstance(target, list) and step.isdecimal() and step.isascii() and len(step) < 9 and int(step) < len(target):
        return target[int(step)]
    raise UnresolvableError(reference)
