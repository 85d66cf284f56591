"""The reasoning judge: what it is taught, how its answer is read, and that no position is worth anything."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from steadyhand.domain.rows import Group, Rejected
from steadyhand.lab.judges import by_category, right
from steadyhand.models.backend import Completion, Prompt, Sampling
from steadyhand.pairs.judge import in_both_orders
from steadyhand.pairs.reasoning import ReasoningJudge, question, reasoning_rows, verdict_of
from tests.pairs.test_online import CALL

GROUP = Group(
    CALL.decision.id, CALL.decision.messages, CALL.tools, CALL.target,
    (Rejected("worse", "no_call", "model"), Rejected("bad", "promised_safety", "given"), Rejected("x", "m", "model")),
    "common", "none",
)  # fmt: skip


class Says:
    fingerprint = "says"

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling, **more: object) -> list[Completion]:
        texts = [prompt.messages[0].content for prompt in prompts]
        words = ["A" if text.index("good") < text.index("poor") else "B" for text in texts]
        return [Completion(self.answer.format(word=word), "stop", 1, 1, "hash") for word in words]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("A is wrong. B does.\nVerdict: B", "second"), ("Verdict: A", "first"), ("so\nVerdict: TIE\n", "tie"),
        ("Verdict: A\nbut no", "tie"), ("A", "tie"), ("", "tie"), ("Verdict: AB", "tie"), ("my Verdict: A", "tie"),
    ],
)  # fmt: skip
def test_only_the_last_line_counts(text: str, word: str) -> None:
    assert verdict_of(text) == word


def test_both_orders_are_taught_with_reasons_and_an_answer_beside_itself_is_a_tie() -> None:
    many = [Group(CALL.decision.id, *list(vars(GROUP).values())[1:]) for _ in range(1)]
    rows = reasoning_rows(many, {CALL.decision.id: CALL}, "asks first", 0)
    answers = [row.messages[-1].content for row in rows if "TIE" not in row.messages[-1].content]
    assert answers == [
        "A does what is due. B is wrong (no call).\nVerdict: A",
        "A is wrong (no call). B does what is due.\nVerdict: B",
        "A does what is due. B is wrong (promised safety).\nVerdict: A",
        "A is wrong (promised safety). B does what is due.\nVerdict: B",
    ]  # fmt: skip
    first, second = (row.messages[0] for row in rows[:2])
    assert "The better one asks first." in first.content
    assert first != second
    ties = [reasoning_rows(many, {CALL.decision.id: CALL}, "", seed) for seed in range(40)]
    assert 0 < sum(any("TIE" in row.messages[-1].content for row in made) for made in ties) < 30
    assert reasoning_rows(many, {}, "", 0) == []


def test_the_owners_reason_is_taught_where_it_is_given() -> None:
    from dataclasses import replace

    scenario = replace(CALL.decision.scenario, why={"cause": "It names no risk.", "category": "promised_safety"})
    case = replace(CALL, decision=replace(CALL.decision, scenario=scenario))
    rows = reasoning_rows([GROUP], {CALL.decision.id: case}, "", 0)
    assert "B is wrong (promised safety): It names no risk." in rows[2].messages[-1].content


def test_a_judge_that_sees_what_is_good_is_right_and_one_that_always_says_a_ties_always() -> None:
    pairs = [(CALL, "good", "poor"), (CALL, "poor", "good")]
    assert in_both_orders(ReasoningJudge(Says("reasons\nVerdict: {word}")), pairs) == ["first", "second"]
    assert in_both_orders(ReasoningJudge(Says("Verdict: A")), pairs) == ["tie", "tie"]
    assert question(CALL, "good", "poor").startswith("Two answers of an assistant")
    assert ReasoningJudge(Says(""))([]) == []


def test_right_wrong_and_ties_stand_apart() -> None:
    row = right(["first", "first", "tie", "second"], ["a", "a", "b", "c"])
    assert (row["k"], row["n"], row["ties"], row["wrong"], row["value"]) == (2, 4, 1, 1, 0.5)
    assert row["low"] < 0.5 < row["high"]
    assert right([], [])["value"] is None


def test_own_answers_are_counted_by_category() -> None:
    found = by_category([(CALL, "a", "b"), (CALL, "c", "d")], ["first", "tie"])
    assert found["all"] == {"won": 1, "lost": 0, "ties": 1, "n": 2}
    assert found["without a category"]["n"] == 2
    assert by_category([], []) == {"all": {"won": 0, "lost": 0, "ties": 0, "n": 0}}
