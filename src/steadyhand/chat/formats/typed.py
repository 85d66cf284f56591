"""Values of formats that write no types: what a text means is said by the tool's schema.

A text that fits no declared type is a string, which the schema then refuses: nothing is coerced. Where the schema does
not decide (none at all, or a string among other types), the reading is a guess and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from steadyhand.chat import exact
from steadyhand.chat.exact import JsonError
from steadyhand.chat.messages import Json, Tool

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: dict[str, Json] = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "None": None,
}  # fmt: skip
ALL = frozenset(("null", "boolean", "number", "array", "object", "string"))
_DEEP = 8  # levels of references and alternatives that are followed


@dataclass(frozen=True)
class Typed:
    """`sure` is False where the text could as well have meant a value of another type."""

    value: Json
    sure: bool


def parameter_types(tools: Sequence[Tool], tool: str) -> dict[str, frozenset[str]]:
    """The JSON types that each declared parameter of `tool` may have; a parameter of any type has no entry."""
    schema = next((offered.parameters for offered in tools if offered.name == tool), {})
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    by_name = {name: _types(part, schema, _DEEP) for name, part in properties.items()}
    return {name: types for name, types in by_name.items() if types < ALL}


def read_typed(text: str, types: frozenset[str] = ALL, loads: Callable[[str], Json] = exact.loads) -> Typed:
    """`text` as a value of one of `types`: null, boolean, number, array and object before string. `loads` reads arrays
    and objects; it raises JsonError for what is none."""
    bare = text.strip()
    if bare in _WORDS and exact.kind(_WORDS[bare]) in types:
        return Typed(_WORDS[bare], "string" not in types)
    if "number" in types and _NUMBER.fullmatch(bare):
        return _loaded(bare, text, types, exact.loads)
    if bare[:1] in ("[", "{") and types & {"array", "object"}:
        return _loaded(bare, text, types, loads)
    return Typed(text, types != ALL)


def _loaded(bare: str, text: str, types: frozenset[str], loads: Callable[[str], Json]) -> Typed:
    try:
        value = loads(bare)
    except JsonError:
        return Typed(text, types != ALL)
    return Typed(value, "string" not in types) if exact.kind(value) in types else Typed(text, types != ALL)


def _types(schema: Json, root: Mapping[str, Json], deep: int) -> frozenset[str]:
    if not isinstance(schema, Mapping) or not deep:
        return ALL
    types = _own(schema.get("type"))
    if "enum" in schema and isinstance(schema["enum"], list):
        types &= {exact.kind(value) for value in schema["enum"]}
    if "const" in schema:
        types &= {exact.kind(schema["const"])}
    if isinstance(schema.get("$ref"), str):
        types &= _types(_resolved(schema["$ref"], root), root, deep - 1)
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            types &= frozenset().union(*(_types(part, root, deep - 1) for part in schema[key]))
    for part in schema.get("allOf") or ():
        types &= _types(part, root, deep - 1)
    return types or ALL


def _own(declared: Json) -> frozenset[str]:
    names = [declared] if isinstance(declared, str) else declared if isinstance(declared, list) else []
    types = frozenset("number" if name == "integer" else str(name) for name in names) & ALL
    return types or ALL


def _resolved(reference: str, root: Mapping[str, Json]) -> Json:
    target: Json = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, Mapping) else None
    return target
