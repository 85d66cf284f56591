"""Made-up systems: answers follow from what was told, wordings vary, held-out questions are new."""

from __future__ import annotations

import random
import re

import pytest

from nano import systems
from nano.rows import Generator, Lang
from nano.systems import asked_turn, made_system, said_about, tell

LANGS: tuple[Lang, ...] = ("zh", "en")
MAKERS = [make for _, make in systems.GENERATORS]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("make", MAKERS)
def test_rows_are_whole(make: Generator, lang: Lang) -> None:
    rng = random.Random(1)
    for index in range(300):
        row = make(rng, lang, index % 2 == 0)
        assert [m["role"] for m in row["messages"]] == ["user", "assistant"] * (len(row["messages"]) // 2)
        for message in row["messages"]:
            assert message["content"]
            assert not re.search(r"\{[a-z]", message["content"])
        for reply in row["messages"][1::2]:
            assert len(reply["reasoning_content"].splitlines()) == 3


@pytest.mark.parametrize("lang", LANGS)
def test_a_verdict_follows_from_the_limit(lang: Lang) -> None:
    rng = random.Random(2)
    for _ in range(400):
        slots = made_system(rng, lang)
        _, answer = asked_turn(rng, lang, False, "judge", slots)
        relation = answer["reasoning_content"].splitlines()[-1]
        number, limit = (int(found) for found in re.findall(r"\d+", relation)[:2])
        assert limit == slots["l"]
        assert (slots["y"] if number > limit else slots["z"]).casefold() in answer["content"].casefold()


@pytest.mark.parametrize("lang", LANGS)
def test_kinds_of_error_have_one_answer_a_question(lang: Lang) -> None:
    bank = said_about(lang)["relations"]["error"]
    assert len(bank["asked"]) == len(bank["said"])


@pytest.mark.parametrize("lang", LANGS)
def test_held_out_questions_are_never_asked_in_training(lang: Lang) -> None:
    for name, bank in said_about(lang)["relations"].items():
        assert bank["asked"][-1] not in bank["asked"][:-1], name
        assert len(bank["asked"]) >= 5, name


def test_one_question_has_several_answers() -> None:
    rng = random.Random(3)
    slots = made_system(rng, "en")
    answers = {asked_turn(rng, "en", False, "what", slots)[1]["content"] for _ in range(60)}
    assert len(answers) >= 5


def test_what_is_told_is_about_the_system() -> None:
    rng = random.Random(4)
    for lang in LANGS:
        slots = made_system(rng, lang)
        for name in said_about(lang)["relations"]:
            assert "{" not in tell(rng, lang, [name], slots)


def test_both_languages_know_the_same_relations_and_slots() -> None:
    en, zh = said_about("en"), said_about("zh")
    assert list(en["relations"]) == list(zh["relations"])
    assert set(en["slots"]) == set(zh["slots"])
