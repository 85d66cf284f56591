"""Calls in Python's spelling: a list between marks (LFM2), lines between marks (Olmo 3), or a bare list (Llama 4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from steadyhand.chat.formats.bare import Bare
from steadyhand.chat.formats.base import Servers
from steadyhand.chat.formats.literals import Literals, one, write_call
from steadyhand.chat.formats.parsed import CallShapeError, CallSyntaxError, ExactCall, Repair
from steadyhand.chat.formats.tagged import Tagged
from steadyhand.chat.messages import Tool, ToolCall

_BREAKERS = (
    lambda call: re.sub(r"\)(?=[^)]*$)", "", call, count=1),
    lambda call: call.replace("=", ": ", 1) if "=" in call else call.replace("()", "(", 1),
    lambda call: call.replace("'", "", 1) if "'" in call else call.replace(")", ",)", 1),
)
_PLAIN_NAMES = "reads no call of a tool whose name holds a hyphen or a dot"


class TaggedPythonic(Tagged):
    """A list of calls between marks, or with `lines` one call a line."""

    def __init__(self, name: str, open: str, close: str, servers: Servers, *, lines: bool = False) -> None:
        self.name, self.open, self.close, self.servers, self._lines = name, open, close, servers, lines
        self.breakers = (
            lambda call: call.removesuffix(close).rstrip(),
            lambda call: call.removeprefix(open).lstrip(),
            *_BREAKERS,
        )

    def between(self, content: str) -> str:
        return ""

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        texts = [write_call(call) for call in calls]
        return f"{self.open}{chr(10).join(texts) if self._lines else '[' + ', '.join(texts) + ']'}{self.close}"

    def body_end(self, text: str, at: int) -> tuple[int, int]:
        if not self._lines:
            return _end(text, at, lambda reader: reader.calls("[", "]"))
        end, read = _end(text, at, lambda reader: reader.calls("", self.close, ""))
        return (end - len(self.close) if end else 0), read

    def read_body(self, body: str, tools: Sequence[Tool], made: list[Repair] | None) -> Sequence[ExactCall]:
        if self._lines:
            reader = Literals(body + self.close)
            return one(reader.calls("", self.close, ""))
        return _whole_list(body)


class BarePythonic(Bare):
    """A list of calls that is the whole answer."""

    name = "pythonic"
    servers = Servers("llama4_pythonic", "pythonic", vllm_loses=_PLAIN_NAMES)
    breakers = (
        lambda call: call.rstrip().removesuffix("]"),
        *_BREAKERS,
    )
    opener = "["
    looks = re.compile(r"\[\s*(?P<name>[^\W\d][\w.-]*)\(")
    sure = re.compile(r"\[\s*[^\W\d][\w.-]*\((?:\s*\)|\s*[^\W\d][\w.-]*\s*=)")

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return f"[{', '.join(map(write_call, calls))}]"

    def value_end(self, text: str, at: int) -> tuple[int, int]:
        return _end(text, at, lambda reader: reader.calls("[", "]"))

    def read_value(self, text: str, made: list[Repair] | None) -> Sequence[ExactCall]:
        return _whole_list(text)


def _end(text: str, at: int, read: Callable[[Literals], list[ExactCall]]) -> tuple[int, int]:
    reader = Literals(text, at)
    try:
        read(reader)
    except CallSyntaxError:
        return 0, reader.at
    return reader.at, reader.at


def _whole_list(text: str) -> list[ExactCall]:
    reader = Literals(text)
    calls = one(reader.calls("[", "]"))
    if text[reader.at :].strip():
        raise CallShapeError("text stands after the list")
    return calls


LFM2 = TaggedPythonic(
    "lfm2",
    "<|tool_call_start|>",
    "<|tool_call_end|>",
    Servers("lfm2", "lfm2", vllm_loses=_PLAIN_NAMES.removesuffix(" or a dot")),
)
OLMO3 = TaggedPythonic(
    "olmo3", "<function_calls>", "</function_calls>", Servers("olmo3", vllm_loses=_PLAIN_NAMES), lines=True
)
PYTHONIC = BarePythonic()
