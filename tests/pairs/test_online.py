"""Groups out of a model's own answers: what is chosen, what loses to it, and what teaches nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.models.backend import Completion, Progress, Prompt, Sampling
from steadyhand.pairs.case import Case, cases, wrong
from steadyhand.pairs.judge import Choice, ModelJudge, Pair, by_rules, in_both_orders, passes
from steadyhand.pairs.online import online_groups
from tests.pairs.test_build import domain, write

CASES = cases(domain(1), write)  # a call, then the reading of its result
CALL, READ = CASES
RIGHT = CALL.write(CALL.target)
OTHER_WORDS = RIGHT.replace("查", "看")  # thinks in other words, calls the same
BAD_NAME = RIGHT.replace("find", "tell")
BAD_VALUE = RIGHT.replace("item-0", "item-9")
BROKEN = RIGHT.replace("</tool_call>", "")


def asked(call: Sequence[str], read: Sequence[str] = ()) -> dict[str, Sequence[str]]:
    return {CALL.decision.id: call, READ.decision.id: read}


def test_the_models_own_right_answer_is_chosen_and_its_wrong_ones_are_rejected() -> None:
    groups, tally = online_groups(CASES, asked([BAD_NAME, OTHER_WORDS, BAD_VALUE, BAD_NAME]), by_rules, 3)
    (group,) = groups
    assert write(group.messages, group.tools, group.chosen) == OTHER_WORDS
    assert [(one.text, one.mode, one.origin) for one in group.rejected] == [
        (BAD_NAME, "wrong_tool", "model"), (BAD_VALUE, "wrong_args", "model"),
    ]  # fmt: skip
    assert tally == {"group": 1, "alike": 1}


def test_what_is_always_wrong_is_taught_by_the_reference_or_not_at_all() -> None:
    answers = asked([BAD_NAME, BROKEN], ["<think>\n读\n</think>\n\nitem-0 安全"])
    groups, _ = online_groups(CASES, answers, by_rules, 1)
    assert [group.chosen for group in groups] == [CALL.target, READ.target]
    assert [len(group.rejected) for group in groups] == [1, 1]
    assert online_groups(CASES, answers, by_rules, 1, reference=False) == ([], {"tie": 1, "alike": 1})


def test_answers_that_are_all_right_are_a_tie() -> None:
    groups, tally = online_groups([CALL], asked([RIGHT, OTHER_WORDS]), by_rules, 3)
    assert (groups, tally) == ([], {"tie": 1})


def test_a_chosen_answer_that_training_would_write_otherwise_is_dropped() -> None:
    loose = RIGHT.replace('"arguments": ', '"arguments":   ')
    assert passes(CALL, loose)
    groups, tally = online_groups([CALL], asked([loose, BAD_NAME]), by_rules, 3, reference=False)
    assert (groups, tally) == ([], {"unwritable": 1})


@given(st.lists(st.sampled_from([RIGHT, OTHER_WORDS, BAD_NAME, BAD_VALUE, BROKEN]), max_size=6), st.integers(1, 4))
def test_a_group_never_prefers_a_wrong_answer(answers: list[str], k: int) -> None:
    groups, tally = online_groups([CALL], asked(answers), by_rules, k)
    assert sum(tally.values()) == 1
    for group in groups:
        assert passes(CALL, write(group.messages, group.tools, group.chosen))
        assert 1 <= len(group.rejected) <= k
        assert all(wrong(CALL, one.text) for one in group.rejected)


def test_a_judge_that_favors_a_place_decides_nothing() -> None:
    def first_always(pairs: Sequence[Pair]) -> list[Choice]:
        return ["first"] * len(pairs)

    assert in_both_orders(first_always, [(CALL, RIGHT, BAD_NAME)]) == ["tie"]
    assert in_both_orders(by_rules, [(CALL, RIGHT, BAD_NAME), (CALL, BAD_NAME, RIGHT), (CALL, RIGHT, OTHER_WORDS)]) == [
        "first", "second", "tie",
    ]  # fmt: skip


def test_a_circle_of_preferences_has_no_best_answer() -> None:
    order = [RIGHT, BAD_NAME, BAD_VALUE]

    def circle(pairs: Sequence[Pair]) -> list[Choice]:
        def word(case: Case, first: str, second: str) -> Choice:
            return "first" if (order.index(second) - order.index(first)) % 3 == 1 else "second"

        return [word(*pair) for pair in pairs]

    assert online_groups([CALL], asked(order), circle, 3, reference=False) == ([], {"tie": 1})


class Says:
    """A backend that answers each question with the next word."""

    fingerprint = "says"

    def __init__(self, *words: str) -> None:
        self.words, self.prompts = list(words), list[Prompt]()

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        self.prompts += prompts
        return [Completion(self.words.pop(0), "stop", 1, 1, "hash") for _ in prompts]


@pytest.mark.parametrize(
    ("words", "choice"),
    [
        (("A", "<think>\nhm\n</think>\n\nb."), "first"), (("B", "**A**"), "second"), (("A", "A"), "tie"),
        (("TIE", "B"), "tie"), (("A, because it is longer", "B"), "tie"), (("", ""), "tie"),
    ],
)  # fmt: skip
def test_a_model_judges_by_one_word_in_both_orders(words: tuple[str, str], choice: Choice) -> None:
    backend = Says(*words)
    assert in_both_orders(ModelJudge(backend), [(READ, "left answer", "right answer")]) == [choice]
    first, second = (prompt.messages[0].content for prompt in backend.prompts)
    assert "find({'x': 'item-0'})" in first
    assert first.index("left answer") < first.index("right answer")
    assert second.index("right answer") < second.index("left answer")
