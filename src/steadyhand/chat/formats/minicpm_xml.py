"""MiniCPM5: a function and its parameters as XML elements with the name as an attribute. As in Qwen's XML the text has
no types. A value that holds marks stands in CDATA."""

from __future__ import annotations

import re
from collections.abc import Sequence

from steadyhand.chat.formats.base import Servers
from steadyhand.chat.formats.jsoncall import written
from steadyhand.chat.formats.parsed import CallShapeError, CallSyntaxError, CannotWriteError, ExactCall, Repair
from steadyhand.chat.formats.tagged import Tagged
from steadyhand.chat.formats.typed import parameter_types, read_typed
from steadyhand.chat.messages import Tool, ToolCall

_NAME = re.compile(r'([^"<>\n]+)">\s*')
_PARAMETER = re.compile(r'<param name="([^"<>\n]+)">')
_VALUE_END = re.compile(r'</param>\s*(?=<param name="|</function>|\Z)')
_CDATA, _CDATA_END = "<![CDATA[", "]]>"


class MiniCpmXml(Tagged):
    """`<function name="...">`, `<param name="...">value</param>` for each argument, `</function>`."""

    name = "minicpm_xml"
    open, close = '<function name="', "</function>"
    servers = Servers("minicpm5", "minicpm5")
    breakers = (
        lambda call: call.removesuffix("</function>").rstrip(),
        lambda call: call.replace("</param>", "", 1) if "</param>" in call else call.replace('">', "", 1),
        lambda call: call.replace('">', "", 1),
        lambda call: call.replace('<function name="', "", 1),
    )

    @property
    def control(self) -> tuple[str, ...]:
        return (*self.held, "<function", "<param", "</param>")

    def between(self, content: str) -> str:
        return ""

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return "".join(self._written(call) for call in calls)

    def _written(self, call: ToolCall) -> str:
        values = {key: value if isinstance(value, str) else written(value) for key, value in call.arguments.items()}
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
        following = text.find(self.open, at)
        limit = len(text) if following < 0 else following
        try:
            end = _walk(text, at, limit)[2]
        except CallSyntaxError:
            return 0, limit
        return (end if text.startswith(self.close, end) else 0), end

    def read_body(self, body: str, tools: Sequence[Tool], made: list[Repair] | None) -> Sequence[ExactCall]:
        name, fields, end = _walk(body, 0)
        if end != len(body):
            raise CallShapeError("something else than parameters stands in the function")
        types = parameter_types(tools, name)
        read = {key: read_typed(text, types[key]) if key in types else read_typed(text) for key, text in fields.items()}
        unsure = tuple(f"{name}.{key}" for key, typed in read.items() if not typed.sure)
        return [ExactCall(name, {key: typed.value for key, typed in read.items()}, unsure)]


def _walk(text: str, at: int, limit: int | None = None) -> tuple[str, dict[str, str], int]:
    """The function's name, its parameters as texts, and where they end. Raises CallSyntaxError."""
    limit = len(text) if limit is None else limit
    head = _NAME.match(text, at, limit)
    if head is None:
        raise CallSyntaxError("the function's name is missing")
    fields: dict[str, str] = {}
    at = head.end()
    while parameter := _PARAMETER.match(text, at, limit):
        read = _cdata if text.startswith(_CDATA, parameter.end()) else _plain
        value, at = read(text, parameter.end(), limit)
        if parameter[1] in fields:
            raise CallSyntaxError(f"duplicate parameter {parameter[1]!r}")
        fields[parameter[1]] = value
    return head[1], fields, at


def _plain(text: str, at: int, limit: int) -> tuple[str, int]:
    """The text of a parameter, and where the next one may begin."""
    end = _VALUE_END.search(text, at, limit)
    if end is None:
        raise CallSyntaxError("a parameter is not closed")
    return text[at : end.start()], end.end()


def _cdata(text: str, at: int, limit: int) -> tuple[str, int]:
    """As `_plain`, of one CDATA section or several behind one another."""
    parts: list[str] = []
    while text.startswith(_CDATA, at):
        end = text.find(_CDATA_END, at, limit)
        if end < 0:
            raise CallSyntaxError("CDATA is not closed")
        parts.append(text[at + len(_CDATA) : end])
        at = end + len(_CDATA_END)
    closed = _VALUE_END.match(text, at, limit)
    if closed is None:
        raise CallSyntaxError("a parameter is not closed")
    return "".join(parts), closed.end()


def _shielded(value: str) -> str:
    """In CDATA, where a mark could be read out of it; its own end is written in two pieces."""
    if "<" not in value and "&" not in value:
        return value
    return _CDATA + value.replace(_CDATA_END, "]]" + _CDATA_END + _CDATA + ">") + _CDATA_END


MINICPM_XML = MiniCpmXml()
