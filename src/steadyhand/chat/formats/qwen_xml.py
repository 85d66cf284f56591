"""Qwen's XML: a function and its parameters as tags, values as plain text, as Qwen3-Coder, Qwen3.5 and later and
Nemotron 3 write calls. The text has no types, so a value's type is that of the tool's schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from steadyhand.chat.formats.base import Reading, Servers
from steadyhand.chat.formats.jsoncall import written
from steadyhand.chat.formats.parsed import CallShapeError, CallSyntaxError, CannotWriteError, ExactCall, Repair
from steadyhand.chat.formats.tagged import Tagged
from steadyhand.chat.formats.typed import parameter_types, read_typed
from steadyhand.chat.messages import Tool, ToolCall

FUNCTION = "<function="  # no other format between these tags has it
_HEAD = re.compile(r"\s*<function=([^>\n]+)>\s*")
_PARAMETER = re.compile(r"<parameter=([^>\n]+)>")
_VALUE_END = re.compile(r"</parameter>\s*(?=<parameter=|</function>)")
_FOOT = re.compile(r"</function>\s*")
_NEXT = re.compile(r"<tool_call>\s*<function=")  # no value reaches beyond the beginning of another call


class QwenXml(Tagged):
    """`<tool_call>`, one function, its parameters on lines of their own, `</tool_call>`."""

    name = "qwen_xml"
    open, close = "<tool_call>", "</tool_call>"
    servers = Servers("qwen3_coder", "qwen3_coder")
    breakers = (
        lambda call: call.removesuffix("</tool_call>").rstrip(),
        lambda call: call.replace("</function>", "", 1),
        lambda call: call.replace("</parameter>", "", 1),
        lambda call: call.replace("<function=", '<function name="', 1),
        lambda call: call.replace("<parameter=", "<param=", 1),
        lambda call: call.removeprefix("<tool_call>").lstrip(),
    )

    def between(self, content: str) -> str:
        return "\n\n" if content else ""

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return "\n".join(self._written(call) for call in calls)

    def _written(self, call: ToolCall) -> str:
        values = {key: value if isinstance(value, str) else written(value) for key, value in call.arguments.items()}
        lines = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in values.items())
        text = f"{self.open}\n<function={call.name}>\n{lines}</function>\n{self.close}"
        try:
            name, fields, end = _walk(text, len(self.open))
        except CallSyntaxError as error:
            raise CannotWriteError(str(error)) from error
        if (name, fields) != (call.name, values) or end != len(text) - len(self.close):
            raise CannotWriteError("a value or a name holds the marks that would end it")
        return text

    def body_end(self, text: str, at: int) -> tuple[int, int]:
        following = _NEXT.search(text, at)
        limit = following.start() if following else len(text)
        try:
            end = _walk(text, at, limit)[2]
        except CallSyntaxError:
            return 0, limit
        return (end if text.startswith(self.close, end) else 0), end

    def read_body(self, body: str, tools: Sequence[Tool], made: list[Repair] | None) -> Sequence[ExactCall]:
        name, fields, end = _walk(body, 0)
        if end != len(body):
            raise CallShapeError("text stands after the function")
        return [_typed(name, fields, tools)]

    def attempts(self, text: str, tools: Sequence[Tool], *, lenient: bool) -> tuple[list[Reading], str]:
        """Qwen3-Coder often leaves the outer tags out: that is an attempt, and broken."""
        readings, content = super().attempts(text, tools, lenient=lenient)
        at = content.find(FUNCTION)
        if at < 0:
            return readings, content
        bare = partial(self._unwrapped, content[at:], tools)
        return [*readings, Reading(bare, mendable=lenient)], content[:at].strip()

    def _unwrapped(self, text: str, tools: Sequence[Tool], made: list[Repair] | None) -> Sequence[ExactCall]:
        name, fields, end = _walk(text, 0)
        if made is None or text[end:].strip():
            raise CallShapeError("a function outside the tags of a call")
        made.append(Repair.OTHER_SPELLING)
        return [_typed(name, fields, tools)]


def _walk(text: str, at: int, limit: int | None = None) -> tuple[str, dict[str, str], int]:
    """The function's name, its parameters as texts, and where it ends. Raises CallSyntaxError."""
    limit = len(text) if limit is None else limit
    head = _HEAD.match(text, at, limit)
    if head is None:
        raise CallSyntaxError("a call begins with <function=NAME>")
    fields: dict[str, str] = {}
    at = head.end()
    while parameter := _PARAMETER.match(text, at, limit):
        end = _VALUE_END.search(text, parameter.end(), limit)
        if end is None:
            raise CallSyntaxError(f"the parameter {parameter[1]!r} is not closed")
        if parameter[1] in fields:
            raise CallSyntaxError(f"duplicate parameter {parameter[1]!r}")
        fields[parameter[1]] = _inner(text[parameter.end() : end.start()])
        at = end.end()
    foot = _FOOT.match(text, at, limit)
    if foot is None:
        raise CallSyntaxError("a call ends with </function>")
    return head[1], fields, foot.end()


def _inner(text: str) -> str:
    """A value without the line ends that the format puts around it."""
    return text.removeprefix("\n").removesuffix("\n")


def _typed(name: str, fields: dict[str, str], tools: Sequence[Tool]) -> ExactCall:
    types = parameter_types(tools, name)
    read = {key: read_typed(text, types[key]) if key in types else read_typed(text) for key, text in fields.items()}
    unsure = tuple(f"{name}.{key}" for key, typed in read.items() if not typed.sure)
    return ExactCall(name, {key: typed.value for key, typed in read.items()}, unsure)


QWEN_XML = QwenXml()
