"""The Berkeley Function Calling Leaderboard, versions 3 and 4: questions of one turn, with the values that are right.

A question and its answer stand in two files of one name; the answers' folder is `possible_answer`. For each argument
several values may be right; an empty text among them says that it may be left out. Values of an object are lists of
right values again. Dialogues of several turns, memory and web search need programs of BFCL's own and are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.chat.schema import schema_errors
from steadyhand.datasets.convert import Reject
from steadyhand.datasets.raw import Raw
from steadyhand.datasets.suites.question import (
    NO_CALL,
    Question,
    answers_of,
    messages_of,
    offered,
    read_rows,
    refuse_impossible,
    text_of,
)

ANSWERS = "possible_answer"
LEFT_OUT = ""  # among the right values: the argument need not be given
MOST = 500  # right values of one argument that are told apart
_CATEGORY = re.compile(r"([a-z_]+?)_\d")
_LIVE = re.compile(r"(live_[a-z_]+)_\d+-(\d+)-\d+")  # the second number is the tools' own: one situation
_NO_CALL_DUE = ("irrelevance", "live_irrelevance")
_OTHER = {
    "java": "its values are written as Java, which is not read",
    "javascript": "its values are written as JavaScript, which is not read",
    "relevance": "any call is right there, which no expected call can say",
}
_WHOLE = {  # what stands in a file's name -> why none of it is read
    "multi_turn": "dialogues of several turns need BFCL's own services",
    "memory": "it needs BFCL's own memory",
    "web_search": "it needs the web",
    "format_sensitivity": "it lists questions of other files",
}
_ABSENT: Json = object()


def left_out(path: Path) -> str:
    """Why a file of the suite is not read at all; empty for one that is."""
    return next((why for part, why in _WHOLE.items() if part in path.name), "")


def is_row(row: Mapping[str, Json]) -> bool:
    return isinstance(row.get("function"), list) and isinstance(row.get("question"), list) and "id" in row


def read(path: Path) -> Iterator[Question | Reject]:
    """The questions of one file, each with what is right."""
    right = answers_of(path.parent / ANSWERS / path.name)
    yield from read_rows(path, lambda raw: _question(raw, right))


def _question(raw: Raw, right: Mapping[str, Json]) -> Question:
    row = raw.value
    id = text_of(row, "id")
    category = found[1] if (found := _CATEGORY.match(id)) else id
    for part, why in _OTHER.items():
        if part in category.split("_"):
            raise ValueError(why)
    turns = row.get("question")
    if not isinstance(turns, list) or len(turns) != 1:
        raise ValueError(_WHOLE["multi_turn"])
    prompt, tools = messages_of(turns[0]), offered(row.get("function"))
    group = f"{live[1]}-{live[2]}" if (live := _LIVE.match(id)) else id
    if category in _NO_CALL_DUE:
        return Question(id, category, group, prompt, tools, Message("assistant", NO_CALL), raw.place)
    if id not in right:
        raise ValueError(f"nothing says what is right (no {ANSWERS}/{Path(raw.place.file).name} with this id)")
    calls, accepts = _due(right[id], {tool.name: tool for tool in tools})
    refuse_impossible(calls, tools)
    return Question(id, category, group, prompt, tools, Message("assistant", calls=calls), raw.place, accepts)


def _due(truth: Json, tools: Mapping[str, Tool]) -> tuple[tuple[ToolCall, ...], tuple[dict[str, Json], ...]]:
    """The calls that are due, each with the first right values, and what is right as well."""
    if not isinstance(truth, list) or not truth:
        raise ValueError("what is right is no list of calls")
    calls, accepts = [], []
    for entry in truth:
        (name, possible), *more = entry.items() if isinstance(entry, dict) else [("", None)]
        if more or not isinstance(possible, dict):
            raise ValueError("a right call is no name with arguments")
        read = {key: _values(key, values, tools.get(name)) for key, values in possible.items()}
        told = {key: values for key, values in read.items() if values[0]}
        calls.append(ToolCall(name, {key: values[0] for key, (values, _) in told.items()}))
        specs = {key: _spec(values[1:], optional) for key, (values, optional) in told.items()}
        accepts.append({key: spec for key, spec in specs.items() if spec})
    return tuple(calls), tuple(accepts) if any(accepts) else ()


def _spec(others: list[Json], optional: bool) -> dict[str, Json]:
    return {**({"any_of": others} if others else {}), **({"optional": True} if optional else {})}


def _values(name: str, possible: Json, tool: Tool | None) -> tuple[list[Json], bool]:
    """(the right values of an argument, whether it may be left out). Those that its schema allows come first; where it
    allows none, and the argument may be left out, that is what is right."""
    if not isinstance(possible, list):
        raise ValueError(f"the right values of {name!r} are no list")
    optional = LEFT_OUT in possible
    values = [value for one in possible if one != LEFT_OUT for value in expanded(one)]
    if not values and not optional:
        raise ValueError(f"no right value of {name!r} is listed")
    if len(values) > MOST:
        raise ValueError(f"more than {MOST} values of {name!r} are right")
    fit = [value for value in values if _fits(name, value, tool)]
    others = [value for value in values if value not in fit]
    return [*fit, *others] if fit or not optional else [], optional


def _fits(name: str, value: Json, tool: Tool | None) -> bool:
    schema = tool.parameters.get("properties", {}).get(name) if tool else None
    if tool is None or not isinstance(schema, dict):
        return True
    return not schema_errors(Tool(tool.name, "", {"type": "object", "properties": {name: schema}}), {name: value})


def expanded(value: Json) -> Iterator[Json]:
    """Every whole value that is right where objects list the right values of each of their keys.

    >>> list(expanded({"a": [1, 2], "b": ["x", ""]}))
    [{'a': 1, 'b': 'x'}, {'a': 1}, {'a': 2, 'b': 'x'}, {'a': 2}]
    """
    if isinstance(value, dict):
        keys = list(value)
        for chosen in product(*(_inner(value[key]) for key in keys)):
            yield {key: one for key, one in zip(keys, chosen, strict=True) if one is not _ABSENT}
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        yield from map(list, product(*(list(expanded(item)) for item in value)))
    else:
        yield value


def _inner(possible: Json) -> list[Json]:
    """The right values of one key of an object."""
    if not isinstance(possible, list):
        return [possible]
    return [one for item in possible for one in ([_ABSENT] if item == LEFT_OUT else expanded(item))]
