"""MiniCPM5: a function and its parameters as XML elements with the name as an attribute. As in Qwen's XML the text has
no types. A text that holds marks or line ends stands in CDATA; lists and objects are in Python's spelling, since the
model's template prints them as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from steadyhand.chat.formats.base import Servers
from steadyhand.chat.formats.literals import loads
from steadyhand.chat.formats.parsed import CallShapeError, CallSyntaxError, CannotWriteError, ExactCall, Repair
from steadyhand.chat.formats.tagged import Tagged
from steadyhand.chat.formats.typed import ALL, parameter_types, read_typed
from steadyhand.chat.messages import Tool, ToolCall

_NAME = re.compile(r'([^"<>\n]+)">\s*')
_PARAMETER = re.compile(r'<param name="([^"<>\n]+)">')
_VALUE_END = re.compile(r'</param>\s*(?=<param name="|</function>|\Z)')
_CDATA, _CDATA_END = "<![CDATA[", "]]>"


class MiniCpmXml(Tagged):
    """`<function name="...">`, `<param name="...">value</param>` for each argument, `</function>`."""

    name = "minicpm_xml"
    open, close = '<function name="', "</function>"
    servers = Servers(
        "minicpm5", "minicpm5", vllm_loses="drops arguments that the schema lacks and the text beside a call"
    )
    breakers = (
        lambda call: call.removesuffix("</function>").rstrip(),
        lambda call: call.replace("</param>", "", 1) if "</param>" in call else call.replace('">', "", 1),
        lambda call: call.replace('">', "", 1),
        lambda call: call.replace('<function name="', "", 1),
    )

    @property
    def control(self) -> tuple[str, ...]:
        return (*self.held, "<function", "<param", "</param>")

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return "\n".join(self._written(call) for call in calls)

    def _written(self, call: ToolCall) -> str:
        values = {key: str(value) for key, value in call.arguments.items()}
        lines = "".join(f'<param name="{key}">{_shielded(value)}</param>' for key, value in values.items())
        text = f'{self.open}{call.name}">{lines}{self.close}'
        try:
            name, fields, end = _walk(text, len(self.open))
        except CallSyntaxError as error:
            raise CannotWriteError(str(error)) from error
        if (name, fields) != (call.name, values) or end != len(text) - len(self.close):
            raise CannotWriteError("a name holds the marks that would end it")
        return text

    def body_end(self, text: str, at: int) -> tuple[int, int]:
        try:
            end = _walk(text, at)[2]
        except CallSyntaxError as error:
            return 0, error.at
        return (end if text.startswith(self.close, end) else 0), end

    def read_body(self, body: str, tools: Sequence[Tool], made: list[Repair] | None) -> Sequence[ExactCall]:
        name, fields, end = _walk(body, 0)
        if end != len(body):
            raise CallShapeError("something else than parameters stands in the function")
        types = parameter_types(tools, name)
        read = {key: read_typed(text, types.get(key, ALL), loads) for key, text in fields.items()}
        unsure = tuple(f"{name}.{key}" for key, typed in read.items() if not typed.sure)
        return [ExactCall(name, {key: typed.value for key, typed in read.items()}, unsure)]


def _walk(text: str, at: int) -> tuple[str, dict[str, str], int]:
    """The function's name, its parameters as texts, and where they end. Only CDATA reaches beyond the beginning of
    another call. Raises CallSyntaxError."""
    limit = _next_call(text, at)
    head = _NAME.match(text, at, limit)
    if head is None:
        raise CallSyntaxError("the function's name is missing", at)
    fields: dict[str, str] = {}
    at = head.end()
    while parameter := _PARAMETER.match(text, at, limit):
        if text.startswith(_CDATA, parameter.end()):
            value, at = _cdata(text, parameter.end())
        else:
            value, at = _plain(text, parameter.end(), limit)
        limit = limit if at <= limit else _next_call(text, at)
        if parameter[1] in fields:
            raise CallSyntaxError(f"duplicate parameter {parameter[1]!r}", at)
        fields[parameter[1]] = value
    return head[1], fields, at


def _next_call(text: str, at: int) -> int:
    """Where another call begins, or the text's end."""
    following = text.find(MiniCpmXml.open, at)
    return len(text) if following < 0 else following


def _plain(text: str, at: int, limit: int) -> tuple[str, int]:
    """The text of a parameter, and where the next one may begin."""
    end = _VALUE_END.search(text, at, limit)
    if end is None:
        raise CallSyntaxError("a parameter is not closed", limit)
    return text[at : end.start()], end.end()


def _cdata(text: str, at: int) -> tuple[str, int]:
    """As `_plain`, of one CDATA section or several behind one another."""
    parts: list[str] = []
    while text.startswith(_CDATA, at):
        end = text.find(_CDATA_END, at)
        if end < 0:
            raise CallSyntaxError("CDATA is not closed", len(text))
        parts.append(text[at + len(_CDATA) : end])
        at = end + len(_CDATA_END)
    closed = _VALUE_END.match(text, at)
    if closed is None:
        raise CallSyntaxError("a parameter is not closed", at)
    return "".join(parts), closed.end()


def _shielded(value: str) -> str:
    """In CDATA, where a mark could be read out of it, as the template has it; its own end is written in two pieces."""
    if not any(mark in value for mark in "<&\n"):
        return value
    return _CDATA + value.replace(_CDATA_END, "]]" + _CDATA_END + _CDATA + ">") + _CDATA_END


MINICPM_XML = MiniCpmXml()
