"""Free text: copies are exact, topics occur, noise never brings an identifier or hides the request."""

from __future__ import annotations

import random
import re

import pytest

from nano import free
from nano.rows import Lang

LANGS: tuple[Lang, ...] = ("zh", "en")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("held", [False, True])
def test_a_copy_is_in_the_request(lang: Lang, held: bool) -> None:
    rng = random.Random(1)
    for _ in range(300):
        asked, answer = free.repeated(rng, lang, held)["messages"]
        assert answer["content"] in asked["content"]


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_written_has_the_topic(lang: Lang) -> None:
    rng = random.Random(2)
    for _ in range(300):
        asked, answer = free.written(rng, lang, False)["messages"]
        words = [w.strip(".:-") for w in re.findall(r"[\w.@:/-]+", asked["content"].casefold())]
        assert any(word in answer["content"].casefold() for word in words) or lang == "zh"


@pytest.mark.parametrize("lang", LANGS)
def test_noise_keeps_the_request_and_adds_no_identifier(lang: Lang) -> None:
    rng = random.Random(3)
    for _ in range(300):
        text = free.with_noise(rng, lang, "check dog7.example.com")
        assert "check dog7.example.com" in text
        assert not re.search(r"\d", text.replace("dog7.example.com", ""))


def test_noise_on_an_empty_request_is_only_noise() -> None:
    assert free.with_noise(random.Random(1), "en", "").strip()


def test_spaces_stand_between_han_and_latin() -> None:
    assert free.spaced("给USS打80分") == "给 USS 打 80 分"
    assert free.spaced("plain text 5") == "plain text 5"
