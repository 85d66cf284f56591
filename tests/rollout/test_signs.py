from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.rollout import TOOL
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.rollout.signs import signs_of

REQUEST = {"messages": [{"role": "user", "content": "Is KD-1 whole?"}], "tools": [TOOL]}


def said(content: str | None = None, finish: str = "stop", **call: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if call:
        message["tool_calls"] = [{"id": "c", "type": "function", "function": call}]
    return {"choices": [{"message": message, "finish_reason": finish}]}


LEFT = f"{HERMES.call_marks[0]} something"


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (said("The seal of KD-1 is whole."), ""),
        (said(name="query_rivet", arguments='{"parcel": "KD-1"}'), ""),
        (said(name="query_river", arguments="{}"), "refused: 'query_river' is not offered"),
        (said(name="query_rivet", arguments="{parcel"), "refused: the arguments of query_rivet are not JSON"),
        (said(name="query_rivet", arguments="[1]"), "refused: the arguments of query_rivet are no object"),
        (said(name="query_rivet", arguments='{"parcel": 5}'), "refused: query_rivet arguments.parcel"),
        (said(LEFT), "refused: a call stands in the text"),
        (said("The seal is", finish="length"), "cut off"),
        (said(""), "empty"),
        (said("so it is whole, and " * 30), "repetition"),
        ({"choices": []}, "no answer in it"),
        (None, "no answer in it"),
        ([1], "no answer in it"),
    ],
)
def test_what_is_seen_in_an_answer(response: Any, why: str) -> None:
    found = signs_of(REQUEST, response)
    assert found.why.startswith(why)
    assert (found.flagged, found.refused) == (bool(why), why.startswith("refused"))


def test_an_answer_that_never_came_and_the_tool_that_was_called() -> None:
    assert signs_of(REQUEST, None, "HTTP 500").why == "failed: HTTP 500"
    assert signs_of(REQUEST, said(name="query_rivet", arguments='{"parcel": "a"}')).tool == "query_rivet"
    assert signs_of({"messages": []}, said(LEFT)).refused is False  # no tool is offered: prose about calls


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "message", "tool_calls", "function", "content", "name", "arguments"]), inner),
    max_leaves=6,
)  # fmt: skip


@given(json_values, json_values)
def test_no_servers_answer_breaks_it(response: Any, tools: Any) -> None:
    found = signs_of({"messages": [], "tools": tools}, response)
    assert found.flagged == bool(found.why)
