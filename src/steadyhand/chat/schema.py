"""JSON Schema 2020-12 for tools: are the arguments valid, is the schema itself one?

Never fetches a remote reference, and never works without end: what a schema asks for is counted, and beyond the bound
it is refused by name. Knows nothing of what was expected of a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import cast

from steadyhand.chat.json_schema.document import Document, UnresolvableError
from steadyhand.chat.json_schema.meta import problems
from steadyhand.chat.json_schema.validate import violations
from steadyhand.chat.messages import Json, Tool
from steadyhand.errors import LimitError
from steadyhand.text.budget import Budget
from steadyhand.text.cache import SizedCache

STEPS = 1_000_000  # of one validation: one second, or two
MAX_ERRORS = 100  # violations that are reported
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_DATA_KEYWORDS = ("default", "const", "enum", "examples")  # hold instances, where null is a value like any other
_NULLABLE = ("default", "const")  # `enum` and `examples` are lists, or nothing
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")  # keys here are names
_BYTES = 30  # that a document takes for each character of its text, about
_DOCUMENTS = SizedCache[tuple[Document, str]](room=128_000_000)
_PROBLEMS = SizedCache[tuple[str, ...]](room=32_000_000)


def schema_errors(tool: Tool, arguments: dict[str, Json], *, seconds: float | None = None) -> list[str]:
    """What of `arguments` violates the tool's schema, as "path: message", at most 100; empty when they are valid.

    Reported as errors of the schema, not raised: a reference that cannot be resolved, and more work than is allowed
    (1,000,000 steps, and `seconds` where they are given). Takes a few seconds at most, and may run in a thread.

        schema_errors(weather, {"town": 5})  # ["arguments.town: 5 is not of type 'string'"]
    """
    name = f"schema of {tool.name}"
    try:
        text = json.dumps(without_nulls(tool.parameters), sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return [f"{name}: no JSON, or nested too deeply"]
    document, problem = _DOCUMENTS.get(text, lambda: (_document(text), 10_000 + _BYTES * len(text)))
    if problem:
        return [f"{name}: {problem}"]
    try:
        errors = islice(violations(document, arguments, Budget(STEPS, name, seconds=seconds)), MAX_ERRORS)
        ordered = sorted(errors, key=lambda row: list(map(str, row[0])))
    except UnresolvableError as error:
        return [f"{name}: {error} cannot be resolved"]
    except LimitError as error:
        return [error.what]
    return [f"{_path(path)}: {message}" for path, message in ordered]


def _document(text: str) -> tuple[Document, str]:
    """A schema, and what is wrong with it."""
    root = json.loads(text)
    return Document(root), schema_problem(root, "parameters")


def check_tool_schema(tool: Tool) -> list[str]:
    """What is wrong with the tool itself: its name, its schema, null keywords, names that nothing declares.

    Patterns are compiled and references followed here, so that nothing of the kind is met later.
    """
    try:
        text = json.dumps([tool.name, tool.parameters])
    except (TypeError, ValueError, RecursionError):
        return [_NO_JSON]

    def found() -> tuple[tuple[str, ...], int]:
        """Of a tool that many rows offer the schema is checked once."""
        errors = tuple(_tool_problems(tool))
        return errors, 1_000 + sum(map(len, errors))

    try:
        return list(_PROBLEMS.get(text, found))
    except RecursionError:
        return [_NO_JSON]


_NO_JSON = "parameters: no JSON, or nested too deeply"


def _tool_problems(tool: Tool) -> list[str]:
    problems = []
    if not _NAME.fullmatch(tool.name):
        problems.append(f"name {tool.name[:100]!r} is not 1-64 letters, digits, '_', '-' or '.'")
    problems += [f"{path} is null: leave the key out" for path in null_keywords(tool.parameters)]
    error = schema_problem(without_nulls(tool.parameters), "parameters")
    return [*problems, error] if error else problems + _object_errors(tool.parameters)


def schema_problem(schema: Json, root: str) -> str:
    """The first thing that is wrong with a JSON Schema, as "path: message", its path beginning with `root`; empty when
    it can be used."""
    return next((f"{_path(path, root)}: {what}" for path, what in problems(schema)), "")


def _object_errors(parameters: dict[str, Json]) -> list[str]:
    errors = []
    if parameters.get("type") != "object":
        errors.append("parameters.type must be 'object'")
    properties = parameters.get("properties") or {}
    for name in parameters.get("required") or ():
        if name not in properties:
            errors.append(f"parameters.required names {name!r}, which properties does not declare")
    return errors


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


def _path(parts: object, root: str = "arguments") -> str:
    return root + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in cast("list[Json]", parts))
