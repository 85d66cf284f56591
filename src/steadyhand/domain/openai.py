"""Reads OpenAI messages, calls and tools from cursors: the shape of rehearsal/, tools/ and most data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from steadyhand.chat.call_ids import in_call_order
from steadyhand.chat.messages import Json, Message, Role, Tool, ToolCall
from steadyhand.domain.dialogues import ROLES, check_order, tool_content
from steadyhand.errors import DomainError
from steadyhand.source.cursor import Cursor
from steadyhand.source.jsonfile import read_json

_TEXTS = ("text", "input_text", "output_text")
_MEDIA = (
    "image_url",
    "image",
    "input_image",
    "input_audio",
    "audio",
    "video",
    "video_url",
    "file",
    "document",
    "resource",
)
_PLAIN, _SPEAKERS = frozenset(("role", "content", "reasoning_content")), ("system", "user", "assistant")
_UNREAD = ("refusal", "audio", "function_call")  # may be there as null


def read_openai_row(row: Cursor) -> tuple[tuple[Message, ...], tuple[Tool, ...]]:
    """A rehearsal row: {"messages": [OpenAI messages], "tools": [OpenAI tools]}; the last message is an assistant's,
    and the results of a turn come in the order of its calls, whatever their order in the file."""
    row.fields(["messages"], ["tools", "id", "source"])
    entries = list(row.items("messages"))
    messages = tuple(read_openai_message(entry) for entry in entries)
    check_order(row, entries, messages, "assistant")
    return in_call_order(messages), tuple(read_tool(tool) for tool in row.items("tools"))


def read_openai_message(row: Cursor) -> Message:
    """One OpenAI message; `content` may be null beside tool calls, or a list of text and reasoning parts."""
    value = row.value
    if isinstance(value, dict) and value.keys() <= _PLAIN and value.get("role") in _SPEAKERS:
        content, think = value.get("content"), value.get("reasoning_content")
        if isinstance(content, str) and content.strip() and isinstance(think, str | None):
            return Message(value["role"], content, think)  # most messages: nothing to complain of
    row.require("role")
    row.fields(
        ["role"],
        ["content", "reasoning_content", "reasoning", "tool_calls", "tool_call_id", "name", "annotations", *_UNREAD],
    )
    for key in _UNREAD:
        if key in row.value and row.has(key):
            raise row.error(f"{key!r} is not read", "write it as content or tool_calls", key=key)
    role = row.choice("role", ROLES)
    calls = tuple(_openai_call(call) for call in row.items("tool_calls"))
    content, think = _content(row)
    if calls and role != "assistant":
        raise row.error(f"a message of role {role!r} carries tool calls", "only the assistant calls", key="tool_calls")
    if not content.strip() and not calls and role != "tool":
        raise row.error(f"the message of role {role!r} is empty", "give it content, or remove it")
    for key in ("reasoning_content", "reasoning"):
        think = row.optional_text(key) if row.has(key) else think
    answered = _id(row, "tool_call_id") if role == "tool" else ""
    return Message(cast(Role, role), content, think, calls, answered)


def _content(row: Cursor) -> tuple[str, str | None]:
    """(text, thinking) of `content`."""
    content = row.value.get("content")
    if row.value["role"] == "tool" and not (isinstance(content, list) and are_parts(content)):
        return tool_content(row), None
    if not isinstance(content, list):
        return row.text("content", ""), None
    said: dict[str, list[str]] = {"text": [], "reasoning": []}
    for part in row.items("content"):
        part.fields(["type"], ["text", "value"])
        said[part.choice("type", tuple(said))].append(part.text("text" if part.has("text") else "value", ""))
    return "\n".join(said["text"]), "\n".join(said["reasoning"]) if said["reasoning"] else None


def are_parts(content: list[Json]) -> bool:
    """Whether a tool's result is a list of content parts; any other list is data, as a mapping is."""
    return bool(content) and all(isinstance(part, dict) and _is_part(part) for part in content)


def _is_part(part: dict[str, Json]) -> bool:
    kind = part.get("type")
    if isinstance(kind, str) and kind in _TEXTS:
        return any(isinstance(part.get(key), str) for key in ("text", "value"))
    return isinstance(kind, str) and kind in _MEDIA and not {"source", "data", *_MEDIA}.isdisjoint(part)


def _openai_call(row: Cursor) -> ToolCall:
    row.fields([], ["id", "type", "index", "function", "name", "arguments"])
    function = row.at("function").fields(["name"], ["arguments"]) if row.has("function") else row
    return ToolCall(function.text("name"), read_arguments(function), _id(row, "id"))


def _id(row: Cursor, key: str) -> str:
    """An id as text; some write numbers."""
    value = row.value.get(key)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else row.text(key, "")


def read_arguments(row: Cursor) -> dict[str, Json]:
    """`arguments` as a mapping, or as JSON text of one, as APIs send them."""
    value = row.value.get("arguments")
    if isinstance(value, str):
        place = row.at("arguments")
        try:
            value = read_json(value, row.source.file).value if value.strip() else {}
            if isinstance(value, str):  # written as JSON twice
                value = read_json(value, row.source.file).value if value.strip() else {}
        except DomainError as error:
            raise place.error(f"the arguments are not usable JSON: {error.what}", "correct them") from None
        if not isinstance(value, dict | None):
            raise place.error("the arguments are not an object", "write {} around them")
        return value or {}
    return row.mapping("arguments")


def read_tool(row: Cursor, own: Sequence[str] = ()) -> Tool:
    """A tool as {"name", "description", "parameters"} or in the OpenAI wrapper; its schema is checked. `own`: further
    keys that may stand beside the three."""
    if isinstance(row.value, dict) and "function" in row.value:
        row.fields(["function"], ["type"])
        row = row.at("function")
    row.fields(["name"], ["description", "parameters", "strict", *own])
    row.text("name")
    row.text("description", "")
    tool = Tool.from_openai(
        {**row.value, "parameters": row.mapping("parameters"), "description": row.text("description", "")}
    )
    _check_schema(row, tool)
    return tool


def _check_schema(row: Cursor, tool: Tool) -> None:
    from steadyhand.chat.schema import check_tool_schema

    problems = check_tool_schema(tool)
    if problems:
        where = row.at("parameters") if row.has("parameters") else row
        raise where.error(f"the tool {tool.name!r} cannot be offered: {problems[0]}", "correct its name or schema")
