"""An answer that is a JSON list of calls: bare or in a code fence, as xLAM-2 and Hammer 2.1 write them, or behind a
mark (Phi-4-mini, Granite 3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from steadyhand.chat import exact
from steadyhand.chat.exact import JsonError
from steadyhand.chat.formats.bare import Bare
from steadyhand.chat.formats.base import Servers
from steadyhand.chat.formats.jsoncall import forgiving, mended, shaped, value_end, written
from steadyhand.chat.formats.parsed import CallShapeError, ExactCall, Repair
from steadyhand.chat.messages import Json, ToolCall

_FENCE = re.compile(r"```(?:json)?\s*")
_FENCED = re.compile(r"\s*```")
_KEY = r"""["']name["']\s*:\s*["'](?P<name>[^"']*)["']"""


class JsonList(Bare):
    """`[{"name": "...", "arguments": {...}}, ...]`; an empty list is no call but an answer."""

    opener = "["
    looks = re.compile(rf"(?:```(?:json)?\s*)?\[\s*\{{\s*{_KEY}")
    sure = re.compile(rf"(?:```(?:json)?\s*)?\[\s*\{{\s*{_KEY}\s*,\s*[\"']arguments[\"']\s*:")
    breakers = (
        lambda call: re.sub(r"\](\s*+(?:```\s*+)?)$", r"\1", call),
        lambda call: call.replace('"arguments"', '"parameters"', 1),
        lambda call: call.replace('"', "'"),
        lambda call: re.sub(r"\](\s*+(?:```\s*+)?)$", r",]\1", call),
    )

    def __init__(self, name: str, servers: Servers, prefix: str = "") -> None:
        self.name, self.servers, self.prefix, self.marked = name, servers, prefix, bool(prefix)

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return self.prefix + written([{"name": call.name, "arguments": call.arguments} for call in calls])

    def value_end(self, text: str, at: int) -> tuple[int, int]:
        fence = _FENCE.match(text, at)
        end, read = value_end(text, fence.end() if fence else at, ("[",))
        if end and fence:
            closed = _FENCED.match(text, end)
            return (closed.end() if closed else 0), (closed.end() if closed else end)
        return end, read

    def read_value(self, text: str, made: list[Repair] | None) -> Sequence[ExactCall]:
        body = text.strip()
        if fence := _FENCE.match(body):
            body = body[fence.end() :].removesuffix("```")
        value = exact.loads(body) if made is None else _mended(body, made)
        if not isinstance(value, list) or not value:
            raise CallShapeError(f"the answer is {exact.kind(value)}, not a list of calls")
        return [shaped(item) for item in value]


def _mended(body: str, made: list[Repair]) -> Json:
    value = forgiving(body, made)
    if not isinstance(value, list):
        raise JsonError("not a list")
    return [mended(item, made) for item in value]


JSON_LIST = JsonList("json_list", Servers("xlam"))
PHI4_MINI = JsonList(
    "phi4_mini",
    Servers("phi4_mini_json", vllm_loses="stops at the first ], so it reads no call with a list"),
    "functools",
)
GRANITE = JsonList("granite", Servers("granite", reasoning=None, opened=None), "<|tool_call|>")
