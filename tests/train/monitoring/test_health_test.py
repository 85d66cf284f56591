"""The sequential test of health: its error rates by simulation, its signs on answers judged by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from steadyhand.chat.messages import Message
from steadyhand.checks import Bound, Context, checker_of
from steadyhand.domain.decisions import decisions
from steadyhand.domain.model import AnswerRule, Scenario
from steadyhand.errors import Place
from steadyhand.models.backend import Completion, FinishReason, Prompt
from steadyhand.settings.model import WatchSettings
from steadyhand.stats.eprocess import sprt
from steadyhand.train.monitoring.health_test import (
    MOST,
    SIGNS,
    HealthQuestion,
    check,
    count,
    judge,
    rates,
    spread_evenly,
)
from tests import tiny

ASK = HealthQuestion(Prompt((Message("user", "What is the capital of France?"),)), AnswerRule(("Paris",)))
TALK = HealthQuestion(Prompt((Message("user", "Hi"), Message("assistant", "Hello."), Message("user", "How are you?"))))
GOOD, BAD = "<think>\na fact\n</think>\n\nThe capital is Paris.", "<think>\nthe the"


def answer(text: str, finish: FinishReason = "stop") -> Completion:
    return Completion(text, finish, 5, 5, "h")


@pytest.mark.parametrize(
    ("question", "text", "finish", "failed"),
    [
        (ASK, GOOD, "stop", set()),
        (ASK, "The capital is Paris.", "stop", {"think"}),  # the base may not think either: rates tell
        (ASK, "<think>\na fact\n</think>\n\nThe capital is Rome.", "stop", {"knowledge"}),
        (ASK, BAD, "stop", {"think", "empty", "knowledge"}),
        (ASK, BAD, "length", {"endless", "knowledge"}),
        (ASK, "Paris is it. " * 20, "stop", {"loop", "think"}),
        (ASK, "It is Paris \ufffd\ufffd of course", "stop", {"garbage", "think"}),
        (TALK, "I am well, thank you.", "stop", {"think"}),
        (TALK, "", "stop", {"empty", "dialogue", "think"}),
        (TALK, "well and well and " * 20, "length", {"loop", "endless", "dialogue"}),
    ],
)
def test_every_sign_on_answers_judged_by_hand(
    question: HealthQuestion, text: str, finish: FinishReason, failed: set[str]
) -> None:
    found = judge(question, answer(text, finish))
    assert {sign for sign, fails in found.items() if fails} == failed
    assert set(found) <= set(SIGNS)
    assert ("knowledge" in found) == (question.rule is not None)
    assert ("dialogue" in found) == (question is TALK)


def test_a_label_of_one_word_is_a_whole_answer_and_another_word_is_not(tmp_path: Path) -> None:
    """Five letters, asked for a label of six: wrong perhaps, and no sign of damage."""
    check = checker_of("mood", "label", {"of": {"praise": [], "mixed": ["好坏"]}}, tmp_path)
    messages = (Message("user", "It came early."), Message("assistant", "praise"))
    bound: dict[int, tuple[Bound, ...]] = {1: (Bound(check, True, Context(reference="praise")),)}
    scenario = Scenario("s", "s", "eval", "common", "en", (), messages, Place("s"), checks=bound)
    asked = HealthQuestion(Prompt(messages[:1]), decision=decisions(scenario)[0])
    empty = {text: judge(asked, answer(text))["empty"] for text in ("mixed", "好坏", "praise", "OK", "")}
    assert empty == {"mixed": False, "好坏": False, "praise": False, "OK": True, "": True}
    assert judge(HealthQuestion(asked.prompt), answer("mixed"))["empty"]


def test_thinking_for_longer_with_tools_on_offer_is_no_damage() -> None:
    offered = HealthQuestion(Prompt(ASK.prompt.messages, (tiny.QUERY,)))
    assert "endless" not in judge(offered, answer("<think>\na long plan", "length"))


def test_counting_keeps_signs_apart() -> None:
    found = count([ASK, TALK], lambda asked: [answer(GOOD), answer("")][: len(asked)])
    assert found["empty"] == (1, 2)
    assert (found["knowledge"], found["dialogue"]) == ((0, 1), (1, 1))


@given(st.dictionaries(st.sampled_from(list(SIGNS)), st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted)))
def test_the_rates_fit_the_test_whatever_the_base_did(reference: dict[str, list[int]]) -> None:
    for healthy, damage in rates({sign: (k, n) for sign, (k, n) in reference.items()}, 0.25).values():
        assert 0 < healthy < damage < 1
        assert healthy <= MOST
        assert sprt(0, 0, healthy, damage) == "continue"


def simulated(rate: float, seed: int, config: WatchSettings, most: int, tests: int = 1) -> str:
    """The word of a check of a model that loses facts at `rate`, whose base failed in 1 of 24."""
    draw = random.Random(seed)

    def ask(questions: Sequence[HealthQuestion]) -> list[Completion]:
        return [answer("It is Rome, I think." if draw.random() < rate else GOOD) for _ in questions]

    return check([ASK] * most, ask, {"knowledge": (1, 24)}, config, tests).word


def test_error_rates_stay_within_alpha_and_beta() -> None:
    """Wald's bounds hold for models exactly at the two rates; with 24 answers a check can only be more careful."""
    config, runs = WatchSettings(alpha=0.05, beta=0.05), 800
    ((healthy, damage),) = rates({"knowledge": (1, 24)}, config.margin).values()
    false = sum(simulated(healthy, seed, config, 24) == "damaged" for seed in range(runs))
    assert false / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5
    words = [_run_on(damage, seed, healthy, damage) for seed in range(runs)]
    assert words.count("healthy") / runs <= 0.05 / 0.95 + 3 * (0.05 * 0.95 / runs) ** 0.5
    assert words.count("damaged") == runs - words.count("healthy")


def _run_on(rate: float, seed: int, healthy: float, damage: float) -> str:
    """Wald's test without an end to its questions."""
    draw, failures, n = random.Random(seed), 0, 0
    while (word := sprt(failures, n, healthy, damage)) == "continue":
        failures, n = failures + (draw.random() < rate), n + 1
    return word


def test_a_healthy_training_of_sixteen_checks_is_stopped_in_less_than_one_of_a_hundred() -> None:
    """At the base's own rate of 1 in 24, and at the worst rate that still counts as healthy."""
    config = WatchSettings()
    ((worst, _),) = rates({"knowledge": (1, 24)}, config.margin).values()
    for rate in (1 / 24, worst):
        stopped = sum(
            any(simulated(rate, 100 * run + at, config, 24, tests=16) == "damaged" for at in range(16))
            for run in range(60)
        )
        assert stopped <= 2  # 0.6 expected at most


def test_a_broken_model_is_known_within_one_check_and_few_answers() -> None:
    asked: list[HealthQuestion] = []

    def ask(questions: Sequence[HealthQuestion]) -> list[Completion]:
        asked.extend(questions)
        return [answer(BAD) for _ in questions]

    reference = {"think": (0, 24), "empty": (0, 24), "loop": (24, 24), "knowledge": (1, 12)}
    found = check([ASK] * 24, ask, reference, WatchSettings(), 16)
    assert (found.word, len(asked)) == ("damaged", 12)
    assert any(
        line.startswith("the thinking block is missing, broken or never closed") and "12 of 12 (0 of 24 before)" in line
        for line in found.evidence
    )
    assert not any("loop" in line for line in found.evidence)  # the base looped always: no damage can show there
    assert all("'<think> the the'" in line for line in found.evidence)


def test_a_healthy_model_is_asked_little_and_one_in_between_is_asked_everything() -> None:
    reference = {"think": (0, 24), "knowledge": (2, 24)}
    healthy = check([ASK] * 24, lambda asked: [answer(GOOD) for _ in asked], reference, WatchSettings(), 16)
    assert (healthy.word, healthy.asked, healthy.evidence) == ("healthy", 12, ())
    answers = iter([GOOD, GOOD.replace("Paris", "Rome")] * 12)
    between = check([ASK] * 24, lambda asked: [answer(next(answers)) for _ in asked], reference, WatchSettings(), 16)
    assert (between.word, between.asked) == ("undecided", 24)


def test_questions_of_every_kind_come_early() -> None:
    tools = [HealthQuestion(Prompt((Message("user", str(i)),))) for i in range(50)]
    mixed = spread_evenly([*[ASK] * 100, *[TALK] * 7, *tools], 9)
    assert len(mixed) == 9
    assert [sum(q is ASK for q in mixed[:3]), sum(q is TALK for q in mixed[:3])] == [1, 1]
    assert spread_evenly([], 5) == []
    assert len(spread_evenly([ASK] * 3, 24)) == 3


@pytest.mark.parametrize(
    "wrong", [{"steps": -1}, {"patience": -1}, {"max_tokens": 0}, {"alpha": 0.0}, {"margin": 1.0}, {"beta": 0.6}]
)
def test_a_watch_that_cannot_work_says_so(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        WatchSettings(**wrong)  # type: ignore[arg-type]
