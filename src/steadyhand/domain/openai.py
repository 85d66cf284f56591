"""Reads OpenAI messages, calls and tools from cursors: the shape of rehearsal/, tools/ and most data sets."""

from __future__ import annotations

from typing import cast

from steadyhand.chat.messages import Json, Message, Role, Tool, ToolCall
from steadyhand.domain.dialogues import ROLES, check_order, tool_content
from steadyhand.errors import DomainError
from steadyhand.source.cursor import Cursor
from steadyhand.source.jsonfile import read_json


def read_openai_row(row: Cursor) -> tuple[tuple[Message, ...], tuple[Tool, ...]]:
    """A rehearsal row: {"messages": [OpenAI messages], "tools": [OpenAI tools]}; the last message is an assistant's."""
    row.fields(["messages"], ["tools", "id", "source"])
    entries = list(row.items("messages"))
    messages = tuple(read_openai_message(entry) for entry in entries)
    check_order(row, entries, messages, "assistant")
    return messages, tuple(read_tool(tool) for tool in row.items("tools"))


def read_openai_message(row: Cursor) -> Message:
    """One OpenAI message; `content` may be null beside tool calls, or a list of text and reasoning parts."""
    row.require("role")
    row.fields(
        ["role"],
        ["content", "reasoning_content", "reasoning", "tool_calls", "tool_call_id", "name", "refusal", "audio",
         "function_call", "annotations"],
    )  # fmt: skip
    role = row.choice("role", ROLES)
    calls = tuple(_openai_call(call) for call in row.items("tool_calls"))
    content, think = _content(row)
    if calls and role != "assistant":
        raise row.error(f"a message of role {role!r} carries tool calls", "only the assistant calls", key="tool_calls")
    if not content.strip() and not calls and role != "tool":
        raise row.error(f"the message of role {role!r} is empty", "give it content, or remove it")
    for key in ("reasoning_content", "reasoning"):
        think = row.optional_text(key) if row.has(key) else think
    return Message(cast(Role, role), content, think, calls)


def _content(row: Cursor) -> tuple[str, str | None]:
    """(text, thinking) of `content`."""
    if not isinstance(row.value.get("content"), list):
        return (tool_content(row), None) if row.value["role"] == "tool" else (row.text("content", ""), None)
    said: dict[str, list[str]] = {"text": [], "reasoning": []}
    for part in row.items("content"):
        part.fields(["type"], ["text", "value"])
        said[part.choice("type", tuple(said))].append(part.text("text" if part.has("text") else "value", ""))
    return "\n".join(said["text"]), "\n".join(said["reasoning"]) if said["reasoning"] else None


def _openai_call(row: Cursor) -> ToolCall:
    row.fields([], ["id", "type", "index", "function", "name", "arguments"])
    function = row.at("function").fields(["name"], ["arguments"]) if row.has("function") else row
    return ToolCall(function.text("name"), read_arguments(function))


def read_arguments(row: Cursor) -> dict[str, Json]:
    """`arguments` as a mapping, or as JSON text of one, as APIs send them."""
    value = row.value.get("arguments")
    if isinstance(value, str):
        place = row.at("arguments")
        try:
            value = read_json(value or "{}", row.source.file).value
        except DomainError as error:
            raise place.error(f"the arguments are not usable JSON: {error.what}", "correct them") from None
        if not isinstance(value, dict):
            raise place.error("the arguments are not an object", "write {} around them")
        return value
    return row.mapping("arguments")


def read_tool(row: Cursor) -> Tool:
    """A tool as {"name", "description", "parameters"} or in the OpenAI wrapper; its schema is checked."""
    if isinstance(row.value, dict) and "function" in row.value:
        row.fields(["function"], ["type"])
        row = row.at("function")
    row.fields(["name"], ["description", "parameters", "strict"])
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
