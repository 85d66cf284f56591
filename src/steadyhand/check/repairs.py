"""Repairs of one row that leave its meaning as it is, in any of the formats that are read. Knows rows, no files.

What would change what is taught (a label, a call, a wording) is nobody's to repair but the author's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from steadyhand.chat.messages import Json
from steadyhand.chat.schema import without_nulls
from steadyhand.check.quality import undecoded

REPAIRED = ("Q101", "Q105", "S109", "T103")  # the rules whose findings may go away
_DIALOGUES = ("messages", "conversations", "conversation", "chosen", "rejected", "prompt")
_TAUGHT = ("output", "response", "chosen", "system")  # texts that stand in a row by themselves
_SPEAKERS = ("assistant", "gpt", "bot", "model", "chatgpt", "system", "developer")
_TEXTS = ("content", "value", "reasoning_content")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_END = re.compile(r"(?:\s*<\|(?:im_end|endoftext|eot_id|end)\|>)+\s*\Z")


def repaired(row: Json, codes: frozenset[str]) -> tuple[Json, tuple[str, ...]]:
    """The row with all repairs of `codes` made, and the codes that changed something."""
    changed: list[str] = []
    for code, repair in _REPAIRS.items():
        if code in codes and isinstance(row, dict):
            before, row = row, repair(row)
            if row != before:
                changed.append(code)
    return row, tuple(changed)


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
    if "null" not in value:
        return value
    try:
        tools = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return json.dumps(bare, ensure_ascii=False) if (bare := without_nulls(tools)) != tools else value


_REPAIRS: dict[str, Callable[[dict[str, Json]], dict[str, Json]]] = {
    "Q101": _on_texts(_decoded),
    "T103": _on_texts(_without_end),
    "Q105": _said_once,
    "S109": _tools,
}
