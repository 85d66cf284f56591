"""Copying is asked for in many ways; what is to be copied stands in the request whole."""

from __future__ import annotations

import random

import pytest

from nano import reason
from nano.reason import copy_request
from nano.reason_wordings import COPY
from nano.rows import Lang

LANGS: tuple[Lang, ...] = ("zh", "en")


@pytest.mark.parametrize("lang", LANGS)
def test_requests_to_copy_hold_the_text_and_are_many(lang: Lang) -> None:
    rng = random.Random(1)
    asked = [copy_request(rng, lang, False, "ab-1.example") for _ in range(400)]
    assert all("ab-1.example" in text for text in asked)
    assert len(set(asked)) > 200
    held = {text.format(x="ab-1.example") for text in COPY[lang][True]}
    assert not held & set(asked)
    assert all(copy_request(rng, lang, True, "ab-1.example") in held for _ in range(20))


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_copied_is_what_was_given(lang: Lang) -> None:
    rng = random.Random(2)
    for _ in range(100):
        for make in (reason.copy_one, reason.copy_words):
            asked, answer = make(rng, lang, False)["messages"]
            assert answer["content"] in asked["content"]
