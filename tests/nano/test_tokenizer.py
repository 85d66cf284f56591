"""The shipped vocabulary: whole words that somebody wrote, and single characters for everything that was drawn."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from nano.identifiers import letters
from nano.tokenizer import written
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.resolve import resolve

FOLDER = resolve("steady-nano")


def vocabulary() -> dict[str, int]:
    found: dict[str, int] = json.loads((FOLDER / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    return found


def pieces(tokenizer: Any, text: str) -> list[str]:
    return [tokenizer.decode([token]) for token in tokenizer.encode(text, add_special_tokens=False)]


def test_no_token_is_a_piece_of_a_random_name() -> None:
    words = [token for token in vocabulary() if re.fullmatch(r"[A-Za-z]{2,}", token)]
    known = written()
    assert len(words) > 2000
    assert {word for word in words if word.casefold() not in known} == set()


def test_random_strings_are_spelt_and_words_are_whole() -> None:
    tokenizer = load_tokenizer(FOLDER)
    rng = random.Random(1)
    known = written()
    drawn = [letters(rng, 3, 8) for _ in range(200)]
    spelled = [text for text in drawn if text not in known]
    assert len(spelled) > 180
    assert all(pieces(tokenizer, text) == list(text) for text in spelled)
    assert pieces(tokenizer, "check tower") == ["check", " ", "tower"]
