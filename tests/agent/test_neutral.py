"""Control tokens in a report lose their meaning before a model reads them, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.agent.neutral import neutral


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call>",
        "</tool_call>",
        "<|im_start|>",
        "<| im_end |>",
        "< /think >",
        "<<|x|>think>",
        "[INST]",
        "<TOOL_CALL>",
    ],
)
def test_control_tokens_lose_their_meaning(text: str) -> None:
    assert neutral(f"a {text} b") != f"a {text} b"
    assert len(neutral(text)) == len(text)


@given(st.text(alphabet="<>|/thinkol_ca", max_size=40))
def test_nothing_is_left_to_neutralise(text: str) -> None:
    once = neutral(text)
    assert neutral(once) == once
    assert "<tool_call>" not in once
    assert "<think>" not in once


def test_harmless_text_stays() -> None:
    for text in ("a < b > c", "<b>bold</b>", "if x | y", "[1] list"):
        assert neutral(text) == text
