"""A model's chat template, asked as it wants to be asked: arguments as an object or as text, calls with ids or without.

Knows how templates differ in what they read, and finds it out by rendering one dialogue several ways; knows no token.
The day that a template writes is fixed, or the prompt of every question would be another one tomorrow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import count, product
from typing import Any, Protocol

from steadyhand.chat.messages import Json, Message, Tool, ToolCall, to_openai
from steadyhand.chat.schema import without_nulls
from steadyhand.errors import SteadyError, UsageError

DATE = date(2026, 1, 1)  # the day that templates which write one are told, unless somebody names another
THINKING = "enable_thinking"  # what templates call the switch, as Qwen3, SmolLM3, Gemma 4 and others do
_NOW = "strftime_now"  # transformers' function for the clock; nothing else lets a template see it
_DIRECTIVES = "aAwdbBmyYHIpMSfjUWcxXGuV"  # what Python has on every system
_SHORT = {"%F": "%Y-%m-%d", "%D": "%m/%d/%y", "%T": "%H:%M:%S", "%R": "%H:%M", "%h": "%b"}
_THINKING_PART = "thinking"  # the type of a content's part that is thought, as Mistral and others call it
_NINE = re.compile(r"[A-Za-z0-9]{9}")
_NAME, _OTHER, _KEY, _VALUE = "steady_probe", "steady_other", "steady_key", "steady-value"
_PROBE_TOOL = Tool(_NAME, "Asks.", {"type": "object", "properties": {_KEY: {"type": "string"}}})
_PROBE = (
    Message("user", "steady-question"),
    Message("assistant", calls=(ToolCall(_NAME, {_KEY: _VALUE}),)),
    Message("tool", "steady-result"),
    Message("assistant", "steady-answer"),
)
_THOUGHT = Message("assistant", "steady-answer", "steady-thought")
_PAIR = (  # two calls at once: which result is whose?
    _PROBE[0],
    Message("assistant", calls=(ToolCall(_NAME, {}), ToolCall(_OTHER, {}))),
    Message("tool", "steady-result"),
    Message("tool", "steady-result"),
    _PROBE[-1],
)


class Templated(Protocol):
    """What is asked of a transformers tokenizer."""

    chat_template: Any
    special_tokens_map: Any


@dataclass(frozen=True)
class Shape:
    """How a template reads calls: `ids` of nine letters and digits on calls and results, arguments as `text` (JSON in a
    string) or as an object, `names` of the called tools on results."""

    ids: bool = False
    text: bool = False
    names: bool = False


class ChatTemplate:
    """The template of `tokenizer`, on the day `day`."""

    def __init__(self, tokenizer: Templated, day: date = DATE) -> None:
        self._tokenizer, self._day = tokenizer, day

    @property
    def date(self) -> str:
        """The day that it writes, as YYYY-MM-DD; "" for a template that writes none."""
        return day_in(self.text, self._day)

    @property
    def thinking(self) -> bool | None:
        """Whether it is told to have the model think; None: it is not told, and does as it does by default."""
        told = getattr(self._tokenizer, "init_kwargs", {}).get(THINKING)
        return told if isinstance(told, bool) else None

    @cached_property
    def text(self) -> str:
        """Its source; of several templates, all of them by name, as JSON."""
        template = self._tokenizer.chat_template
        return template if isinstance(template, str) else json.dumps(template, sort_keys=True)

    @cached_property
    def shape(self) -> Shape:
        """The first way of handing a call over that is neither refused nor lost nor printed as a Python object; the
        plain one where there is none, so that the template's own words say what it does not take."""
        ways = (Shape(*flags) for flags in product((False, True), repeat=2))
        found = next((shape for shape in ways if self._carries(shape)), Shape())
        return replace(found, ids=found.ids or self._asks_ids(found), names=self._writes_names(found))

    def render(self, messages: Sequence[Message], tools: Sequence[Tool], *, generation: bool) -> str:
        """The dialogue as text; with `generation` up to where the assistant begins. Raises UsageError, whatever the
        template raises."""
        if not messages:
            raise UsageError("a dialogue without a message has no prompt", next="put a user's message first")
        called = any(message.calls for message in messages)
        rows = shaped(messages, self.shape) if called else to_openai(messages)
        thought = any(message.think for message in messages) and self._thinks_in_blocks
        return self._apply([_thinking(row, blocks=thought) for row in rows], tools, generation=generation)

    @cached_property
    def _thinks_in_blocks(self) -> bool:
        """Whether it reads thinking as a part of the content only, as Mistral's templates do."""
        rows = to_openai((_PROBE[0], _THOUGHT))
        named, parts = (self._probed([_thinking(row, blocks=blocks) for row in rows]) or "" for blocks in (False, True))
        whole = f"{{'type': '{_THINKING_PART}'" not in parts and _THOUGHT.content in parts
        return bool(named) and str(_THOUGHT.think) not in named and str(_THOUGHT.think) in parts and whole

    def _apply(self, rows: list[dict[str, Json]], tools: Sequence[Tool], *, generation: bool) -> str:
        schemas = [without_nulls(tool.to_openai()) for tool in tools] or None
        given: dict[str, Json] = {"messages": [_read(row) for row in rows], "tools": schemas, "documents": None}
        given |= {"add_generation_prompt": generation} | _special(self._tokenizer)
        given |= {} if self.thinking is None else {THINKING: self.thinking}
        try:
            from steadyhand.chat.sandbox import render  # jinja2 is slow to import

            text = render(self._told(bool(schemas)), given)
        except SteadyError:
            raise
        except Exception as error:  # a template is a program that others wrote: it raises what it likes
            raise _refusal(error, above=1 if self.date else 0) from error
        return text

    def _told(self, tools: bool) -> str:
        """The template that is meant; where it writes the day, behind a macro that says it in place of the clock. The
        template then begins as a line of its own, so that white space is trimmed as before."""
        template = self._tokenizer.chat_template
        if not isinstance(template, str):
            template = template["tool_use" if tools and "tool_use" in template else "default"]
        return f"{_clock(self._day)}\n{template}" if self.date else str(template)

    def _carries(self, shape: Shape) -> bool:
        """Whether name and argument of a call get through as they are."""
        text = self._probed(shaped(_PROBE, shape))
        return text is not None and _NAME in text and _VALUE in text and f"{{'{_KEY}':" not in text

    def _asks_ids(self, shape: Shape) -> bool:
        """Whether it finds by ids what each result is the answer to, and writes another text without them. (One that
        only writes out what it is given needs none.)"""
        bare, named = shaped(_PAIR, shape), shaped(_PAIR, replace(shape, ids=True))
        before, after = self._probed(bare), self._probed(named)
        return before is not None and after is not None and after != before and named[2]["tool_call_id"] not in after

    def _writes_names(self, shape: Shape) -> bool:
        rows = shaped(_PROBE, shape)
        rows[2]["name"] = _OTHER
        return _OTHER in (self._probed(rows) or "")

    def _probed(self, rows: list[dict[str, Json]]) -> str | None:
        try:
            return self._apply(rows, [_PROBE_TOOL], generation=False)
        except UsageError:
            return None


def _thinking(row: dict[str, Json], *, blocks: bool) -> dict[str, Json]:
    """The row with its thinking as a template reads it: by one of three names, or as `blocks` of the content."""
    think = row.get("reasoning_content")
    if think is None:
        return row
    if not blocks:
        return row | {"reasoning": think, "thinking": think}
    said = [{"type": "text", "text": row["content"]}] if row.get("content") else []
    return {
        **{key: value for key, value in row.items() if key != "reasoning_content"},
        "content": [{"type": _THINKING_PART, _THINKING_PART: think}, *said],
    }


def _read(row: dict[str, Json]) -> dict[str, Json]:
    """A message as transformers hands it over: without what is null, reasoning also under the older of its names."""
    given = {key: value for key, value in row.items() if value is not None}
    reasoning = next((given[key] for key in ("reasoning_content", "thinking", "reasoning") if key in given), None)
    return given if reasoning is None else {"thinking": reasoning, **given, "reasoning_content": reasoning}


def _special(tokenizer: Templated) -> dict[str, Json]:
    """The special tokens that templates name, such as bos_token."""
    tokens = tokenizer.special_tokens_map
    return {key: [*map(str, token)] if isinstance(token, list | tuple) else str(token) for key, token in tokens.items()}


def day_in(source: str, day: date) -> str:
    """`day` as YYYY-MM-DD where a template of this source writes it, else ""."""
    return day.isoformat() if _NOW in source else ""


def shaped(messages: Sequence[Message], shape: Shape) -> list[dict[str, Json]]:
    """The rows that a template of this shape reads."""
    rows = with_ids(to_openai(messages), _NINE.fullmatch)
    names = {call["id"]: call["function"]["name"] for row in rows for call in row.get("tool_calls", ())}
    return [_row(row, shape, names) for row in rows]


def _row(row: dict[str, Json], shape: Shape, names: dict[str, str]) -> dict[str, Json]:
    answered = row.pop("tool_call_id", None)
    if answered is not None:
        row |= {"tool_call_id": answered} if shape.ids else {}
        row |= {"name": names.get(answered, "")} if shape.names else {}
    for call in row.get("tool_calls", ()):
        if not shape.ids:
            del call["id"]
        if shape.text:
            call["function"]["arguments"] = json.dumps(call["function"]["arguments"], ensure_ascii=False)
    return row


def with_ids(rows: Sequence[dict[str, Json]], fits: Callable[[str], object] = bool) -> list[dict[str, Json]]:
    """The rows of `to_openai` with ids on all calls, and on results the id of the call that they answer. Ids that are
    there stay when they all fit; else all are made anew, from the places of the calls: nine letters and digits, as
    Mistral's templates and servers want them."""
    calls = [call for row in rows for call in row.get("tool_calls", ())]
    fit = all(isinstance(call.get("id"), str) and fits(call["id"]) for call in calls)
    fresh = map("call{:05d}".format, count(1))
    due: dict[str, str] = {}  # of the calls that wait for a result: the id that was given, the id that goes out
    made = []
    for row in rows:
        row = dict(row)
        if row.get("tool_calls"):
            ids = [call["id"] if fit else next(fresh) for call in row["tool_calls"]]
            due = {call.get("id", name): name for call, name in zip(row["tool_calls"], ids, strict=True)}
            row["tool_calls"] = [
                {"id": name, "type": "function", "function": dict(call["function"])}
                for call, name in zip(row["tool_calls"], ids, strict=True)
            ]
        elif row["role"] == "tool":
            given = row.get("tool_call_id")
            first = given if given in due else next(iter(due), None)  # results stand in the order of their calls
            row["tool_call_id"] = due.pop(first) if first is not None else next(fresh)
        made.append(row)
    return made


def _clock(day: date) -> str:
    """A macro for `strftime_now` that fills a format in with `day`, at midnight."""
    parts = _SHORT | {"%e": f"{day.day:2d}"}
    parts |= {f"%{letter}": day.strftime(f"%{letter}") for letter in _DIRECTIVES}
    parts |= {f"%-{letter}": day.strftime(f"%{letter}").lstrip("0") or "0" for letter in "dmHIMSj"}
    filled = "".join(f" | replace({name!r}, {text!r})" for name, text in parts.items())
    body = f"format | replace('%%', '\\0'){filled} | replace('\\0', '%')"
    return f"{{% macro {_NOW}(format) %}}{{{{ {body} }}}}{{% endmacro %}}"


def _refusal(error: Exception, above: int) -> UsageError:
    """One sentence for whatever a template raises: by its own `raise_exception`, or because it met what it does not
    expect. `above` lines stand above those of its file."""
    from jinja2.exceptions import TemplateError, TemplateSyntaxError, UndefinedError  # slow, and only a failure's

    said = " ".join(str(error).split())[:300]
    if isinstance(error, TemplateSyntaxError):
        what = f"the chat template is no Jinja template: {said} (line {error.lineno - above})"
        return UsageError(what, next="correct that line, or use another template")
    if isinstance(error, TemplateError) and not isinstance(error, UndefinedError):
        after = "change the dialogue as it says (often: the order of roles in its messages), or use another template"
        return UsageError(f"the chat template refuses this dialogue: {said}", next=after)
    what = f"the chat template fails on this dialogue: {type(error).__name__}: {said}"
    return UsageError(what, next="use a template that takes such messages, calls and tools, or mend this one")
