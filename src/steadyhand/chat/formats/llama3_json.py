"""Llama 3.1 and 3.2: an answer that is one JSON object of `name` and `parameters`. The templates take one call a turn;
the models write several behind one another, apart by a semicolon or a line end, and those are read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from steadyhand.chat import exact
from steadyhand.chat.formats.bare import Bare
from steadyhand.chat.formats.base import Servers
from steadyhand.chat.formats.jsoncall import forgiving, mended, shaped, value_end, written
from steadyhand.chat.formats.parsed import CallShapeError, ExactCall, Repair
from steadyhand.chat.messages import ToolCall

_APART = re.compile(r"\s*+(?:;\s*+)?(?=\{)")


class Llama3Json(Bare):
    """`{"name": "...", "parameters": {...}}`, maybe behind Llama's mark for code."""

    name = "llama3_json"
    prefix = "<|python_tag|>"
    servers = Servers("llama3_json", "llama3")
    call_ends = ("<|eom_id|>",)
    opener = "{"
    looks = re.compile(r"""\{\s*["']name["']\s*:\s*["'](?P<name>[^"']*)["']""")
    sure = re.compile(r"""\{\s*["']name["']\s*:\s*["'][^"']*["']\s*,\s*["'](?:parameters|arguments)["']\s*:""")
    breakers = (
        lambda call: call.rstrip().removesuffix("}"),
        lambda call: call.replace('"parameters"', '"arguments"', 1),
        lambda call: call.replace('"', "'"),
        lambda call: re.sub(r"\}\s*$", ",}", call),
    )

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return "; ".join(written({"name": call.name, "parameters": call.arguments}) for call in calls)

    def value_end(self, text: str, at: int) -> tuple[int, int]:
        end, read = value_end(text, at, ("{",))
        while end and (apart := _APART.match(text, end)):
            following, read = value_end(text, apart.end(), ("{",))
            if not following:
                return 0, read
            end = following
        return end, read

    def read_value(self, text: str, made: list[Repair] | None) -> Sequence[ExactCall]:
        calls: list[ExactCall] = []
        at = 0
        while not calls or (apart := _APART.match(text, at)):
            at = apart.end() if calls and apart else at
            end = value_end(text, at, ("{",))[0] or len(text)
            body = text[at:end]
            value = exact.loads(body) if made is None else mended(forgiving(body, made), made, "parameters")
            calls.append(shaped(value, "parameters"))
            at = end
        if text[at:].strip():
            raise CallShapeError("text stands after the call")
        return calls


LLAMA3_JSON = Llama3Json()
