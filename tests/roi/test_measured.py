"""What a run gives: rates over scenarios, means over answers, and a clear no for what was not measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.errors import DomainError, PrerequisiteError
from steadyhand.ledger.result import Evaluation, Facts, Item
from steadyhand.roi.measured import of_answers, of_evaluation
from steadyhand.stats.intervals import wilson


def item(scenario: str, number: int, passed: bool | None, tokens: int) -> Item:
    facts = Facts(scenario=scenario)
    return Item(f"{scenario}#{number}", "tool", scenario, "en", "h", "", "stop", tokens, passed, facts=facts)


def evaluation(*items: Item) -> Evaluation:
    return Evaluation("dpo", "f" * 64, {}, items, {})


TWO = evaluation(
    item("a", 0, True, 10), item("a", 1, True, 30), item("b", 0, True, 20), item("b", 1, False, 60),
    item("c", 0, None, 20),
)  # fmt: skip


def test_a_scenario_passes_with_all_its_decisions_and_an_unjudged_one_does_not_count() -> None:
    found = of_evaluation(TWO, "first_pass", "x")
    assert (found.value, found.n) == (0.5, 2)
    assert (found.low, found.high) == (wilson(1, 2).low, wilson(1, 2).high)


def test_lengths_and_calls_are_means_with_an_interval() -> None:
    tokens, calls = of_evaluation(TWO, "answer_tokens", "x"), of_evaluation(TWO, "calls", "x")
    assert tokens.value == 28
    assert tokens.low <= 28 <= tokens.high
    assert calls.value == pytest.approx(5 / 3)


@pytest.mark.parametrize(("measure", "told"), [("seconds", "does not tell seconds"), ("prompt_tokens", "does not")])
def test_what_an_evaluation_does_not_tell_is_refused(measure: str, told: str) -> None:
    with pytest.raises(PrerequisiteError, match=told):
        of_evaluation(TWO, measure, "x")
    with pytest.raises(PrerequisiteError, match="no scenario was asked"):
        of_evaluation(evaluation(), "first_pass", "x")


def test_answers_of_a_journal_by_arm_and_a_torn_last_line(tmp_path: Path) -> None:
    rows = [{"arm": arm, "seconds": seconds, "prompt_tokens": 100} for arm, seconds in
            (("candidate", 1.0), ("candidate", 3.0), ("incumbent", 9.0))]  # fmt: skip
    journal = tmp_path / "journal.jsonl"
    journal.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"kind": "step"}]) + '{"arm": "cand', "utf-8")
    assert of_answers(journal, "seconds", "candidate").value == 2.0
    assert of_answers(journal, "seconds", "").n == 3
    with pytest.raises(PrerequisiteError, match="no answer here has completion_tokens"):
        of_answers(journal, "answer_tokens", "")
    journal.write_text('{"arm"\n{"arm": "candidate", "seconds": 1}\n', "utf-8")
    with pytest.raises(DomainError, match=r"journal\.jsonl:1"):
        of_answers(journal, "seconds", "")
