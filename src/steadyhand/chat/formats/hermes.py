"""Hermes: JSON of a name and arguments between tags, as Qwen2.5, Qwen3, SmolLM3 and Granite 4 write calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from steadyhand.chat import exact
from steadyhand.chat.formats.base import Servers
from steadyhand.chat.formats.jsoncall import forgiving, mended, shaped, value_end, written
from steadyhand.chat.formats.parsed import ExactCall, Repair
from steadyhand.chat.formats.tagged import Tagged
from steadyhand.chat.messages import Json, Tool, ToolCall


class Hermes(Tagged):
    """`<tool_call>`, an RFC 8259 object of exactly `name` and `arguments`, `</tool_call>`."""

    name = "hermes"
    open, close = "<tool_call>", "</tool_call>"
    servers = Servers("hermes", "qwen25")
    breakers = (
        lambda call: call.removesuffix("</tool_call>").rstrip(),
        lambda call: re.sub(r"\}(\s*</tool_call>)$", r"\1", call),
        lambda call: re.sub(r"\}(\s*</tool_call>)$", r",}\1", call),
        lambda call: call.replace('"arguments"', '"parameters"', 1),
        lambda call: call.replace('"', "'"),
        lambda call: call.removeprefix("<tool_call>").lstrip(),
    )

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return "\n".join(self.write_fields(call.name, written(call.arguments)) for call in calls)

    def write_fields(self, name: Json, arguments: str) -> str:
        """A call whose arguments are a text, which may be anything: what a server's parser left of a call."""
        return f'{self.open}\n{{"name": {written(name)}, "arguments": {arguments}}}\n{self.close}'

    def body_end(self, text: str, at: int) -> tuple[int, int]:
        return value_end(text, at, ("{", "["))

    def read_body(self, body: str, tools: Sequence[Tool], made: list[Repair] | None) -> Sequence[ExactCall]:
        if made is None:
            return [shaped(exact.loads(body))]
        return [shaped(mended(forgiving(body, made), made))]

    def from_message(self, message: Mapping[str, Json]) -> str:
        """The completion as Qwen3's template writes it, from an API message's fields (`reasoning_content`, `content`,
        `tool_calls`); arguments stay the server's string, also when it is not JSON."""
        think = message.get("reasoning_content") or message.get("reasoning")
        text = (self.think.write(str(think).strip()) if think else "") + str(message.get("content") or "")
        for call in message.get("tool_calls") or ():
            function = call.get("function") or {}
            arguments = function.get("arguments")
            if not isinstance(arguments, str):
                arguments = written(arguments or {})
            gap = "\n" if text and not text.endswith("\n") else ""
            text += gap + self.write_fields(function.get("name"), arguments)
        return text


HERMES = Hermes()
