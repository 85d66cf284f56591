import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.think import ThinkCode, think_state

PIECES = st.lists(
    st.sampled_from(["<think>", "</think>", "a", "\n", "<tool_call>", "</tool_call>", " b "]), max_size=12
)


@pytest.mark.parametrize(
    ("raw", "code", "text", "rest"),
    [
        ("<think>\nplan\n</think>\n\nDone.", "ok", "plan", "\n\nDone."),
        ("Done.", "absent", None, "Done."),
        ("<think>\n\n</think>\n\nDone.", "empty", "", "\n\nDone."),
        ("plan</think>Done.", "missing_open", "plan", "plan</think>Done."),
        ("<think>plan, on and on", "missing_close", "plan, on and on", ""),
        ("<think>a</think>b<think>c", "missing_close", "a\nc", "b"),
        ("<think>a<think>b</think>c</think>d", "nested", "ab c".replace(" ", ""), "d"),
        ("<think>a<think>b</think>d", "nested", "abd", "d"),
        ("<think>a</think>b<think>c</think>d", "multiple", "a\nc", "d"),
        ("<think>a <tool_call>{}</tool_call></think>d", "call_inside", "a <tool_call>{}</tool_call>", "d"),
        ("<think>a</think>\n", "no_answer", "a", "\n"),
    ],
)
def test_states(raw: str, code: str, text: str | None, rest: str) -> None:
    state = think_state(raw)
    assert (state.code, state.text, state.rest) == (code, text, rest)


def test_calls_in_a_block_that_never_closes_are_no_answer() -> None:
    assert "<tool_call>" not in think_state("<think>I will <tool_call>{}</tool_call>").rest


def test_balanced() -> None:
    unbalanced = {code for code in ThinkCode if not code.balanced}
    assert unbalanced == {ThinkCode.MISSING_OPEN, ThinkCode.MISSING_CLOSE, ThinkCode.NESTED}
    assert all(code.sentence.endswith(".") for code in ThinkCode)


@given(PIECES)
def test_total_and_rest_is_the_end_of_what_was_written(pieces: list[str]) -> None:
    raw = "".join(pieces)
    state = think_state(raw)
    assert state.rest in raw
    assert (state.code == ThinkCode.ABSENT) == (state.text is None)
    if state.code == ThinkCode.OK:
        assert raw.count("<think>") == raw.count("</think>") == 1
        assert raw.endswith(state.rest)
