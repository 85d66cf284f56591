"""Repairs of one row that leave its meaning as it is, in any of the formats that are read. Knows rows, no files.

What would change what is taught (a label, a call, a wording) is nobody's to repair but the author's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from steadyhand.chat.messages import Json, ToolCall
from steadyhand.chat.schema import without_nulls
from steadyhand.check.null_arguments import Steps, without
from steadyhand.check.quality import undecoded
from steadyhand.source.json_edit import edited

REPAIRED = ("Q101", "Q105", "S109", "S112", "T103")  # the rules whose findings may go away
_DIALOGUES = ("messages", "conversations", "conversation", "chosen", "rejected", "prompt")
_TAUGHT = ("output", "response", "chosen", "system")  # texts that stand in a row by themselves
_SPEAKERS = ("assistant", "gpt", "bot", "model", "chatgpt", "system", "developer")
_CALLERS = (*_SPEAKERS, "function_call", "tool_call")
_ARGUMENTS = ("arguments", "parameters", "args", "input", "kwargs")
_TEXTS = ("content", "value", "reasoning_content")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_THINK = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)
_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>")
_NOT_BEHIND = "".join(rf"(?<!{re.escape(end)})" for end in _ENDS)  # where one row of them would be tried again
_END = re.compile(rf"(?<!\s){_NOT_BEHIND}(?:\s*+(?:{'|'.join(map(re.escape, _ENDS))}))++\s*+\Z")

Nulls = Sequence[tuple[ToolCall, Sequence[Steps]]]
Repair = Callable[[dict[str, Json]], Json]


def repairs(row: Json, codes: frozenset[str], nulls: Nulls = ()) -> Iterator[tuple[str, Json]]:
    """Each code of `codes` that changes something, with the row as it is then, the changes before among it. `nulls`:
    calls of the row with arguments that are null without a meaning (`null_arguments.nulls_of`)."""
    steps: dict[str, Repair] = {**_REPAIRS, "S112": partial(_calls, nulls=nulls)} if nulls else _REPAIRS
    for code, repair in steps.items():
        if code in codes and isinstance(row, dict) and (better := repair(row)) != row:
            row = better
            yield code, row


def _decoded(text: str) -> str:
    """Q101: without control characters, and read with the encoding that it was written in where that leaves nothing
    wrongly decoded."""
    text = _CONTROL.sub("", text)
    if text.isascii() or not undecoded(text):
        return text
    from ftfy import fix_encoding  # compiles large tables

    better = fix_encoding(text)
    return text if undecoded(better) else better


def _without_end(text: str) -> str:
    """T103: without markers of the end of a turn at its end; the template writes its own. Nothing else is left to
    say when only markers are there, so such a text stays."""
    return _END.sub("", text) or text


def _on_texts(change: Callable[[str], str]) -> Callable[[dict[str, Json]], dict[str, Json]]:
    """A repair of every text that is taught: the assistant's and the system's."""

    def repair(row: dict[str, Json]) -> dict[str, Json]:
        made = {key: _turns(value, change) if key in _DIALOGUES else value for key, value in row.items()}
        return {
            key: change(value) if key in _TAUGHT and isinstance(value, str) else value for key, value in made.items()
        }

    return repair


def _turns(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, list):
        return [_turns(turn, change) for turn in value]
    if not isinstance(value, dict) or value.get("role", value.get("from")) not in _SPEAKERS:
        return value
    return {key: change(item) if key in _TEXTS and isinstance(item, str) else item for key, item in value.items()}


def _said_once(row: dict[str, Json]) -> dict[str, Json]:
    """Q105: without a turn that repeats the one before it, word for word. Turns of tools may repeat."""
    return {key: list(_distinct(value)) if _is_dialogue(key, value) else value for key, value in row.items()}


def _is_dialogue(key: str, value: Json) -> bool:
    return key in _DIALOGUES and isinstance(value, list)


def _distinct(turns: list[Json]) -> Iterator[Json]:
    before: Json = None
    for turn in turns:
        speaker = turn.get("role", turn.get("from")) if isinstance(turn, dict) else None
        if turn != before or speaker not in (*_SPEAKERS, "user", "human"):
            yield turn
        before = turn


def _tools(row: dict[str, Json]) -> dict[str, Json]:
    """S109: tools without keywords that are null, as a list or as the JSON text of one."""
    return {key: _without_nulls(value) if key in ("tools", "functions") else value for key, value in row.items()}


def _without_nulls(value: Json) -> Json:
    if not isinstance(value, str):
        return without_nulls(value) if isinstance(value, list | dict) else value
    return _inside(value, without_nulls) if "null" in value else value


def _inside(text: str, change: Callable[[Json], Json]) -> str:
    """JSON text with its value changed; text that is no JSON as it stands."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return edited(text, value, change(value))


def _calls(value: Json, nulls: Nulls) -> Json:
    """S112: the calls in `nulls` without those arguments, in whatever form a format writes calls."""
    if isinstance(value, list):
        return [_calls(item, nulls) for item in value]
    if isinstance(value, str):
        return _inside_call(value, nulls) if any(call.name in value for call, _ in nulls) else value
    if not isinstance(value, dict) or value.get("role", value.get("from", "assistant")) not in _CALLERS:
        return value
    name = value.get("name", value.get("function"))
    return {
        key: _arguments(item, name, nulls) if key in _ARGUMENTS and isinstance(name, str) else _calls(item, nulls)
        for key, item in value.items()
    }


def _inside_call(text: str, nulls: Nulls) -> str:
    """The value of a turn that calls: JSON, after a block of thinking or not."""
    think = _THINK.match(text)
    start = think.end() if think else 0
    return text[:start] + _inside(text[start:], lambda value: _calls(value, nulls))


def _arguments(value: Json, name: str, nulls: Nulls) -> Json:
    if isinstance(value, str):
        return _inside(value, lambda inner: _arguments(inner, name, nulls) if isinstance(inner, dict) else inner)
    places = next((places for call, places in nulls if call.name == name and call.arguments == value), [])
    return without(value, places) if places else value


_REPAIRS: dict[str, Repair] = {
    "Q101": _on_texts(_decoded),
    "T103": _on_texts(_without_end),
    "Q105": _said_once,
    "S109": _tools,
}
