"""What is seen at once in an answer that somebody else's server gave: refused calls, and other signs of failure.

Looks at OpenAI's objects; knows no model and no gold. An answer without a sign may still be wrong: for that, people
look at a sample.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from steadyhand.chat.formats.marks import RESULT_OPEN
from steadyhand.chat.formats.unread import has_unread_call
from steadyhand.chat.messages import Json, Tool
from steadyhand.chat.schema import schema_errors
from steadyhand.text.degeneration import garbage, tail_repetition

LONGEST = 200  # characters of a reason
_SECONDS = 0.5  # that one call is held against its schema


@dataclass(frozen=True)
class AnswerSigns:
    """`flagged`: something is wrong with the answer; `refused`: with a call in it. `why`: the first reason, or "".
    `tool`: the first tool called, "none" without a call."""

    flagged: bool = False
    refused: bool = False
    why: str = ""
    tool: str = "none"


def signs_of(request: Mapping[str, Json], response: Json, failure: str = "") -> AnswerSigns:
    """`response`: OpenAI's object; `failure`: why there is none. Never raises: what cannot be read is a sign.

    signs_of({"messages": []}, {"choices": []}).why == "no answer in it"
    """
    if failure:
        return AnswerSigns(True, why=f"failed: {failure}"[:LONGEST])
    choice = _choice(response)
    if choice is None:
        return AnswerSigns(True, why="no answer in it")
    message = choice["message"]
    content = message.get("content") if isinstance(message.get("content"), str) else ""
    calls = message.get("tool_calls") if isinstance(message.get("tool_calls"), list) else []
    tool = _name(calls[0]) if calls else "none"
    if why := _refused(request, content, calls):
        return AnswerSigns(True, True, why[:LONGEST], tool)
    why = _wrong(str(choice.get("finish_reason")), content, bool(calls))
    return AnswerSigns(bool(why), False, why[:LONGEST], tool)


def _choice(response: Json) -> dict[str, Json] | None:
    choices = response.get("choices") if isinstance(response, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) and isinstance(first.get("message"), dict) else None


def _refused(request: Mapping[str, Json], content: str, calls: list[Json]) -> str:
    """Why a client cannot carry a call out."""
    offered = _offered(request)
    for call in calls:
        name = _name(call)
        if name not in offered:
            return f"refused: {name!r} is not offered"
        try:
            arguments = json.loads(call["function"]["arguments"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return f"refused: the arguments of {name} are not JSON"
        if not isinstance(arguments, dict):
            return f"refused: the arguments of {name} are no object"
        if errors := schema_errors(offered[name], arguments, seconds=_SECONDS):
            return f"refused: {name} {errors[0]}"
    return "refused: a call stands in the text" if offered and has_unread_call(content) else ""


def _wrong(finish: str, content: str, called: bool) -> str:
    if finish == "length":
        return "cut off"
    if not called and not content.strip():
        return "empty"
    if RESULT_OPEN in content:
        return "a tool's result stands in the text"
    if tail_repetition(content):
        return "repetition"
    return f"garbage: {found[0]}" if (found := garbage(content, "")) else ""


def _offered(request: Mapping[str, Json]) -> dict[str, Tool]:
    found = {}
    for row in request.get("tools") or ():
        try:
            tool = Tool.from_openai(row)
        except (KeyError, TypeError, AttributeError, ValueError):
            continue  # the model's server refuses it, or nobody can call it
        found[tool.name] = tool
    return found


def _name(call: Json) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    return str(function.get("name", "")) if isinstance(function, dict) else ""
