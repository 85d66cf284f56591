"""Repairs of one row that leave its meaning as it is, in any of the formats that are read. Knows rows, no files.

What would change what is taught (a label, a call, a wording) is nobody's to repair but the author's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from steadyhand.chat.formats.marks import THINK
from steadyhand.chat.messages import Json, ToolCall
from steadyhand.chat.schema import without_nulls
from steadyhand.check.null_arguments import Steps, without
from steadyhand.check.quality import undecoded
from steadyhand.datasets.dataset_info import Columns
from steadyhand.datasets.formats import DIALOGUES, OFFERS
from steadyhand.datasets.turns import role_of
from steadyhand.source.json_edit import edited

_JUDGED = ("chosen", "rejected", "chosen_messages", "rejected_messages", "prompt", "completion", "preferred_output")
_TAUGHT = ("output", "response", "chosen", "completion", "system", "system_prompt")  # texts by themselves in a row
_ARGUMENTS = ("arguments", "parameters", "args", "input", "kwargs")
_TEXTS = ("content", "value", "text", "reasoning_content", "reasoning", "thinking")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>")
_NOT_BEHIND = "".join(rf"(?<!{re.escape(end)})" for end in _ENDS)  # where one row of them would be tried again
_END = re.compile(rf"(?<!\s){_NOT_BEHIND}(?:\s*+(?:{'|'.join(map(re.escape, _ENDS))}))++\s*+\Z")

Nulls = Sequence[tuple[ToolCall, Sequence[Steps]]]
Change = Callable[[str], str]


def repairs(
    row: Json, codes: frozenset[str], nulls: Nulls = (), columns: Columns | None = None
) -> Iterator[tuple[str, Json]]:
    """Each code of `codes` that changes something, with the row as it is then, the changes before among it. `nulls`:
    calls of the row with arguments that are null without a meaning (`null_arguments.nulls_of`). `columns`: how the
    file calls its columns and roles."""
    layout = _Layout(columns, {column: key for key, column in columns.keys.items()} if columns else {})
    steps: dict[str, Callable[[dict[str, Json]], Json]] = {
        "Q101": lambda row: _texts(row, layout, _decoded),
        "T103": lambda row: _texts(row, layout, _without_end),
        "Q105": lambda row: _said_once(row, layout),
        "S109": lambda row: _offers(row, layout),
        "S112": lambda row: _calls(row, nulls, layout) if nulls else row,
    }
    for code, repair in steps.items():
        if code in codes and isinstance(row, dict) and (better := repair(row)) != row:
            row = better
            yield code, row


@dataclass(frozen=True)
class _Layout:
    columns: Columns | None
    ours: Mapping[str, str]

    def key(self, column: str) -> str:
        """Our name of a column."""
        return self.ours.get(column, column)

    def role(self, turn: dict[str, Json]) -> str | None:
        """The role of a turn; None for what is no turn."""
        word = turn.get("role", turn.get("from"))
        if self.columns and self.columns.role in turn:
            word = turn[self.columns.role]
            word = self.columns.roles.get(word, word) if isinstance(word, str) else word
        return role_of(word)

    def is_dialogue(self, column: str) -> bool:
        return self.key(column) in (*DIALOGUES, *_JUDGED)

    def is_text(self, key: str) -> bool:
        return key in _TEXTS or (self.columns is not None and key == self.columns.content)


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


def _texts(row: dict[str, Json], layout: _Layout, change: Change) -> dict[str, Json]:
    """The row with every text changed that is taught: the assistant's and the system's."""
    made = {}
    for key, value in row.items():
        alone = isinstance(value, str) and layout.key(key) in _TAUGHT
        made[key] = change(value) if alone else _turns(value, layout, change) if layout.is_dialogue(key) else value
    return made


def _turns(value: Json, layout: _Layout, change: Change) -> Json:
    if isinstance(value, list):
        return [_turns(turn, layout, change) for turn in value]
    if not isinstance(value, dict) or layout.role(value) not in ("assistant", "system"):
        return value
    return {key: _content(item, change) if layout.is_text(key) else item for key, item in value.items()}


def _content(value: Json, change: Change) -> Json:
    """A text, or the texts of a list of parts."""
    if isinstance(value, list):
        return [{key: _content(item, change) if key in _TEXTS else item for key, item in part.items()}
                if isinstance(part, dict) else part for part in value]  # fmt: skip
    return change(value) if isinstance(value, str) else value


def _said_once(row: dict[str, Json], layout: _Layout) -> dict[str, Json]:
    """Q105: without a turn that repeats the one before it, word for word. Turns of tools may repeat."""
    made = {}
    for key, value in row.items():
        turns = isinstance(value, list) and layout.is_dialogue(key)
        made[key] = list(_distinct(value, layout)) if turns else value
    return made


def _distinct(turns: list[Json], layout: _Layout) -> Iterator[Json]:
    before: Json = None
    for turn in turns:
        speaker = layout.role(turn) if isinstance(turn, dict) else None
        if turn != before or speaker not in ("assistant", "system", "user"):
            yield turn
        before = turn


def _offers(value: dict[str, Json], layout: _Layout) -> dict[str, Json]:
    """S109: tools without keywords that are null, as a list or as the JSON text of one; those of the row, of its
    `input` and of its turns."""
    made = {}
    for key, item in value.items():
        if layout.key(key) in OFFERS:
            made[key] = _without_nulls(item)
        elif isinstance(item, dict) and key == "input":
            made[key] = _offers(item, layout)
        elif isinstance(item, list) and layout.is_dialogue(key):
            made[key] = [_offers(turn, layout) if isinstance(turn, dict) else turn for turn in item]
        else:
            made[key] = item
    return made


def _without_nulls(value: Json) -> Json:
    if isinstance(value, list):
        return [_without_nulls(item) if isinstance(item, str) else without_nulls(item) for item in value]
    if isinstance(value, str) and "null" in value:
        return _inside(value, _without_nulls)
    return without_nulls(value) if isinstance(value, dict) else value


def _inside(text: str, change: Callable[[Json], Json]) -> str:
    """JSON text with its value changed; text that is no JSON as it stands."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return edited(text, value, change(value)) if isinstance(value, dict | list) else text


def _calls(value: Json, nulls: Nulls, layout: _Layout) -> Json:
    """S112: the calls in `nulls` without those arguments, in whatever form a format writes calls."""
    if isinstance(value, list):
        return [_calls(item, nulls, layout) for item in value]
    if isinstance(value, str):
        return _inside_call(value, nulls, layout) if any(call.name in value for call, _ in nulls) else value
    if not isinstance(value, dict) or layout.role(value) in ("user", "system", "tool"):
        return value
    name = value.get("name", value.get("function"))
    made = {}
    for key, item in value.items():
        if key in _ARGUMENTS and isinstance(name, str):
            made[key] = _arguments(item, name, nulls)
        else:
            made[key] = _calls(item, nulls, layout)
    return made


def _inside_call(text: str, nulls: Nulls, layout: _Layout) -> str:
    """The value of a turn that calls: JSON, after a block of thinking or not."""
    think = THINK.block.match(text)
    start = think.end() if think else 0
    return text[:start] + _inside(text[start:], lambda value: _calls(value, nulls, layout))


def _arguments(value: Json, name: str, nulls: Nulls) -> Json:
    if isinstance(value, str):
        return _inside(value, lambda inner: _arguments(inner, name, nulls) if isinstance(inner, dict) else inner)
    places = next((places for call, places in nulls if call.name == name and call.arguments == value), [])
    return without(value, places) if places else value
