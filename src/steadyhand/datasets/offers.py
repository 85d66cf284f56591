"""Tools in any dialect as {"name", "description", "parameters"}. Knows where others put these three, and bare maps.

Reads what is certain: other keys for the schema, JSON in texts, maps of names to schemas. A tool whose parameters may
hide behind an unknown key is refused: without parameters every call would fit it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from steadyhand.chat.messages import Json
from steadyhand.chat.schema import without_nulls
from steadyhand.datasets.types import as_json_schema, is_type
from steadyhand.datasets.unread import Unread, parsed

SCHEMAS = ("parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema")
_KNOWN = ("type", "function", "name", "description", "required", *SCHEMAS)
_GROUPS = ("functionDeclarations", "function_declarations")  # Gemini: one entry that holds several
_TELLING = re.compile(r"schema|param|arg|input|propert", re.IGNORECASE)
_RESULT = re.compile(r"out|return|respon|result", re.IGNORECASE)
_SHAPES: dict[str, Callable[[Json], bool]] = {  # keywords, and what their values must be to be these keywords
    "type": lambda value: isinstance(value, str | list),
    "properties": lambda value: isinstance(value, dict) and all(map(_may_be_schema, value.values())),
    "additionalProperties": lambda value: isinstance(value, dict | bool),
    "required": lambda value: isinstance(value, list),
    "$ref": lambda value: isinstance(value, str),
    **dict.fromkeys(("anyOf", "allOf", "oneOf"), lambda value: isinstance(value, list)),
}


def tools_of(value: Json, unread: Unread) -> list[dict[str, Json]]:
    """The tools of a row: a list, one of them, or JSON text of either; entries may be JSON text. Raises ValueError."""
    value = parsed(value, "tools")
    if value is None:
        return []
    found: list[dict[str, Json]] = []
    for entry in value if isinstance(value, list) else [value]:
        tool = parsed(entry, "tools")
        group = next((tool[key] for key in _GROUPS if key in tool), None) if isinstance(tool, dict) else None
        found += [_tool(tool, unread)] if group is None else tools_of(group, unread)
    return found


def _tool(tool: Json, unread: Unread) -> dict[str, Json]:
    function = parsed(tool.get("function", tool), "tools") if isinstance(tool, dict) else None
    if not isinstance(function, dict):
        raise ValueError("a tool is not an object")
    unread.rest({**tool, **function}, _KNOWN, "tools[].")
    required = function.get("required", tool.get("required"))
    kept = {key: function[key] for key in ("name", "description") if function.get(key) is not None}
    return {**kept, "parameters": _parameters(function, required)}


def _parameters(function: dict[str, Json], required: Json) -> Json:
    given = {key: parsed(function[key], f"{key!r} of a tool") for key in SCHEMAS if function.get(key) is not None}
    given = {key: value for key, value in given.items() if value is not None}
    name = function.get("name")
    if len({str(value) for value in given.values()}) > 1:
        raise ValueError(f"the tool {name!r} has different {' and '.join(given)}")
    if not given:
        hidden = [key for key, value in function.items() if key not in _KNOWN and value and _may_hide(key)]
        if hidden:
            raise ValueError(f"the tool {name!r} has no parameters, but the unknown key {hidden[0]!r}")
    parameters: Json = next(iter(given.values()), {})
    if not isinstance(parameters, dict):
        return parameters
    try:
        return without_nulls(_object(parameters, required))  # rule S109 reports the nulls
    except ValueError as error:
        raise ValueError(f"the parameters of the tool {name!r}: {error}") from None


def _may_hide(key: str) -> bool:
    return bool(_TELLING.search(key)) and not _RESULT.search(key)


def _object(parameters: dict[str, Json], required: Json) -> dict[str, Json]:
    """The schema as one of an object: a bare map of names to schemas is wrapped, a missing `type` is filled in. Raises
    ValueError where parameters stand in no place that a schema has for them."""
    told = {key: value for key, value in parameters.items() if value is not None}
    if _is_bare(told):
        told = {"properties": {name: {"type": kind} if isinstance(kind, str) else kind for name, kind in told.items()}}
    elif not told.get("properties"):
        stray = [key for key, value in told.items() if key not in _SHAPES and _is_schema(value)]
        stray += [key for key, value in told.items() if key not in _SHAPES and isinstance(value, dict) and value]
        if stray and not any(key.startswith("$") or key in ("anyOf", "allOf", "oneOf") for key in told):
            raise ValueError(f"{stray[0]!r} stands beside keywords, not among properties")
    result: dict[str, Json] = as_json_schema(told)
    if isinstance(required, list) and required and "required" not in result:
        result["required"] = required
    return result if "type" in result else {"type": "object", **result}


def _is_bare(told: dict[str, Json]) -> bool:
    """Whether every value is a schema, so that the keys are names of parameters whatever they are called. Where both
    readings are possible ({"properties": {...}}), it is a schema."""
    named = [key for key in told if key not in ("title", "description") or isinstance(told[key], dict)]
    if not named or not all(map(_is_schema, told.values())):
        return False
    keywords = [key for key in told if key in _SHAPES]
    return not keywords or not all(_SHAPES[key](told[key]) for key in keywords)


def _may_be_schema(value: Json) -> bool:
    return value is None or isinstance(value, dict | bool)


def _is_schema(value: Json) -> bool:
    """Whether a value reads as the schema of one parameter: an object, or the name of a type."""
    if not isinstance(value, dict):
        return isinstance(value, str) and is_type(value)
    kind, about = value.get("type"), value.get("description")
    return (kind is None or isinstance(kind, str | list)) and (about is None or isinstance(about, str))
