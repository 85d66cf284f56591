"""Mistral: a mark, then a JSON list of calls (7B v0.3, Nemo), or per call a mark, the name and its JSON (from Small 3.2
and Ministral 3 on). A call has no closing mark: it ends where its JSON ends."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence

from steadyhand.chat import exact
from steadyhand.chat.exact import JsonError
from steadyhand.chat.formats.base import Servers
from steadyhand.chat.formats.jsoncall import forgiving, mended, shaped, value_end, written
from steadyhand.chat.formats.marks import BRACKETS
from steadyhand.chat.formats.parsed import CallShapeError, CallSyntaxError, ExactCall, Repair
from steadyhand.chat.formats.tagged import Tagged
from steadyhand.chat.messages import Json, Tool, ToolCall

_HEAD = re.compile(r"\s*([\w.-]+)\s*(?:\[CALL_ID\]\s*[\w-]+\s*)?\[ARGS\]\s*")


class _Mistral(Tagged):
    open, close = "[TOOL_CALLS]", ""
    think = BRACKETS
    servers = Servers("mistral", "mistral", "mistral", "mistral")
    control = ("[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[THINK]", "[/THINK]")

    def between(self, content: str) -> str:
        return ""

    def read_body(self, body: str, tools: Sequence[Tool], made: list[Repair] | None) -> Sequence[ExactCall]:
        try:
            return self.read(body, made)
        except (JsonError, CallSyntaxError, CallShapeError):
            if made is None:
                raise
            found = self.other().read(body, made)
            made.append(Repair.OTHER_SPELLING)
            return found

    @abstractmethod
    def read(self, body: str, made: list[Repair] | None) -> Sequence[ExactCall]:
        """The calls behind one mark."""

    @abstractmethod
    def other(self) -> _Mistral:
        """The other spelling of the family."""


class MistralList(_Mistral):
    """`[TOOL_CALLS] [{"name": "...", "arguments": {...}, "id": "..."}]`; the id may be left out."""

    name = "mistral_list"
    breakers = (
        lambda call: call.rstrip().removesuffix("]"),
        lambda call: call.replace('"arguments"', '"parameters"', 1),
        lambda call: call.replace('"', "'"),
        lambda call: call.replace("[{", "{", 1),
    )

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return self.open + written([{"name": call.name, "arguments": call.arguments} for call in calls])

    def body_end(self, text: str, at: int) -> tuple[int, int]:
        return value_end(text, at, ("[",))

    def read(self, body: str, made: list[Repair] | None) -> Sequence[ExactCall]:
        value = exact.loads(body) if made is None else forgiving(body, made)
        if not isinstance(value, list) or not value:
            raise CallShapeError(f"the body is {exact.kind(value)}, not a list of calls")
        return [shaped(_without_id(item if made is None else mended(item, made))) for item in value]

    def other(self) -> _Mistral:
        return MISTRAL


class MistralArgs(_Mistral):
    """`[TOOL_CALLS]name[ARGS]{...}`, one mark a call; some templates write an id behind the name."""

    name = "mistral"
    breakers = (
        lambda call: call.rstrip().removesuffix("}"),
        lambda call: call.replace("[ARGS]", " ", 1),
        lambda call: call.replace('"', "'") if '"' in call else call.removesuffix("{}"),
        lambda call: re.sub(r"\}\s*$", ",}", call),
    )

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return "".join(f"{self.open}{call.name}[ARGS]{written(call.arguments)}" for call in calls)

    def body_end(self, text: str, at: int) -> tuple[int, int]:
        head = _HEAD.match(text, at)
        return value_end(text, head.end(), ("{",)) if head else (0, at)

    def read(self, body: str, made: list[Repair] | None) -> Sequence[ExactCall]:
        head = _HEAD.match(body)
        if head is None:
            raise CallSyntaxError("a call begins with NAME[ARGS]")
        rest = body[head.end() :]
        arguments = exact.loads(rest) if made is None else forgiving(rest, made)
        if not isinstance(arguments, dict):
            raise CallShapeError(f"the arguments are {exact.kind(arguments)}, not an object")
        return [ExactCall(head[1], arguments)]

    def other(self) -> _Mistral:
        return MISTRAL_LIST


def _without_id(value: Json) -> Json:
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        return {key: item for key, item in value.items() if key != "id"}
    return value


MISTRAL_LIST, MISTRAL = MistralList(), MistralArgs()
