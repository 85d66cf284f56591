"""Answers to a question of BFCL whose rightness is known by how they were made: as listed, as well right, wrong.

`right` follows from what BFCL lists; `form` means the same in another spelling; `wrong` does something else than was
asked. A kind that does not apply to a question makes nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from steadyhand.chat.exact import equal
from steadyhand.chat.messages import Json, ToolCall
from steadyhand.datasets.suites.question import Question

Label = Literal["right", "form", "wrong"]
Calls = tuple[ToolCall, ...]
_JOINED = re.compile(r"(?<=\d)[.,/-](?=\d)")  # deleted, two numbers are one
_MARKS = re.compile(r"[ ,./\-_*^]")


@dataclass(frozen=True)
class Variant:
    """One answer. `label` says what it is by the way it was made."""

    kind: str
    label: Label
    calls: Calls


def variants(question: Question) -> Iterator[Variant]:
    """At most one answer of each kind."""
    if not question.answer.calls:
        yield Variant("no call where none is due", "right", ())
        if question.tools:
            yield Variant("a call where none is due", "wrong", (ToolCall(question.tools[0].name, {}),))
        return
    for kind, (label, make) in KINDS.items():
        if (calls := make(question)) is not None:
            yield Variant(kind, label, calls)


def _calls(question: Question) -> Calls:
    return question.answer.calls


def _changed(question: Question, change: Callable[[str, Json, Json, Json], Json]) -> Calls | None:
    """The answer with the first argument changed that `change` (name, value, spec, schema) makes another value of."""
    tools = {tool.name: tool for tool in question.tools}
    for at, call in enumerate(_calls(question)):
        specs = question.accepts[at] if question.accepts else {}
        properties = tools[call.name].parameters.get("properties", {})
        for name, value in call.arguments.items():
            schema = properties.get(name, {})
            made = change(name, value, specs.get(name, {}), schema if isinstance(schema, dict) else {})
            if made is not None and not equal(made, value):
                return _with(_calls(question), at, {**call.arguments, name: made})
    return None


def _with(calls: Calls, at: int, arguments: dict[str, Json]) -> Calls:
    return (*calls[:at], replace(calls[at], arguments=arguments), *calls[at + 1 :])


def _listed(question: Question) -> Calls | None:
    return _changed(question, lambda name, value, spec, schema: (spec.get("any_of") or [None])[-1])


def _without(question: Question, *, optional: bool) -> Calls | None:
    """Without the first argument that may, or may not, be left out."""
    for at, call in enumerate(_calls(question)):
        specs = question.accepts[at] if question.accepts else {}
        for name in call.arguments:
            if ("optional" in specs.get(name, {})) is optional:
                return _with(_calls(question), at, {key: v for key, v in call.arguments.items() if key != name})
    return None


def _reversed(question: Question) -> Calls | None:
    return _calls(question)[::-1] if len(_calls(question)) > 1 else None


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(question: Question) -> Calls | None:
    """3 for 3.0."""
    return _respelled(question, lambda value: int(value) if isinstance(value, float) and value.is_integer() else None)


def _decimal(question: Question) -> Calls | None:
    """3.0 for 3."""
    return _respelled(question, lambda value: float(value) if _number(value) and isinstance(value, int) else None)


def _respelled(question: Question, make: Callable[[Json], Json]) -> Calls | None:
    """The answer with one value in another spelling, which is equal by value."""
    for at, call in enumerate(_calls(question)):
        for name, value in call.arguments.items():
            if (made := make(value)) is not None:
                return _with(_calls(question), at, {**call.arguments, name: made})
    return None


def _upper(question: Question) -> Calls | None:
    def change(name: str, value: Json, spec: Json, schema: Json) -> Json:
        return value.upper() if isinstance(value, str) and "enum" not in schema else None

    return _changed(question, change)


def _spaced(question: Question) -> Calls | None:
    return _changed(question, lambda n, value, s, schema: f" {value} " if isinstance(value, str) and value else None)


def _unmarked(question: Question) -> Calls | None:
    """Without spaces and marks, where no number changes by that."""

    def change(name: str, value: Json, spec: Json, schema: Json) -> Json:
        plain = isinstance(value, str) and not _JOINED.search(value) and not re.search(r"-\d", value)
        return _MARKS.sub("", value) if plain else None

    return _changed(question, change)


def _run_together(question: Question) -> Calls | None:
    """A text with one number made of two: 35 of "3.5", 102 of "10/2"."""

    def change(name: str, value: Json, spec: Json, schema: Json) -> Json:
        made = _JOINED.sub("", value) if isinstance(value, str) else None
        return None if made is None or made in spec.get("any_of", ()) else made

    return _changed(question, change)


def _next_number(question: Question) -> Calls | None:
    def change(name: str, value: Json, spec: Json, schema: Json) -> Json:
        others = spec.get("any_of", ())
        return next((value + n for n in (1, 7) if value + n not in others), None) if _number(value) else None

    return _changed(question, change)


def _as_text(question: Question) -> Calls | None:
    def change(name: str, value: Json, spec: Json, schema: Json) -> Json:
        return str(value) if _number(value) and schema.get("type") in ("integer", "number") else None

    return _changed(question, change)


def _invented(question: Question) -> Calls | None:
    call = _calls(question)[0]
    return _with(_calls(question), 0, {**call.arguments, "invented": "x"})


def _dropped(question: Question) -> Calls | None:
    return _calls(question)[:-1] if len(_calls(question)) > 1 else None


def _doubled(question: Question) -> Calls | None:
    return (*_calls(question), _calls(question)[-1])


def _other_tool(question: Question) -> Calls | None:
    due = {call.name for call in _calls(question)}
    other = next((tool.name for tool in question.tools if tool.name not in due), None)
    return None if other is None else (replace(_calls(question)[0], name=other), *_calls(question)[1:])


def _crossed(question: Question) -> Calls | None:
    """One call with a value that is right for another call of the same tool only."""
    calls = _calls(question)
    for at, call in enumerate(calls):
        specs = question.accepts[at] if question.accepts else {}
        for other in calls:
            for name, value in other.arguments.items():
                own = [call.arguments.get(name), *specs.get(name, {}).get("any_of", ())]
                if other.name == call.name and name in call.arguments and not any(equal(value, one) for one in own):
                    return _with(calls, at, {**call.arguments, name: value})
    return None


Make = Callable[[Question], Calls | None]
KINDS: dict[str, tuple[Label, Make]] = {
    "as listed": ("right", _calls),
    "another listed value": ("right", _listed),
    "without an argument that may be left out": ("right", lambda question: _without(question, optional=True)),
    "calls in another order": ("right", _reversed),
    "3 for 3.0": ("right", _whole),
    "3.0 for 3": ("form", _decimal),
    "a text in capitals": ("form", _upper),
    "a text with spaces around it": ("form", _spaced),
    "a text without spaces and marks": ("form", _unmarked),
    "a text whose numbers run together": ("wrong", _run_together),
    "another number": ("wrong", _next_number),
    "a number as a text": ("wrong", _as_text),
    "without an argument that is due": ("wrong", lambda question: _without(question, optional=False)),
    "with an argument that no tool has": ("wrong", _invented),
    "without one of several calls": ("wrong", _dropped),
    "a call twice": ("wrong", _doubled),
    "another tool": ("wrong", _other_tool),
    "a value of another call": ("wrong", _crossed),
}


def kinds_in_order(found: Sequence[str]) -> list[str]:
    order = [*KINDS, "no call where none is due", "a call where none is due"]
    return [kind for kind in order if kind in found]
