"""Calls that are JSON: finding where an object ends, checking its shape, mending what a forgiving reader would."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from decimal import Decimal

from steadyhand.chat import exact
from steadyhand.chat.exact import JsonError
from steadyhand.chat.formats.parsed import CallShapeError, ExactCall, Repair
from steadyhand.chat.messages import Json

# finds ends only: numbers are not converted, so that a long one costs no more than its length
_SCANNER = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len)


def value_end(text: str, at: int, openers: tuple[str, ...]) -> tuple[int, int]:
    """The end of the JSON value in text[at:] (white space may stand before it) that begins with one of `openers`, or 0,
    and how far the text was read. Where a value is whole, tags inside it stand in strings."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    if not text.startswith(openers, at):
        return 0, at
    try:
        end = _SCANNER.raw_decode(text, at)[1]
    except json.JSONDecodeError as error:  # of a string that is not closed only its beginning is told
        return 0, len(text) if error.msg.startswith("Unterminated") else error.pos
    except RecursionError:
        return 0, len(text)
    return end, end


def shaped(value: Json, key: str = "arguments") -> ExactCall:
    """A call of exactly `name` (a string) and `key` (an object). Raises CallShapeError."""
    if not isinstance(value, dict):
        raise CallShapeError(f"the body is {exact.kind(value)}, not an object")
    if value.keys() != {"name", key}:
        raise CallShapeError(f"the keys are {', '.join(sorted(value)) or 'none'}, not name and {key}")
    if not isinstance(value["name"], str) or not isinstance(value[key], dict):
        raise CallShapeError(f"name is {exact.kind(value['name'])} and {key} {exact.kind(value[key])}")
    return ExactCall(value["name"], value[key])


def forgiving(body: str, made: list[Repair]) -> Json:
    """JSON, or a Python literal in its place. Raises JsonError."""
    try:
        return exact.loads(body)
    except JsonError:
        if "'" not in body:
            raise
    value = literal(body.strip())
    made.append(Repair.SINGLE_QUOTES)
    return value


def mended(value: Json, made: list[Repair], key: str = "arguments") -> Json:
    """A call with its arguments under `key` and as an object, where it is plain what is meant. Raises JsonError."""
    other = "parameters" if key == "arguments" else "arguments"
    if not isinstance(value, Mapping):
        return value
    if value.keys() == {"name", other}:
        made.append(Repair.PARAMETERS_KEY)
        value = {"name": value["name"], key: value[other]}
    if isinstance(value.get(key), str):
        value = {**value, key: exact.loads(value[key])}
        made.append(Repair.STRING_ARGUMENTS)
    return value


def written(value: Json) -> str:
    """JSON as transformers' templates write it: one line, characters as they are."""
    return json.dumps(value, ensure_ascii=False)


def literal(text: str) -> Json:
    """A Python literal of JSON's types (also `true`, `false`, `null`), read without evaluating anything. Raises
    JsonError."""
    try:
        return _node(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise JsonError("neither JSON nor a literal") from error


_NAMES: dict[str, Json] = {"true": True, "false": False, "null": None}


def _node(node: ast.expr) -> Json:
    match node:
        case ast.Constant(value=bool() | str() | None as value):
            return value
        case ast.Constant(value=int() | float() as value):
            return exact.loads(repr(value))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -Decimal(repr(value))
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.List(elts=items):
            return [_node(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return _dict([(key.value if isinstance(key, ast.Constant) else None) for key in keys], values)
    raise JsonError(f"{type(node).__name__} is no JSON value")


def _dict(keys: list[Json], values: list[ast.expr]) -> dict[str, Json]:
    if not all(isinstance(key, str) for key in keys) or len(set(keys)) < len(keys):
        raise JsonError("keys must be different strings")
    return {key: _node(value) for key, value in zip(keys, values, strict=True)}
