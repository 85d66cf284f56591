"""From a raw completion to what a client gets, by the strict parser alone.

What the parser refuses is text, never `tool_calls`: half of a broken answer must not be executed. So is a call that the
request did not allow. A call's arguments are checked against its schema only where the request says `strict`; elsewhere
the client validates, as with any other server.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.messages import Json, ToolCall
from steadyhand.chat.parse import Parsed
from steadyhand.chat.reason import Reason
from steadyhand.chat.schema import schema_errors
from steadyhand.models.backend import Completion
from steadyhand.serve.ids import fresh
from steadyhand.serve.problem import UNMET, Problem
from steadyhand.serve.request import Asked


@dataclass(frozen=True)
class Call:
    """A call as clients read it: `arguments` is JSON in a text."""

    id: str
    name: str
    arguments: str

    def to_openai(self) -> dict[str, Json]:
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


@dataclass(frozen=True)
class Withheld:
    """Which check of the domain did not pass, and its reason code."""

    check: str
    code: str

    def to_json(self) -> dict[str, Json]:
        return {"check": self.check, "code": self.code}


@dataclass(frozen=True)
class Answer:
    """`finish`: stop, length, tool_calls or content_filter. `refused` says why an attempt to call was not accepted,
    `withheld` why the model's own text is not served; then `refusal` is a sentence where no other text stands in."""

    content: str
    reasoning: str
    calls: tuple[Call, ...]
    finish: str
    prompt_tokens: int
    completion_tokens: int
    refused: Reason | None = None
    withheld: Withheld | None = None
    refusal: str = ""

    def usage(self) -> dict[str, Json]:
        total = self.prompt_tokens + self.completion_tokens
        return {
            "prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens, "total_tokens": total,
        }  # fmt: skip

    def message(self) -> dict[str, Json]:
        content = self.content if self.content or not (self.calls or self.refusal) else None
        row: dict[str, Json] = {"role": "assistant", "content": content, "refusal": self.refusal or None}
        if self.reasoning:
            row |= {"reasoning": self.reasoning, "reasoning_content": self.reasoning}
        if self.calls:
            row["tool_calls"] = [call.to_openai() for call in self.calls]
        return row


def answer_of(asked: Asked, completion: Completion) -> Answer:
    """Raises Problem when the prompt fills the model's context, or a call that was required was not made."""
    full = completion.prompt_tokens and not completion.completion_tokens  # without counts, nobody knows
    if full and completion.finish_reason == "length":
        raise Problem(
            f"the prompt of {completion.prompt_tokens} tokens fills the model's context",
            code="context_length_exceeded",
            param="messages",
        )
    form = format_named(completion.format)
    raw, cut = cut_at(completion.text, asked.stop, form)
    finish = "stop" if cut else completion.finish_reason
    parsed = form.parse(raw, asked.prompt.tools, finish)
    refused = _refusal(asked, parsed)
    if asked.choice == "required" and (refused or not parsed.calls):
        raise _unmet(refused)
    calls = () if refused else tuple(map(_call, parsed.calls))
    return Answer(
        form.thinking(raw).rest.strip() if refused else parsed.content,
        parsed.think or "",
        calls,
        "tool_calls" if calls and finish == "stop" else finish,
        completion.prompt_tokens,
        completion.completion_tokens,
        refused,
    )


def cut_at(raw: str, stops: Sequence[str], form: ChatFormat) -> tuple[str, bool]:
    """The text before the first of `stops` in the answer (thinking is not searched), and whether there is one."""
    state = form.thinking(raw) if stops else None
    bounds = (state.start, state.start + len(state.rest)) if state else (0, 0)
    found = [at for stop in stops if (at := raw.find(stop, *bounds)) >= 0]
    return (raw[: min(found)], True) if found else (raw, False)


def _refusal(asked: Asked, parsed: Parsed) -> Reason | None:
    if parsed.error:
        return parsed.error.code
    offered = {tool.name: tool for tool in asked.prompt.tools}
    if any(call.name not in offered for call in parsed.calls):
        return Reason.UNKNOWN_TOOL
    if len(parsed.calls) > 1 and not asked.parallel:
        return Reason.WRONG_COUNT
    strict = [call for call in parsed.calls if call.name in asked.strict]
    return Reason.SCHEMA if any(schema_errors(offered[call.name], call.arguments) for call in strict) else None


def _unmet(refused: Reason | None) -> Problem:
    why = f"its call was refused: {refused.sentence}" if refused else "it made none"
    message = f"tool_choice requires a call of the model, and {why} A call can be checked here, but not forced."
    return Problem(message.replace("none A", "none. A"), status=UNMET, code="tool_choice_unmet", param="tool_choice")


def _call(call: ToolCall) -> Call:
    return Call(f"call_{fresh()}", call.name, json.dumps(call.arguments, ensure_ascii=False))
