from __future__ import annotations

import pytest

from steadyhand.checks.likeness import likeness, matches_answer, matches_any, nearest_answer

UNSAFE, SAFE = "Unsafe: 73 is above 50.", "Safe: 23 is not above 50."


@pytest.mark.parametrize(
    ("text", "answer", "right"),
    [
        (UNSAFE, UNSAFE, True),
        ("unsafe, 73 is above 50", UNSAFE, True),
        ("Safe: 73 is not above 50.", UNSAFE, False),  # nearer to the other answer
        ("Unsafe: 37 is above 50.", UNSAFE, False),  # another number
        ("It is not a URI service.", "It is a URI service.", False),  # negated
        ("不安全：73 大于 50。", "不安全：73 大于 50。", True),
        ("安全：73 不大于 50。", "不安全：73 大于 50。", False),
        ("", UNSAFE, False),
        ("I cannot say.", UNSAFE, False),
    ],
)
def test_an_answer_is_said_or_not(text: str, answer: str, right: bool) -> None:
    others = [SAFE, "Safe: 73 is not above 50.", "安全：73 不大于 50。"]
    assert matches_answer(text, answer, others) is right


def test_an_equal_answer_to_another_question_is_no_rival() -> None:
    assert matches_answer(SAFE, SAFE, [SAFE, "safe: 23 is not above 50"])


def test_an_answer_in_other_words_is_picked_but_not_said() -> None:
    text = "That link is unsafe, because its level of 73 is above the line of 50."
    assert not matches_answer(text, UNSAFE, [SAFE])
    assert nearest_answer(text, UNSAFE, [SAFE])
    assert not nearest_answer(text, "Unsafe: 74 is above 50.", [SAFE])
    assert not nearest_answer(text, SAFE, [UNSAFE])
    assert not nearest_answer("I cannot say.", UNSAFE, [SAFE])


def test_one_of_several_answers_is_enough() -> None:
    assert matches_any(UNSAFE, [SAFE, UNSAFE])
    assert not matches_any("neither", [SAFE, UNSAFE])


def test_likeness_is_the_f1_of_words_and_their_pairs() -> None:
    assert likeness("a b c", "a b d") == pytest.approx(3 / 5)  # a, b and "a b" of five each
    assert likeness("a a", "a") == pytest.approx(2 / 4)
    assert likeness("不大于", "大不于") < 1
    assert likeness("", "") == 0
