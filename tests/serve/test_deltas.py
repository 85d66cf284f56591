"""However a raw text is cut into pieces, the deltas are the answer; and nothing is shown that might be a call."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, Tool
from steadyhand.models.backend import Completion, Prompt, Sampling
from steadyhand.serve.answer import answer_of
from steadyhand.serve.deltas import Deltas
from steadyhand.serve.request import Asked

TOOL = Tool("f", "", {"type": "object", "properties": {}})
GOOD = '<tool_call>{"name": "f", "arguments": {}}</tool_call>'
pieces = st.sampled_from(
    ["a", " ", "\n", "<", "</", "<tool", "STOP", "ST", "\ufffd", "é", GOOD, "<tool_call>{", "</tool_call>"]
)
thinking = st.sampled_from(["", "<think>\nhm so\n</think>\n\n", "<think></think>", "<think>never closed "])


def asked(*stop: str) -> Asked:
    return Asked("m", Prompt((Message("user", "q"),), (TOOL,)), Sampling(), stop=stop)


@given(thinking, st.lists(pieces, max_size=12), st.booleans())
@example("", ["a", "\ufffd", " "], False)
def test_the_deltas_together_are_the_answer(think: str, parts: list[str], stops: bool) -> None:
    raw = think + "".join(parts)
    request = asked(*(["STOP"] if stops else []))
    answer = answer_of(request, Completion(raw, "stop", 1, 1, ""))
    deltas = Deltas(request.stop)
    shown = [delta for end in range(len(raw) + 1) for delta in deltas.feed(raw[:end])]
    assert not any("tool_calls" in delta for delta in shown)
    early = "".join(delta.get("content", "") for delta in shown)
    assert "<tool_call>" not in early
    shown += deltas.finish(answer)
    assert "".join(delta.get("content", "") for delta in shown) == answer.content
    assert "".join(delta.get("reasoning_content", "") for delta in shown) == answer.reasoning
    calls = [delta["tool_calls"][0] for delta in shown if "tool_calls" in delta]
    assert len(calls) == 2 * len(answer.calls)


def test_a_late_thinking_tag_does_not_take_back_what_was_sent() -> None:
    raw = "<think>a</think>first<think>b</think>second"
    deltas = Deltas()
    shown = [delta for end in range(len(raw) + 1) for delta in deltas.feed(raw[:end])]
    shown += deltas.finish(answer_of(asked(), Completion(raw, "stop", 1, 1, "")))
    assert "".join(delta.get("content", "") for delta in shown) == "first\nsecond"
    assert "".join(delta.get("reasoning", "") for delta in shown) == "a\nb"
