"""Evaluations of a domain with checks: what an answer is, which figures there are, and which bars hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.chat.messages import Message
from steadyhand.checks import Bound, Checker, Context, Judgment, checker_of, passed, unscored
from steadyhand.domain.model import AnswerRule, CheckBar, Domain, Scenario
from steadyhand.errors import UsageError
from steadyhand.evaluate.compare import compare
from steadyhand.evaluate.run import evaluate, rescore
from steadyhand.evaluate.verdict import verdict
from steadyhand.ledger.result import Check, Evaluation, Verdict
from steadyhand.models.backend import Prompt
from steadyhand.settings.model import EvalSettings
from tests.evaluate.world import HERE, THINK, Scripted

LABELS = ("praise", "complaint", "mixed")
MOOD = checker_of("mood", "label", {"of": {"praise": ["好评"], "complaint": [], "mixed": []}}, Path())
RED = checker_of("red", "rules", {"never": ["awful"]}, Path())
FAST = EvalSettings(determinism_runs=2, determinism_items=128)


def scenario(number: int, *checkers: Checker) -> Scenario:
    label = LABELS[number % 3]
    messages = (Message("user", f"Label review {number}."), Message("assistant", label))
    context = Context(question=messages[0].content, reference=label)
    bound = tuple(Bound(one, True, context) for one in checkers)
    return Scenario(f"r{number}", f"r{number}", "eval", "common", "en", (), messages, HERE, checks={1: bound})


def domain(n: int = 150, *checkers: Checker) -> Domain:
    own = checkers or (MOOD, RED)
    rows = tuple(scenario(number, *own) for number in range(n))
    return Domain(Path("memory"), "reviews", (), {}, rows, (), checks={one.name: one for one in own})


def label_of(prompt: Prompt) -> str:
    return THINK + LABELS[int(prompt.messages[-1].content.removesuffix(".").split()[-1]) % 3]


def majority(prompt: Prompt) -> str:
    return THINK + "praise"


def awful(prompt: Prompt) -> str:
    return label_of(prompt) + ", and awful"


def measured(world: Domain, answer: object = label_of) -> Evaluation:
    return evaluate(Scripted(answer), world, model="m", settings=FAST)  # type: ignore[arg-type]


def check(found: Verdict, name: str) -> Check:
    return next(one for one in found.checks if one.metric == name)


def test_an_answer_is_right_when_every_check_on_it_passes() -> None:
    right, crossed = measured(domain()), measured(domain(), awful)
    assert right.metrics["scenario_pass"].k == right.metrics["mood"].k == right.metrics["red"].k == 150
    assert crossed.metrics["red"].k == crossed.metrics["scenario_pass"].k == 0
    item = crossed.items[0]
    assert (item.passed, item.code) == (False, "no_label")
    assert item.facts.checks["red"] == {"kind": "rules", "word": "failed", "code": "red_line", "found": "awful"}
    assert item.expected == "no call; mood: praise; red: praise".removeprefix("no call; ")


def test_figures_of_a_kind_are_metrics() -> None:
    metrics = measured(domain(), majority).metrics
    assert metrics["mood"].value == pytest.approx(1 / 3)
    assert metrics["mood.macro_f1"].value == pytest.approx(1 / 6)
    assert metrics["mood.macro_f1"].detail == {label: {"praise": 50} for label in sorted(LABELS)}
    assert (metrics["red"].k, metrics["red"].n) == (150, 150)


def test_bars_of_checks_follow_their_intervals() -> None:
    right, poor = measured(domain()), measured(domain(), majority)
    bars = [CheckBar("mood", 0.85), CheckBar("mood.macro_f1", 0.9), CheckBar("red", 0.99, "lower")]
    good = verdict(right, right, None, bars)
    assert [one.metric for one in good.checks][1:4] == ["mood", "mood.macro_f1", "red"]
    assert check(good, "mood").verdict == check(good, "mood.macro_f1").verdict == "PASS"
    strict = check(good, "red")
    assert (strict.verdict, strict.value) == ("INSUFFICIENT", 1.0)
    assert strict.cases_needed is not None
    bad = verdict(poor, poor, None, bars)
    assert check(bad, "mood").verdict == check(bad, "mood.macro_f1").verdict == bad.word == "FAIL"
    missing = verdict(right, right, None, [CheckBar("better", 0.5)])
    assert check(missing, "better").reason == "not measured"
    assert missing.word == "INSUFFICIENT"


def test_comparisons_pair_checks_too() -> None:
    rows = {row.metric: row for row in compare(measured(domain(), majority), measured(domain())).rows}
    assert rows["mood"].discordant == (100, 0)
    assert rows["red"].discordant == (0, 0)


def test_evaluations_judged_by_other_checks_are_not_compared() -> None:
    other = checker_of("mood", "label", {"of": {"praise": [], "complaint": [], "mixed": []}}, Path())
    with pytest.raises(UsageError, match="item sets"):
        compare(measured(domain()), measured(domain(150, other, RED)))


def test_stored_answers_are_judged_again_and_the_same() -> None:
    found = measured(domain(), majority)
    stored = json.loads(json.dumps(found.to_json()))
    assert json.dumps(rescore(Evaluation.from_json(stored), domain(), FAST).to_json()) == json.dumps(found.to_json())


class Silent(Checker):
    kind = "silent"

    def judge(self, text: str, gold: object, context: Context) -> Judgment:
        return unscored("no_judge") if "praise" in text else passed()


def test_what_a_check_cannot_decide_is_neither_right_nor_wrong() -> None:
    silent = Silent("silent", {}, Path())
    found = measured(domain(150, MOOD, silent))
    assert found.metrics["silent"].unscored == 50
    assert found.metrics["scenario_pass"].n == 100
    assert "50 of 150" in check(verdict(found, found), "judged_answers").reason
    wrong = measured(domain(150, MOOD, silent), majority)
    assert [item.passed for item in wrong.items[:3]] == [None, False, False]  # a wrong label is wrong all the same


def test_rules_and_checks_stand_side_by_side() -> None:
    both = replace(scenario(0, MOOD), answers={1: AnswerRule(("好",))})
    found = measured(replace(domain(), scenarios=(both,)))
    assert (found.items[0].passed, found.items[0].code) == (False, "wrong_answer")


def test_the_system_prompt_is_asked_once_in_a_dialogue() -> None:
    from tests.evaluate import world

    talking = replace(world.domain(), system="Be short.")
    backend = Scripted()
    evaluate(backend, talking, model="m", settings=EvalSettings(determinism_items=0), clarify=True)
    for prompts in backend.asked:
        for prompt in prompts:
            if not prompt.tools:
                assert [m.content for m in prompt.messages if m.role == "system"] == ["Be short."]
                assert prompt.messages[0].role == "system"
