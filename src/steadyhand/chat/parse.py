"""From a raw completion to calls. `parse_strict` decides what is a call; `parse_lenient` says what a forgiving reader
would have made of it, and flags every repair.

Servers' parsers disagree on most awkward outputs (unclosed tags, one bad call among good ones), so a server's parse
would be part of the metric; this one reads text only. Knows nothing of which tools exist or what was expected.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from steadyhand.chat import exact
from steadyhand.chat.exact import JsonError
from steadyhand.chat.messages import Json, ToolCall
from steadyhand.chat.reason import Reason, first
from steadyhand.chat.think import think_state

OPEN, CLOSE = "<tool_call>", "</tool_call>"
_TAGS = re.compile(r"</?tool_call>")


class Repair(StrEnum):
    """What the lenient reader had to mend."""

    UNCLOSED_TAG = "unclosed_tag"  # the last <tool_call> runs to the end of the text
    PARAMETERS_KEY = "parameters_key"  # `parameters` for `arguments`
    STRING_ARGUMENTS = "string_arguments"  # the arguments are JSON inside a string
    SINGLE_QUOTES = "single_quotes"  # a Python literal for JSON


@dataclass(frozen=True)
class ParseError:
    """Why the completion holds no valid calls: the first reason in the order of diagnosis, and where it went wrong."""

    code: Reason
    detail: str


@dataclass(frozen=True)
class Parsed:
    """`calls` is empty when `error` is set: half of a broken answer must never be executed. `attempts` counts tags that
    were opened (or closed out of nowhere), valid or not. `content` is the answer's text without calls; `think` is
    None without tags. `exact` holds the calls' arguments with exact decimals, for comparison."""

    calls: tuple[ToolCall, ...]
    content: str
    think: str | None
    attempts: int
    error: ParseError | None
    repairs: tuple[Repair, ...] = ()
    exact: tuple[dict[str, Json], ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class _Block:
    """One attempt: `body` between the tags, or None for a closing tag without an opening one."""

    body: str | None
    closed: bool = True


class _ShapeError(ValueError):
    pass


def parse_strict(raw: str, finish_reason: str = "stop") -> Parsed:
    """The calls of a raw completion: closed `<tool_call>` blocks after the last balanced `</think>`, each an RFC 8259
    object of exactly `name` and `arguments`. `finish_reason` only explains an unclosed tag. Never raises."""
    return _parse(raw, finish_reason, lenient=False)


def parse_lenient(raw: str, finish_reason: str = "stop") -> Parsed:
    """As `parse_strict`, but mends an unclosed last tag, `parameters`, string arguments and single quotes."""
    return _parse(raw, finish_reason, lenient=True)


def _parse(raw: str, finish_reason: str, *, lenient: bool) -> Parsed:
    thinking = think_state(raw)
    blocks, content = _split(thinking.rest)
    calls: list[tuple[str, dict[str, Json]]] = []
    errors: list[ParseError] = []
    repairs: list[Repair] = []
    for position, block in enumerate(blocks, start=1):
        try:
            mendable = lenient and (block.closed or position == len(blocks))
            calls.append(_read(block, repairs if mendable else None))
        except JsonError as error:
            code = Reason.PARSE_JSON if block.closed else Reason.PARSE_UNCLOSED
            errors.append(ParseError(code, _detail(position, block, finish_reason, str(error))))
        except _ShapeError as error:
            code = Reason.PARSE_SHAPE if block.closed else Reason.PARSE_UNCLOSED
            errors.append(ParseError(code, _detail(position, block, finish_reason, str(error))))
    if errors:
        code = first([error.code for error in errors])
        worst = next(error for error in errors if error.code == code)
        return Parsed((), content, thinking.text, len(blocks), worst, tuple(repairs))
    named = tuple(ToolCall(name, exact.plain(arguments)) for name, arguments in calls)
    values = tuple(arguments for _, arguments in calls)
    return Parsed(named, content, thinking.text, len(blocks), None, tuple(repairs), values)


def _detail(position: int, block: _Block, finish_reason: str, why: str) -> str:
    if block.closed:
        return f"call {position}: {why}"
    return f"call {position} is not closed" + (" (the token limit cut it)" if finish_reason == "length" else "")


def _split(text: str) -> tuple[list[_Block], str]:
    """The attempts in `text`, in order, and the text around them."""
    blocks: list[_Block] = []
    outside: list[str] = []
    start, opened = 0, False
    for tag in _TAGS.finditer(text):
        piece = text[start : tag.start()]
        if tag.group() == OPEN and opened:
            if _quoted(piece, text, tag.end()):
                continue
            blocks.append(_Block(piece, closed=False))
        elif tag.group() == CLOSE:
            blocks.append(_Block(piece if opened else None))
            outside += [] if opened else [piece]
        else:
            outside.append(piece)
        start, opened = tag.end(), tag.group() == OPEN
    if opened:
        blocks.append(_Block(text[start:], closed=False))
    else:
        outside.append(text[start:])
    return blocks, "".join(outside).strip()


def _quoted(piece: str, text: str, after: int) -> bool:
    """Whether an opening tag stands inside a JSON string of the call that is being read (a quoted report)."""
    try:
        exact.loads(piece + OPEN + text[after:].partition(CLOSE)[0])
    except JsonError:
        return False
    return True


def _read(block: _Block, repairs: list[Repair] | None) -> tuple[str, dict[str, Json]]:
    """Name and exact arguments of one attempt; with a list of repairs to write to, leniently. Raises JsonError or
    _ShapeError."""
    if block.body is None:
        raise _ShapeError("a closing tag without an opening one")
    if repairs is None:
        if not block.closed:
            raise _ShapeError("not closed")
        return _shape(exact.loads(block.body))
    made: list[Repair] = [] if block.closed else [Repair.UNCLOSED_TAG]
    call = _shape(_mend(_forgiving(block.body, made), made))
    repairs += made
    return call


def _shape(value: Json) -> tuple[str, dict[str, Json]]:
    if not isinstance(value, dict):
        raise _ShapeError(f"the body is {exact.kind(value)}, not an object")
    if value.keys() != {"name", "arguments"}:
        raise _ShapeError(f"the keys are {', '.join(sorted(value)) or 'none'}, not name and arguments")
    if not isinstance(value["name"], str) or not isinstance(value["arguments"], dict):
        raise _ShapeError(f"name is {exact.kind(value['name'])} and arguments {exact.kind(value['arguments'])}")
    return value["name"], value["arguments"]


def _forgiving(body: str, made: list[Repair]) -> Json:
    try:
        return exact.loads(body)
    except JsonError:
        if "'" not in body:
            raise
    value = _literal(body.strip())
    made.append(Repair.SINGLE_QUOTES)
    return value


def _mend(value: Json, made: list[Repair]) -> Json:
    if not isinstance(value, dict):
        return value
    if value.keys() == {"name", "parameters"}:
        made.append(Repair.PARAMETERS_KEY)
        value = {"name": value["name"], "arguments": value["parameters"]}
    if isinstance(value.get("arguments"), str):
        value = {**value, "arguments": exact.loads(value["arguments"])}
        made.append(Repair.STRING_ARGUMENTS)
    return value


def _literal(text: str) -> Json:
    """A Python literal of JSON's types (also `true`, `false`, `null`), read without evaluating anything."""
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
