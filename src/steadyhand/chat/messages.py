"""Messages, calls and tools as every floor above sees them. Knows nothing of tokens or templates.

One shape for all: the OpenAI message with `reasoning_content` for thinking, as Qwen3's template reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
Json = Any  # a JSON value: None, bool, int, float, str, list or dict of the same


@dataclass(frozen=True, slots=True)
class ToolCall:
    """`id` names the call where its source gave it a name; results are tied to calls by `call_ids`. Two calls that
    differ in their ids alone are equal."""

    name: str
    arguments: dict[str, Json]
    id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `think` is the reasoning without its tags; `calls` are an assistant's tool calls in order;
    `tool_call_id` is, of a tool's result, the id of the call that it answers (no part of equality)."""

    role: Role
    content: str = ""
    think: str | None = None
    calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = field(default="", compare=False)

    def to_openai(self) -> dict[str, Json]:
        """The dict that chat templates read (calls' arguments stay an object, as templates expect). Ids are left out:
        what a dialogue means, and so its hash, does not depend on them."""
        row: dict[str, Json] = {"role": self.role, "content": self.content}
        if self.think is not None:
            row["reasoning_content"] = self.think
        if self.calls:
            row["tool_calls"] = [
                {"type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in self.calls
            ]
        return row

    @classmethod
    def from_openai(cls, row: Mapping[str, Json]) -> Message:
        """Inverse of `to_openai`; also takes ids, and arguments as a JSON string, as APIs send them. Raises
        ValueError."""
        calls = []
        for call in row.get("tool_calls") or ():
            function = call.get("function", call)
            arguments = function.get("arguments", {})
            if isinstance(arguments, str):
                arguments = json.loads(arguments or "{}")
            if not isinstance(arguments, dict):
                raise ValueError(f"arguments of {function.get('name')!r} are not an object")
            calls.append(ToolCall(str(function["name"]), arguments, str(call.get("id") or "")))
        think = row.get("reasoning_content", row.get("reasoning"))
        answered = str(row.get("tool_call_id") or "")
        return cls(row["role"], row.get("content") or "", think, tuple(calls), answered)


@dataclass(frozen=True)
class Tool:
    """A callable interface: `parameters` is a JSON Schema (2020-12) of an object."""

    name: str
    description: str
    parameters: dict[str, Json]

    def to_openai(self) -> dict[str, Json]:
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": self.parameters},
        }

    @classmethod
    def from_openai(cls, row: Mapping[str, Json]) -> Tool:
        function = row.get("function", row)
        parameters = function.get("parameters") or {"type": "object", "properties": {}}
        return cls(str(function["name"]), str(function.get("description", "")), dict(parameters))


def to_openai(messages: Sequence[Message]) -> list[dict[str, Json]]:
    return [m.to_openai() for m in messages]
