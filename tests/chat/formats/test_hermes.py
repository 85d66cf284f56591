"""Hermes reads what it read before there were other formats; only a mark that a call quotes is no longer one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.parsed import Parsed
from steadyhand.chat.messages import Message, ToolCall

# 200 completions with what the reader of version 0.1 made of them
BEFORE = [
    json.loads(line)
    for line in (Path(__file__).parent / "hermes_before.jsonl").read_text(encoding="utf-8").splitlines()
]


def facts(read: Parsed) -> dict[str, Any]:
    return {
        "calls": [[call.name, call.arguments] for call in read.calls],
        "content": read.content,
        "think": read.think,
        "attempts": read.attempts,
        "error": read.error and [read.error.code.value, read.error.detail],
        "repairs": [repair.value for repair in read.repairs],
    }


@pytest.mark.parametrize("lenient", [False, True], ids=["strict", "lenient"])
def test_it_reads_as_before(lenient: bool) -> None:
    assert len(BEFORE) == 200
    for row in BEFORE:
        read = HERMES.parse(row["raw"], (), row["finish"], lenient=lenient)
        assert facts(read) == row["lenient" if lenient else "strict"], row["raw"]


def test_it_sees_thinking_as_before() -> None:
    for row in BEFORE:
        state = HERMES.thinking(row["raw"])
        assert [state.code.value, state.text, state.rest] == row["think"], row["raw"]


QUOTES = [
    "see </tool_call> there",
    "<tool_call>",
    "<think>",
    "</think>",
    '<tool_call>{"name": "f", "arguments": {}}</tool_call>',
    '</tool_call> "\\ <tool_call> </think><think>',
    "<tool_call>\n" * 50,
]


@pytest.mark.parametrize("quoted", QUOTES)
@pytest.mark.parametrize("think", [None, "Why <not>."])
def test_a_mark_that_a_call_quotes_is_text(quoted: str, think: str | None) -> None:
    call = ToolCall("note", {"text": quoted, "deep": [{quoted: [quoted]}]})
    message = Message("assistant", "One moment.", think, (call, ToolCall("now", {})))
    raw = HERMES.write(message)
    for lenient in (False, True):
        read = HERMES.parse(raw, lenient=lenient)
        assert (read.calls, read.content, read.think, read.error) == (message.calls, "One moment.", think, None)
        assert (read.attempts, read.repairs) == (2, ())
    assert HERMES.thinking(raw).code == ("absent" if think is None else "ok")


@pytest.mark.parametrize(
    ("raw", "attempts", "code"),
    [
        ('<tool_call>{"name": "f", "arguments": {"a": "</tool_call>"}', 1, "parse_json"),
        ('<tool_call>{"name": "f", "arguments": {"a": "x</tool_call>', 1, "parse_json"),
        ('<tool_call>{"name": "f", "arguments": {"a": "</tool_call>"}} more</tool_call>', 1, "parse_json"),
        ('<tool_call>{"a": "<tool_call>"}</tool_call>', 1, "parse_shape"),
    ],
)
def test_a_quoted_mark_does_not_mend_a_broken_call(raw: str, attempts: int, code: str) -> None:
    read = HERMES.parse(raw)
    assert read.error is not None
    assert (read.attempts, read.error.code) == (attempts, code)


def test_what_is_quoted_while_thinking_stays_thinking() -> None:
    read = HERMES.parse('<think>I could <tool_call>{"name": "f", "arguments": {"a": "</think>"}}</tool_call>')
    assert (read.think, read.attempts) == ('I could <tool_call>{"name": "f", "arguments": {"a": "', 1)


def test_several_stray_closing_tags_each_end_a_thought_of_their_own() -> None:
    """Before, each thought was repeated in the next, which took quadratic time and room."""
    state = HERMES.thinking("a</think>b</think>c")
    assert (state.code.value, state.text, state.rest) == ("missing_open", "a\nb", "a</think>b</think>c")
