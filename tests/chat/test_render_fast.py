"""Asked directly, a tokenizer's engine gives the ids that the tokenizer gives, whatever others left in it."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message
from steadyhand.chat.render import Renderer
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.resolve import resolve
from tests import tiny

NANO = load_tokenizer(resolve("steady-nano"))
RENDERER = Renderer(NANO)
MARKS = ["<|im_end|>", "<think>", "</tool_call>", " ", "\n", "é", "北京"]


@given(st.lists(st.text(max_size=8) | st.sampled_from(MARKS), max_size=8).map("".join))
def test_the_ids_are_those_of_the_tokenizer(text: str) -> None:
    rendered = RENDERER.prompt([Message("user", text or "?")], ())
    assert list(rendered.ids) == NANO.encode(rendered.text, add_special_tokens=False)


def test_what_another_use_left_in_the_tokenizer_changes_nothing() -> None:
    made = tiny.tokenizer()
    renderer, asked = Renderer(made), [Message("user", "what is the level of this uri? " * 9)]
    before = renderer.prompt(asked, ()).ids
    made(["a", "b c"], padding="max_length", truncation=True, max_length=5)
    assert made.backend_tokenizer.truncation is not None
    assert renderer.prompt(asked, ()).ids == before


def test_an_engine_that_gives_other_ids_is_not_asked() -> None:
    class Spaced:
        """A tokenizer that changes texts before its engine sees them."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def encode(self, text: str, **options: Any) -> Any:
            return self._inner.encode(text.replace(" ", "  "), **options)

    spaced = Spaced(tiny.tokenizer())
    assert len(Renderer(spaced).prompt([Message("user", "what is")], ()).ids) > len(
        Renderer(tiny.tokenizer()).prompt([Message("user", "what is")], ()).ids
    )


def test_a_million_tokens_take_a_fraction_of_the_time_that_offsets_would_cost() -> None:
    text = "\n" * 200_000

    def lasted(call: Any) -> float:
        began = time.process_time()
        call()
        return time.process_time() - began

    direct = min(lasted(lambda: RENDERER._encode(text)) for _ in range(3))
    assert direct < min(lasted(lambda: NANO.encode(text, add_special_tokens=False)) for _ in range(3))
