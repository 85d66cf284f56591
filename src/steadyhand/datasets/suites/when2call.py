"""When2Call, the subset that its judge reads: one question, and four answers of which one is right.

The kinds of answers are a call, a question back, "I cannot", and an answer without tools. A model chooses by which of
them it finds likeliest, and its own answer shows whether it calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from steadyhand.chat.messages import Json, Message, ToolCall
from steadyhand.datasets.convert import Reject
from steadyhand.datasets.raw import Raw
from steadyhand.datasets.suites.question import Question, offered, read_rows, refuse_impossible, text_of

CALL = "tool_call"
_NAMED = ("source", "source_id")


def left_out(path: Path) -> str:
    return ""


def is_row(row: Mapping[str, Json]) -> bool:
    return isinstance(row.get("answers"), dict) and "correct_answer" in row and "tools" in row


def read(path: Path) -> Iterator[Question | Reject]:
    """The questions of a file, each with its right answer and the others."""
    yield from read_rows(path, _question)


def _question(raw: Raw) -> Question:
    row = raw.value
    kind, answers = text_of(row, "correct_answer"), row["answers"]
    if kind not in answers:
        raise ValueError(f"the right answer is {kind!r}, which is none of {', '.join(answers)}")
    prompt = (Message("user", text_of(row, "question")),)
    tools = offered(row.get("tools"))
    said = {name: _answer(name, answer) for name, answer in answers.items() if answer is not None}
    refuse_impossible(said[kind].calls, tools)
    group = "/".join(str(row[key]) for key in _NAMED if row.get(key)) or text_of(row, "uuid")
    rejected = tuple(answer for name, answer in said.items() if name != kind)
    id = text_of(row, "uuid")
    return Question(id, kind, group, prompt, tools, said[kind], raw.place, rejected=rejected, kind=kind)


def _answer(kind: str, answer: Json) -> Message:
    if not isinstance(answer, str) or not answer.strip():
        raise ValueError(f"the answer {kind!r} is no text")
    if kind != CALL:
        return Message("assistant", answer)
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        raise ValueError(f"the answer {kind!r} is no JSON") from None
    calls = value if isinstance(value, list) else [value]
    if not calls or not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in calls):
        raise ValueError(f"the answer {kind!r} is no call")
    return Message("assistant", calls=tuple(ToolCall(one["name"], one.get("arguments") or {}) for one in calls))
