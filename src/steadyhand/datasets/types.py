"""Names of types of Python, Java and Gemini in a schema as JSON Schema's own. Knows type names, not what they type."""

from __future__ import annotations

import re
from functools import lru_cache

from steadyhand.chat.messages import Json

_NAMES = {
    **dict.fromkeys(("str", "string"), "string"),
    **dict.fromkeys(("int", "integer", "long"), "integer"),
    **dict.fromkeys(("float", "double", "number"), "number"),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("dict", "hash", "hashmap", "mapping", "object"), "object"),
    **dict.fromkeys(("list", "array", "tuple", "set", "sequence"), "array"),
    **dict.fromkeys(("null", "none", "nonetype"), "null"),
}
_JSON_TYPES = frozenset(_NAMES.values())
_GENERIC = re.compile(r"(?:typing\.)?(\w+)\[(.*)\]", re.DOTALL)
_BRACKETS = {"[": 1, "]": -1}
_DATA = ("enum", "const", "default", "examples", "example")
_MAPS = ("properties", "$defs", "definitions", "patternProperties")


def as_json_schema(value: Json) -> Json:
    """The schema with JSON Schema's names of types; `any` is no restriction; a property that says `required: true` of
    itself is required by its object. Names that nobody knows and data (`enum`, `default`) are left alone.

    >>> as_json_schema({"properties": {"a": {"type": "List[int]", "required": True}}})
    {'properties': {'a': {'type': 'array', 'items': {'type': 'integer'}}}, 'required': ['a']}
    """
    if isinstance(value, list):
        return [as_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: _keyword(key, item) for key, item in value.items()}
    kind = value.get("type")
    if isinstance(kind, str) and kind not in _JSON_TYPES and (read := _read(kind)) is not None:
        del result["type"]
        result = {**read, **result}
    elif isinstance(kind, list):
        result["type"] = [_NAMES.get(one.lower(), one) if isinstance(one, str) else one for one in kind]
    return _required_said_by_object(result)


def is_type(name: str) -> bool:
    """Whether `name` is the name of a type, in any of the languages that are known."""
    return _read(name) is not None


def _keyword(key: str, value: Json) -> Json:
    if key in _DATA:
        return value
    if key in _MAPS and isinstance(value, dict):
        return {name: as_json_schema(item) for name, item in value.items()}
    return as_json_schema(value)


def _required_said_by_object(schema: dict[str, Json]) -> dict[str, Json]:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return schema
    told = {name: one["required"] for name, one in properties.items() if isinstance(one, dict) and "required" in one}
    flags = {name: flag for name, flag in told.items() if isinstance(flag, bool)}
    if not flags:
        return schema
    bare = {
        name: {key: item for key, item in one.items() if key != "required"} if name in flags else one
        for name, one in properties.items()
    }
    known = schema.get("required")
    names = [*known] if isinstance(known, list) else []
    names += [name for name, flag in flags.items() if flag and name not in names]
    return {**schema, "properties": bare, **({"required": names} if names else {})}


@lru_cache(maxsize=4096)
def _read(text: str) -> dict[str, Json] | None:
    """The schema of a type's name, None where it is not known: "str, optional", "List[int]", "STRING", "int | None"."""
    text = _parts(text, ",")[0].strip()
    members = _parts(text, "|")
    if len(members) > 1:
        return _any_of(members)
    if text.lower() == "any":
        return {}
    if name := _NAMES.get(text.lower()):
        return {"type": name}
    found = _GENERIC.fullmatch(text)
    return _generic(found[1].lower(), _parts(found[2], ",")) if found else None


def _generic(head: str, inner: list[str]) -> dict[str, Json] | None:
    if head == "optional":
        return _any_of([*inner, "None"])
    if head == "union":
        return _any_of(inner)
    kind = _NAMES.get(head, "array" if head == "iterable" else "")
    if kind == "array" and len(inner) == 1 and head != "tuple":
        items = _read(inner[0])
        return None if items is None else {"type": "array", **({"items": items} if items else {})}
    return {"type": kind} if kind in ("array", "object") else None


def _any_of(members: list[str]) -> dict[str, Json] | None:
    """One of several types; None when one of them is not known."""
    read = [_read(member) for member in members]
    if any(one is None for one in read):
        return None
    if any(one == {} for one in read):
        return {}
    if all(one is not None and one.keys() == {"type"} and isinstance(one["type"], str) for one in read):
        return {"type": list(dict.fromkeys(one["type"] for one in read if one))}
    return {"anyOf": read}


def _parts(text: str, separator: str) -> list[str]:
    """`text` cut at every separator outside of brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += _BRACKETS.get(letter, 0)
        if letter == separator and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
