"""The request parser: what is asked, typed, or one Problem that names the field. It never raises anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.models.backend import Sampling
from steadyhand.serve.problem import Problem
from steadyhand.serve.request import Asked, read_body, read_request
from steadyhand.serve.request_fields import HARMLESS, HONORED, NEUTRAL
from tests.serving import WEATHER

T = TypeVar("T")
USER = {"role": "user", "content": "hi"}
CALLING = {
    "role": "assistant", "content": None, "reasoning_content": "hm",
    "tool_calls": [
        {"id": name, "type": "function", "function": {"name": "weather", "arguments": json.dumps({"city": name})}}
        for name in ("a", "b")
    ],
}  # fmt: skip
ANSWERS = [{"role": "tool", "tool_call_id": name, "content": f"sun in {name}"} for name in ("b", "a")]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from((*HONORED, *NEUTRAL, *HARMLESS, "role", "content", "function", "name", "arguments", "id"))
bodies = st.dictionaries(names, values | st.lists(st.dictionaries(names, values, max_size=4), max_size=3), max_size=6)


def ask(**fields: Any) -> Asked:
    body = {"model": "m", "messages": [USER], **fields}
    return read_request(read_body(json.dumps(body).encode()), most=100)


def outcome(read: Callable[[], T]) -> T | Problem:
    try:
        return read()
    except Problem as problem:
        return problem


@given(bodies)
@example({"messages": [CALLING]})
@example({"messages": [{"role": "assistant", "tool_calls": [1]}]})
@example({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "required": 3}}}]})
def test_any_json_is_a_request_or_a_problem_that_can_be_sent(body: dict[str, Any]) -> None:
    whole = json.dumps({"model": "m", "messages": [USER], **body}).encode()
    found = outcome(lambda: read_request(read_body(whole), most=100))
    if isinstance(found, Problem):
        assert found.status == 400
        assert len(json.dumps(found.body())) < 3000
    else:
        assert 1 <= found.sampling.max_tokens <= 100
        assert found.prompt.messages


@given(st.binary(max_size=60))
def test_any_bytes_are_an_object_or_a_problem(data: bytes) -> None:
    found = outcome(lambda: read_body(data))
    assert isinstance(found, dict) or found.code == "invalid_json"


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 70 + b"1" + b"}" * 70])
def test_deep_nesting_is_a_problem(deep: bytes) -> None:
    with pytest.raises(Problem):
        read_body(deep)


def test_defaults_are_those_of_a_measurement() -> None:
    assert ask() == Asked("m", ask().prompt, Sampling(0.0, 1.0, 100, 0))


def test_sampling() -> None:
    asked = ask(temperature=0.7, top_p=0.9, seed=-3, max_tokens=50, max_completion_tokens=7, stop="x")
    assert (asked.sampling, asked.stop) == (Sampling(0.7, 0.9, 7, -3), ("x",))
    assert ask(max_tokens=10**9).sampling.max_tokens == 100


def test_a_dialogue_with_tools_comes_in_the_order_of_the_calls() -> None:
    developer = {"role": "developer", "content": [{"type": "text", "text": "be "}, {"type": "text", "text": "brief"}]}
    asked = ask(messages=[developer, USER, CALLING, *ANSWERS], tools=[WEATHER])
    calls = (ToolCall("weather", {"city": "a"}), ToolCall("weather", {"city": "b"}))
    assert asked.prompt.messages == (
        Message("system", "be brief"), Message("user", "hi"), Message("assistant", "", "hm", calls),
        Message("tool", "sun in a"), Message("tool", "sun in b"),
    )  # fmt: skip
    assert [tool.name for tool in asked.prompt.tools] == ["weather"]


@pytest.mark.parametrize(
    ("given", "read"),
    [({"arguments": ""}, {}), ({"arguments": None}, {}), ({}, {}), ({"arguments": "{}"}, {}),
     ({"arguments": {"city": "a"}}, {"city": "a"}), ({"arguments": ' {"city": "a"} '}, {"city": "a"})],
)  # fmt: skip
def test_arguments_are_read_as_import_reads_them(given: dict[str, Any], read: dict[str, Any]) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", **given}}
    answer = {"role": "tool", "tool_call_id": "c1", "content": "sun"}
    asked = ask(messages=[USER, {"role": "assistant", "tool_calls": [call]}, answer])
    assert asked.prompt.messages[1].calls == (ToolCall("weather", read),)
    if given.get("arguments", "") is not None:
        assert Message.from_openai({"role": "assistant", "tool_calls": [call]}).calls[0].arguments == read


@pytest.mark.parametrize("wrong", ["{", "[]", "null", '"x"', 7, [], '{"a": 1, "a": 2}'])
def test_arguments_that_are_no_object_are_refused(wrong: Any) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": wrong}}
    with pytest.raises(Problem, match="arguments"):
        ask(messages=[USER, {"role": "assistant", "tool_calls": [call]}])


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0]"),
        ({"messages": [CALLING, ANSWERS[0]]}, "messages"),
        ({"messages": [USER, ANSWERS[0]]}, "messages[1]"),
        ({"messages": [CALLING, ANSWERS[0], ANSWERS[0]]}, "messages[2]"),
        ({"n": 2}, "n"),
        ({"n": True}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"chat_template_kwargs": {"enable_thinking": False}}, "chat_template_kwargs"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": 1e-300}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"seed": True}, "seed"),
        ({"stop": ["a", ""]}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": "any", "tools": [WEATHER]}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "x"}}, "tools": [WEATHER]}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": ["x"]}}, "tools": [WEATHER]}, "tool_choice"),
        ({"tools": [WEATHER, WEATHER]}, "tools"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0]"),
        ({"temprature": 0.5}, "temprature"),
    ],
)
def test_what_would_change_the_answer_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Problem) as caught:
        ask(**fields)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_fields_that_say_what_is_done_anyway_pass() -> None:
    neutral = {name: allowed[0] for name, allowed in NEUTRAL.items() if allowed}
    assert ask(**neutral, **dict.fromkeys(HARMLESS, "x")) == ask(logit_bias=None) == ask()
    assert ask(x_trace="1").ignored == ("x_trace",)
