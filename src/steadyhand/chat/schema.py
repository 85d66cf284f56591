"""JSON Schema 2020-12 for tools: are the arguments valid, is the schema itself one?

Never fetches a remote reference. Knows nothing of what was expected of a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from steadyhand.chat.messages import Json, Tool

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_DATA_KEYWORDS = ("default", "const", "enum", "examples")  # hold instances, where null is a value like any other
_NULLABLE = ("default", "const")  # `enum` and `examples` are lists, or nothing
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")  # keys here are names


def schema_errors(tool: Tool, arguments: dict[str, Json]) -> list[str]:
    """What of `arguments` violates the tool's schema, as "path: message"; empty when they are valid.

    A reference that cannot be resolved is reported as an error of the schema, not raised.
    """
    from referencing.exceptions import Unresolvable

    try:
        found = sorted(_validator(_text(tool)).iter_errors(arguments), key=lambda error: list(map(str, error.path)))
    except Unresolvable as error:
        return [f"schema of {tool.name}: {error.ref} cannot be resolved"]
    except RecursionError:
        return [f"schema of {tool.name}: its references lead round in a circle"]
    return [f"{_path(error.absolute_path)}: {error.message}" for error in found]


def check_tool_schema(tool: Tool) -> list[str]:
    """What is wrong with the tool itself: its name, its schema, null keywords, names that nothing declares."""
    try:
        text = json.dumps(tool.parameters)
    except (TypeError, ValueError, RecursionError):  # no JSON at all: nothing to remember it by
        return _tool_problems(tool)
    return list(_problems(tool.name, text))


@lru_cache(maxsize=4096)
def _problems(name: str, parameters: str) -> tuple[str, ...]:
    """Of a tool that many rows offer the schema is checked once."""
    return tuple(_tool_problems(Tool(name, "", json.loads(parameters))))


def _tool_problems(tool: Tool) -> list[str]:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    found = [] if _NAME.fullmatch(tool.name) else [f"name {tool.name!r} is not 1-64 letters, digits, '_', '-' or '.'"]
    found += [f"{path} is null: leave the key out" for path in null_keywords(tool.parameters)]
    broken = Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(without_nulls(tool.parameters))
    # in an order of ours: theirs is that of a set, and the best of several equals would be another at every start
    error = best_match(sorted(broken, key=lambda one: ([*map(str, one.absolute_path)], one.message)))
    if error is not None:
        return [*found, f"{_path(error.absolute_path, 'parameters')}: {error.message}"]
    return found + _object_errors(tool.parameters)


def _object_errors(parameters: dict[str, Json]) -> list[str]:
    found = []
    if parameters.get("type") != "object":
        found.append("parameters.type must be 'object'")
    properties = parameters.get("properties") or {}
    for name in parameters.get("required") or ():
        if name not in properties:
            found.append(f"parameters.required names {name!r}, which properties does not declare")
    for reference in _references(parameters):
        if not reference.startswith("#"):
            found.append(f"$ref {reference!r} points outside the schema; it is never fetched")
    return found


def without_nulls(schema: Json) -> Json:
    """The schema without keywords set to null (Arrow fills missing keys with nulls, and models then read them)."""
    if isinstance(schema, list):
        return [without_nulls(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key in _DATA_KEYWORDS else _names_kept(value) if key in _MAPS else without_nulls(value)
        for key, value in schema.items()
        if value is not None or key in _NULLABLE
    }


def _names_kept(schemas: Json) -> Json:
    """A map of names to schemas: a property may be called `default`, and is a schema all the same."""
    if not isinstance(schemas, dict):
        return schemas
    return {name: without_nulls(schema) for name, schema in schemas.items() if schema is not None}


def null_keywords(schema: Json, path: str = "parameters", *, names: bool = False) -> Iterator[str]:
    """Paths of the keywords that `without_nulls` would drop."""
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from null_keywords(item, f"{path}[{index}]")
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key in (_NULLABLE if value is None else _DATA_KEYWORDS) and not names:
                continue
            if value is None:
                yield f"{path}.{key}"
            yield from null_keywords(value, f"{path}.{key}", names=key in _MAPS and not names)


def _references(schema: Json) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        schema = list(schema.values())
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)


def _text(tool: Tool) -> str:
    return json.dumps(without_nulls(tool.parameters), sort_keys=True)


@lru_cache(maxsize=512)
def _validator(schema: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    nothing: Registry[Json] = Registry()  # without a registry of its own, jsonschema would fetch remote references
    return Draft202012Validator(json.loads(schema), registry=nothing)


def _path(parts: object, root: str = "arguments") -> str:
    return root + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in cast("list[Json]", parts))
