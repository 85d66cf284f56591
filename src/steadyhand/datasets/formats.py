"""Turns one row of a foreign data set into OpenAI messages and tools, as plain JSON. Raises ValueError with a reason.

Knows OpenAI, ShareGPT and Alpaca rows and the dialects around them; the result is checked by `openai`, not here.
"""

from __future__ import annotations

import json
import re
from typing import Literal

from steadyhand.chat.messages import Json
from steadyhand.chat.schema import without_nulls

Format = Literal["openai", "sharegpt", "alpaca"]
_ROLES = {
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "chatgpt", "bot", "model", "assistant"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("observation", "tool", "tool_response", "function_response", "function"), "tool"),
    **dict.fromkeys(("function_call", "tool_call"), "call"),
}
_TYPES = {
    **{"dict": "object", "hash": "object", "list": "array", "tuple": "array", "str": "string", "int": "integer"},
    **{"float": "number", "double": "number", "bool": "boolean", "String": "string", "HashMap": "object"},
}
_THINK = re.compile(r"\A<think>\n?(.*?)\n?</think>\n{0,2}(.*)\Z", re.DOTALL)
_PREFERENCE = ("chosen", "rejected", "rejected_response", "rejected_messages", "kto_tag")


def format_of(row: Json) -> Format:
    """The format of a row by its keys."""
    if not isinstance(row, dict):
        hint = "; a file that holds one array is called .json" if isinstance(row, list) else ""
        raise ValueError(f"the row is not an object{hint}")
    if found := [key for key in _PREFERENCE if key in row]:
        raise ValueError(f"a preference row ({found[0]!r}); only dialogues are imported")
    if isinstance(row.get("label"), bool):
        raise ValueError("a preference row (good or bad in 'label'); only dialogues are imported")
    if "messages" in row:
        return "openai"
    if "conversations" in row or "conversation" in row:
        return "sharegpt"
    if "instruction" in row or "query" in row:
        return "alpaca"
    raise ValueError(f"no format known with the keys {', '.join(sorted(row)[:8]) or '(none)'}")


USED_KEYS: dict[Format, frozenset[str]] = {
    "openai": frozenset({"messages", "tools", "functions", "system"}),
    "sharegpt": frozenset({"conversations", "conversation", "tools", "functions", "system"}),
    "alpaca": frozenset({"instruction", "input", "output", "query", "response", "history", "system"}),
}


def to_openai_row(row: dict[str, Json], form: Format) -> dict[str, Json]:
    """{"messages": [...], "tools": [...]}."""
    if form == "alpaca":
        return {"messages": [*_system(row), *_alpaca(row)], "tools": []}
    turns = row.get("messages") or row.get("conversations") or row.get("conversation")
    if not isinstance(turns, list) or not turns:
        raise ValueError("the row has no list of messages")
    messages: list[dict[str, Json]] = []
    for turn in turns:
        for message in _messages_of(turn):
            _append(messages, message)
    tools = _parsed(row.get("tools") or row.get("functions") or [], "tools")
    return {
        "messages": [*_system(row), *messages],
        "tools": [_tool(tool) for tool in (tools if isinstance(tools, list) else [tools])],
    }


def _system(row: dict[str, Json]) -> list[dict[str, Json]]:
    return [{"role": "system", "content": row["system"]}] if row.get("system") else []


def _alpaca(row: dict[str, Json]) -> list[dict[str, Json]]:
    asked = [row.get("instruction", row.get("query")), row.get("input")]
    answer = row.get("output", row.get("response"))
    if isinstance(answer, list):
        raise ValueError("a preference row (several outputs); only dialogues are imported")
    messages = []
    history = row.get("history") or []
    if not isinstance(history, list):
        raise ValueError("'history' is not a list of [question, answer]")
    for pair in history:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError("'history' is not a list of [question, answer]")
        messages += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    question = "\n".join(part for part in map(_text, asked) if part)
    return [*messages, {"role": "user", "content": question}, _assistant(answer)]


def _text(value: Json) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise ValueError(f"expected text, found {type(value).__name__}")


def _messages_of(turn: Json) -> list[dict[str, Json]]:
    """One turn as zero or more messages; role "call" marks a turn that only calls."""
    if not isinstance(turn, dict):
        raise ValueError("a turn is not an object")
    if "human" in turn and "assistant" in turn:
        return [{"role": "user", "content": turn["human"]}, _assistant(turn["assistant"])]
    name, content = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
    role = _ROLES.get(name) if isinstance(name, str) else None
    if role is None:
        raise ValueError(f"unknown role {name!r}")
    if role == "call":
        return [{**_assistant(None), **_calls(_text(content)), "role": "call"}]
    if role != "assistant":
        return [{"role": role, "content": content}]
    return [_assistant(content, turn)]


def _assistant(content: Json, turn: dict[str, Json] | None = None) -> dict[str, Json]:
    """An assistant message; a leading `<think>` block becomes reasoning, call parts become tool calls."""
    message: dict[str, Json] = {"role": "assistant", "content": content}
    for key in ("reasoning_content", "reasoning", "tool_calls"):
        if turn and turn.get(key) is not None:
            message[key] = turn[key]
    if turn and turn.get("function_call"):
        message["tool_calls"] = [turn["function_call"]]
    if isinstance(content, list):
        calls = [p for p in content if isinstance(p, dict) and p.get("type") == "tool_call"]
        message["content"] = [p for p in content if p not in calls]
        if calls:
            message["tool_calls"] = [_parsed(p.get("value", p.get("text")), "a call") for p in calls]
    elif isinstance(content, str) and (match := _THINK.match(content)) and "reasoning_content" not in message:
        message |= {"reasoning_content": match[1], "content": match[2]}
    return message


def _calls(text: str) -> dict[str, Json]:
    """The value of a function_call turn: JSON of one call or of a list of them, maybe after a `<think>` block."""
    match = _THINK.match(text)
    calls = _parsed(match[2] if match else text, "a function call")
    found: dict[str, Json] = {"tool_calls": calls if isinstance(calls, list) else [calls]}
    return found | ({"reasoning_content": match[1]} if match else {})


def _append(messages: list[dict[str, Json]], message: dict[str, Json]) -> None:
    """Add a message. A turn that only calls joins the assistant's turn right before it (words, then a call; or
    several calls in a row), because a template knows one assistant turn with calls, not two."""
    last = messages[-1] if messages else {}
    if message["role"] != "call":
        messages.append(message)
    elif last.get("role") == "assistant" and "reasoning_content" not in message:
        last["tool_calls"] = [*last.get("tool_calls", []), *message["tool_calls"]]
    else:
        messages.append({**message, "role": "assistant"})


def _parsed(value: Json, name: str) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else []
    except (ValueError, RecursionError):
        raise ValueError(f"{name} is not JSON") from None


def _tool(tool: Json) -> Json:
    """The tool with only the keys that we know, `required` inside its schema, and JSON Schema's names of types."""
    function = tool.get("function", tool) if isinstance(tool, dict) else tool
    if not isinstance(function, dict):
        raise ValueError("a tool is not an object")
    parameters = without_nulls(_schema(function.get("parameters") or {}))  # rule S109 reports them
    if isinstance(parameters, dict):
        parameters = _object(parameters, function.get("required"))
    kept = {key: function[key] for key in ("name", "description") if function.get(key) is not None}
    return {**kept, "parameters": parameters}


def _object(parameters: dict[str, Json], required: Json) -> dict[str, Json]:
    """The schema as one of an object: a bare map of names to schemas is wrapped, a missing `type` is filled in."""
    keywords = ("type", "properties", "required", "$ref", "anyOf", "allOf", "oneOf")
    if parameters and not any(key in parameters for key in keywords):
        parameters = {"properties": parameters}
    if required and "required" not in parameters:
        parameters = {**parameters, "required": required}
    return parameters if "type" in parameters else {"type": "object", **parameters}


def _schema(value: Json) -> Json:
    """Names of Python, Java or BFCL types become JSON Schema's; `any` is no restriction. Data are left alone."""
    if isinstance(value, list):
        return [_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: _keyword(key, item) for key, item in value.items()}
    kind = value.get("type")
    if isinstance(kind, str) and kind.lower() == "any":
        del result["type"]
    elif isinstance(kind, str):
        kind = kind.partition(",")[0].strip()  # "str, optional"
        result["type"] = _TYPES.get(kind, kind)
    return result


def _keyword(key: str, value: Json) -> Json:
    if key in ("enum", "const", "default", "examples", "example"):
        return value
    if key in ("properties", "$defs", "patternProperties") and isinstance(value, dict):
        return {name: _schema(item) for name, item in value.items()}
    return _schema(value)
