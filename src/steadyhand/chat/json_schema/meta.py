"""Is it a JSON Schema (2020-12) at all, and one that may be obeyed? Asked once, before any value is held against it.

Beyond what the standard's own schema of schemas demands: patterns can be matched in linear time, references lead
somewhere and not round in a circle, and no value is looked at more often than is reasonable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from steadyhand.chat.json_schema.document import (
    MANY,
    NAMED,
    SAME_VALUE,
    Document,
    Path,
    UnresolvableError,
    parts,
    subschemas,
)
from steadyhand.chat.json_schema.values import IS_TYPE, is_integer, is_number, shown
from steadyhand.chat.messages import Json
from steadyhand.text.patterns import PatternError, ecma_pattern

MAX_SUBSCHEMAS = 20_000
MAX_LEVELS = 64
MAX_PATTERNS = 2_000_000  # characters of all patterns, properties of Unicode and counted repeats written out
MAX_LOOKS = 10_000  # of schemas at one value

Problem = tuple[Path, str]


def problems(root: Json) -> Iterator[Problem]:
    """What is wrong, as the way to it and a sentence; outer things first."""
    if not isinstance(root, dict | bool):
        yield (), _no_schema(root)
    elif large := _too_large(root):
        yield large
    else:
        broken = False
        for problem in chain(_shapes(root), _patterns(root)):
            broken = True
            yield problem
        if not broken:
            yield from _references(Document(root))


def _too_large(root: Json) -> Problem | None:
    for number, (path, _) in enumerate(subschemas(root)):
        if number >= MAX_SUBSCHEMAS:
            return (), f"more than {MAX_SUBSCHEMAS:,} schemas within schemas"
        if len(path) > 2 * MAX_LEVELS:  # a keyword and a name for each level
            return path[:4], f"nested more than {MAX_LEVELS} levels deep"
    return None


def _shapes(root: Json) -> Iterator[Problem]:
    """Keywords that hold what they may not hold."""
    for path, schema in subschemas(root):
        for keyword, value in schema.items():
            holds, wanted = SHAPES.get(keyword, (_anything, ""))
            if not holds(value):
                yield (*path, keyword), f"{shown(value)} is no {wanted}"
            for steps, part in parts(keyword, value):
                if not isinstance(part, dict | bool):
                    yield (*path, keyword, *steps), _no_schema(part)


def _no_schema(value: Json) -> str:
    return f"{shown(value)} is no schema, which is an object, true or false"


def _patterns(root: Json) -> Iterator[Problem]:
    """Patterns that are none, or cannot be matched in linear time, or take too long to read all together."""
    size = 0
    for path, schema in subschemas(root):
        named = schema.get("patternProperties")
        for keyword, sources in (("pattern", [schema.get("pattern")]), ("patternProperties", named or {})):
            for source in sources if isinstance(sources, list | dict) else ():
                if not isinstance(source, str):
                    continue
                try:
                    size += ecma_pattern(source).size
                except PatternError as error:
                    what = f"the pattern {shown(source)} cannot be used: {error.what} ({error.next})"
                    yield (*path, keyword), what
                if size > MAX_PATTERNS:
                    yield (*path, keyword), f"its patterns together are larger than {MAX_PATTERNS:,} characters"
                    return


def _anything(value: Json) -> bool:
    return True


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_count(value: Json) -> bool:
    return is_integer(value) and value >= 0


def _is_flag(value: Json) -> bool:
    return isinstance(value, bool)


def _are_names(value: Json) -> bool:
    return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _are_types(value: Json) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(name, str) and name in IS_TYPE for name in names) and _are_names(names)


def _are_dependencies(value: Json) -> bool:
    return isinstance(value, dict) and all(map(_are_names, value.values()))


def _are_schemas(value: Json) -> bool:
    return isinstance(value, list) and bool(value)


def _is_object(value: Json) -> bool:
    return isinstance(value, dict)


_TEXT = (_is_text, "text")
_COUNT = (_is_count, "whole number from 0 on")
_NUMBER = (is_number, "number")
_FLAG = (_is_flag, "boolean")
SHAPES: dict[str, tuple[Callable[[Json], bool], str]] = {
    "type": (_are_types, f"type: use {', '.join(IS_TYPE)}, or a list of them"),
    "enum": (lambda value: isinstance(value, list), "list of values"),
    "multipleOf": (lambda value: is_number(value) and value > 0, "number above 0"),
    "required": (_are_names, "list of different names"),
    "dependentRequired": (_are_dependencies, "object with a list of different names for each name"),
    **dict.fromkeys(MANY, (_are_schemas, "list of schemas")),
    **dict.fromkeys(NAMED, (_is_object, "object with a schema for each name")),
    "examples": (lambda value: isinstance(value, list), "list of values"),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"), _NUMBER),
    **dict.fromkeys(
        ("maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains", "maxProperties",
         "minProperties"), _COUNT
    ),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _FLAG),
    **dict.fromkeys(
        ("pattern", "format", "title", "description", "contentEncoding", "contentMediaType", "$id", "$schema", "$ref",
         "$anchor", "$dynamicRef", "$dynamicAnchor", "$comment"), _TEXT
    ),
}  # fmt: skip


def _references(document: Document) -> Iterator[Problem]:
    """References that lead nowhere or round in a circle, and schemas that look at one value too often."""
    broken = False
    for path, schema in subschemas(document.root):
        for keyword in ("$ref", "$dynamicRef"):
            if keyword in schema:
                try:
                    document.resolve(schema[keyword], document.base_of(schema, document.base))
                except UnresolvableError:
                    broken = True
                    yield (*path, keyword), _nowhere(schema[keyword])
    if not broken and (what := _Looks(document).problem()):
        yield (), what


def _nowhere(reference: str) -> str:
    if reference.startswith("#"):
        return f"{shown(reference)} cannot be resolved: nothing in the schema has this name"
    return f"{shown(reference)} points outside the schema; it is never fetched"


class _Looks:
    """How many schemas are held against one value where a schema is: its own, and those it refers to or combines."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._counted: dict[int, int] = {}
        self._open: set[int] = set()

    def problem(self) -> str:
        for _, schema in subschemas(self._document.root):
            try:
                looks = self._count(schema)
            except RecursionError:
                return "its references lead through too many schemas"
            if looks is None:
                return "its references lead round in a circle"
            if looks > MAX_LOOKS:
                return (
                    f"its references multiply: one value is held against {looks:,} schemas, {MAX_LOOKS:,} are allowed"
                )
        return ""

    def _count(self, schema: Json) -> int | None:
        """None for a circle."""
        if not isinstance(schema, dict):
            return 1
        key = id(schema)
        if key in self._open:
            return None
        if key not in self._counted:
            self._open.add(key)
            inner = [self._count(part) for part in self._at_once(schema)]
            self._open.discard(key)
            if None in inner:
                return None
            self._counted[key] = 1 + sum(filter(None, inner))
        return self._counted[key]

    def _at_once(self, schema: dict[str, Json]) -> Iterable[Json]:
        base = self._document.base_of(schema, self._document.base)
        for keyword, value in schema.items():
            if keyword in SAME_VALUE:
                yield from (part for _, part in parts(keyword, value))
            elif keyword in ("$ref", "$dynamicRef"):
                yield self._document.resolve(value, base)[0]
