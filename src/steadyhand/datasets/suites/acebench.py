"""ACEBench, normal and special: dialogues as one text, one right set of calls each; special ones want no call.

A name that is called several times has a number behind it in the answers. In `special`, what has to be said instead of
a call stands in a form that only ACEBench's own prompt asks for: here the decision not to call is judged, no words.
The agent part needs ACEBench's own services and is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.datasets.convert import Reject
from steadyhand.datasets.raw import Raw
from steadyhand.datasets.suites.question import (
    NO_CALL,
    Question,
    answers_of,
    offered,
    read_rows,
    refuse_impossible,
    text_of,
)

ANSWERS = "possible_answer"
_TURN = re.compile(r"^(user|system|assistant): ?", re.MULTILINE)
_CATEGORY = re.compile(r"(?:normal|special)_[a-z_]+?(?=_\d)")
_NUMBERED = re.compile(r"_\d+$")


def left_out(path: Path) -> str:
    """Why a file of the suite is not read at all; empty for one that is."""
    return "it needs ACEBench's own services" if "agent" in path.name else ""


def is_row(row: Mapping[str, Json]) -> bool:
    return isinstance(row.get("function"), list) and isinstance(row.get("question"), str) and "id" in row


def read(path: Path) -> Iterator[Question | Reject]:
    """The questions of one file, each with what is right."""
    right = answers_of(path.parent / ANSWERS / path.name)
    yield from read_rows(path, lambda raw: _question(raw, right))


def _question(raw: Raw, right: Mapping[str, Json]) -> Question:
    row = raw.value
    id, tools = text_of(row, "id"), offered(_functions(row["function"]))
    found = _CATEGORY.match(id)
    if found is None:
        raise ValueError(left_out(Path("agent")) if id.startswith("agent") else f"the id {id!r} names no known part")
    category = found[0]
    prompt = (*_told(row), *dialogue(text_of(row, "question"), tools))
    group = id.rpartition("_")[0] if "multi_turn" in category else id
    if category.startswith("special"):
        return Question(id, category, group, prompt, tools, Message("assistant", NO_CALL), raw.place)
    if id not in right:
        raise ValueError(f"nothing says what is right (no {ANSWERS}/{Path(raw.place.file).name} with this id)")
    calls, accepts = _due(right[id], {tool.name for tool in tools})
    refuse_impossible(calls, tools)
    return Question(id, category, group, prompt, tools, Message("assistant", calls=calls), raw.place, accepts)


def _functions(rows: Json) -> Json:
    """Half of the files call the schema `arguments`."""
    return [
        {"parameters" if key == "arguments" and "parameters" not in row else key: value for key, value in row.items()}
        if isinstance(row, dict) else row for row in rows
    ]  # fmt: skip


def _told(row: Mapping[str, Json]) -> list[Message]:
    """What the model is told before the dialogue: the time, and whom it serves."""
    time, profile = row.get("time"), row.get("profile")
    if isinstance(profile, str):  # Python's spelling, with a full stop behind it
        profile = profile.strip().rstrip(".")
    elif profile:
        profile = json.dumps(profile, ensure_ascii=False)
    parts = [part for part in (time, profile and f"Profile of the user: {profile}") if isinstance(part, str)]
    told = "\n".join(part.strip() for part in parts if part.strip())
    return [Message("system", told)] if told else []


def dialogue(text: str, tools: Sequence[Tool]) -> Iterator[Message]:
    """The turns of `user: ...` and `system: ...`, which is the assistant. A call that the assistant wrote becomes one;
    what it says behind it stands as the call's result too, for nothing else is known of that."""
    marks = list(_TURN.finditer(text))
    if not marks or text[: marks[0].start()].strip() or marks[0][1] != "user":
        raise ValueError("the dialogue does not begin with the user")
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    waiting: tuple[ToolCall, ...] = ()
    for mark, end in zip(marks, ends, strict=True):
        said, user = text[mark.end() : end].strip(), mark[1] == "user"
        if not said:
            raise ValueError("a turn of the dialogue is empty")
        called = () if user else _written(said, tools)
        yield from (Message("tool", "" if user or called else said) for _ in waiting)
        waiting = called
        yield Message("user" if user else "assistant", "" if called else said, calls=called)
    if marks[-1][1] != "user":
        raise ValueError("the dialogue does not end with a question")


def _written(said: str, tools: Sequence[Tool]) -> tuple[ToolCall, ...]:
    """The calls that a turn consists of; none where it is a text."""
    read = format_named("pythonic").parse(said, tools)
    return tuple(read.calls) if said.startswith("[") and read.error is None and not read.content.strip() else ()


def _due(truth: Json, names: set[str]) -> tuple[tuple[ToolCall, ...], tuple[dict[str, Json], ...]]:
    """The calls that are due. Several right answers are read where they differ in values of one call."""
    answers = truth if isinstance(truth, list) else [truth]
    if not answers or not all(isinstance(one, dict) and one for one in answers):
        raise ValueError("what is right is no mapping of calls")
    first, *others = (_calls(one, names) for one in answers)
    if not others:
        return first, ()
    spec: dict[str, Json] = {}
    for other in others:
        if len(first) != 1 or len(other) != 1 or other[0].name != first[0].name:
            raise ValueError("several sets of calls are right")
        one, more = first[0].arguments, other[0].arguments
        apart = [key for key in {**one, **more} if one.get(key) != more.get(key) or (key in one) != (key in more)]
        if len(apart) != 1 or apart[0] not in one or (spec and apart[0] not in spec):
            raise ValueError("several calls are right that differ in more than one value")
        entry = spec.setdefault(apart[0], {})
        if apart[0] in more:
            entry.setdefault("any_of", []).append(more[apart[0]])
        else:
            entry["optional"] = True
    return first, (spec,)


def _calls(answer: Mapping[str, Json], names: set[str]) -> tuple[ToolCall, ...]:
    found = []
    for name, arguments in answer.items():
        if not isinstance(arguments, dict):
            raise ValueError(f"the arguments of the right call {name!r} are no object")
        known = name if name in names else _NUMBERED.sub("", name)
        found.append(ToolCall(known, arguments))
    return tuple(found)
