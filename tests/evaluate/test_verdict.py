"""What rules a PASS out: wrong texts, answers that nothing judges, wide intervals, tests that test nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from steadyhand.chat.messages import Message
from steadyhand.domain.model import AnswerRule, Domain, Scenario
from steadyhand.evaluate.gate import gate
from steadyhand.evaluate.run import evaluate
from steadyhand.evaluate.verdict import verdict
from steadyhand.ledger.result import Check, Evaluation, Verdict
from steadyhand.models.backend import Prompt
from steadyhand.settings.model import BarsSettings, EvalSettings
from tests.evaluate.world import HERE, QUERY, THINK, Scripted, call, domain, right

FAST = EvalSettings(determinism_runs=2)
EMPTY = Domain(domain().root, "empty", (), {}, (), ())
Answer = Callable[[Prompt], str]


def measured(world: Domain, answer: Answer = right, settings: EvalSettings = FAST) -> Evaluation:
    return evaluate(Scripted(answer), world, model="tuned", settings=settings)


def decided(world: Domain, answer: Answer = right, bars: BarsSettings | None = None) -> Verdict:
    """The model against itself: nothing can be lost."""
    found = measured(world, answer)
    return verdict(found, found, bars)


def check(found: Verdict, name: str) -> Check:
    return next(one for one in found.checks if one.metric == name)


def reviews(n: int, rule: AnswerRule | None, *, tools: tuple[str, ...] = ()) -> Domain:
    """Labels as texts: nothing is called, nothing is known, nothing is anchored."""
    labels = ("praise", "complaint", "mixed")
    rows = []
    for number in range(n):
        label = labels[number % 3]
        messages = (Message("user", f"Label review {number}."), Message("assistant", label))
        own = {1: rule or AnswerRule((f"^{label}$",))} if rule is None or rule.must else {1: rule}
        rows.append(Scenario(f"r{number}", f"r{number}", "eval", "common", "en", tools, messages, HERE, own))
    return replace(EMPTY, scenarios=tuple(rows), tools={"query_uss": QUERY} if tools else {})


def label_of(prompt: Prompt) -> str:
    number = int(prompt.messages[-1].content.removesuffix(".").split()[-1])
    return THINK + ("praise", "complaint", "mixed")[number % 3]


def babble(prompt: Prompt) -> str:
    return THINK + "This is a nice text about a hotel."


def unjudged(world: Domain) -> Domain:
    return replace(world, scenarios=tuple(replace(one, answers={}) for one in world.scenarios))


def test_wrong_texts_without_a_call_are_wrong() -> None:
    found = decided(reviews(150, None), babble)
    assert found.word == "FAIL"
    scenarios = check(found, "scenario_pass")
    assert (scenarios.verdict, scenarios.value, scenarios.n) == ("FAIL", 0.0, 150)
    assert check(found, "tool_call_accuracy").verdict == "NOT_APPLICABLE"


def test_right_labels_of_a_word_pass_without_tools_probes_or_thinking() -> None:
    found = decided(reviews(150, None), label_of)
    assert found.word == "PASS"
    words = {one.metric: one.verdict for one in found.checks}
    absent = {"tool_call_accuracy", "semantic_anchoring", "cot_retention", "general_knowledge_loss"}
    assert {name for name, word in words.items() if word == "NOT_APPLICABLE"} == absent
    assert check(found, "response_quality").value == 1.0


@pytest.mark.parametrize("rule", [AnswerRule(), None])
@pytest.mark.parametrize("left_out", [150, 1])
def test_answers_that_nothing_judges_are_counted_and_rule_a_pass_out(rule: AnswerRule | None, left_out: int) -> None:
    world = reviews(150, None)
    bare = [replace(one, answers={} if rule is None else {1: rule}) for one in world.scenarios[:left_out]]
    found = decided(replace(world, scenarios=(*bare, *world.scenarios[left_out:])), label_of)
    assert found.word == "INSUFFICIENT"
    assert check(found, "judged_answers").reason.startswith(f"{left_out} of 150 held-out answers are judged by nothing")


def test_silence_is_no_skill_of_a_model_that_was_offered_tools() -> None:
    """Texts right or wrong: as long as no call is ever due, the bar on calls cannot be met."""
    found = decided(reviews(150, AnswerRule((".",)), tools=("query_uss",)), babble)
    calls = check(found, "tool_call_accuracy")
    assert (calls.verdict, calls.value) == ("INSUFFICIENT", 1.0)
    assert "no held-out decision has a call due" in calls.reason
    assert found.word == "INSUFFICIENT"


def test_any_text_may_be_what_is_due_where_a_tool_tempts() -> None:
    world = domain(scenarios=70, public=120, dialogues=20)
    free = tuple(replace(one, answers={1: AnswerRule()}) if one.id[0] == "c" else one for one in world.scenarios)
    found = decided(replace(world, scenarios=free))
    assert found.word == "PASS"
    tempted = measured(replace(world, scenarios=free), lambda prompt: call("http://a.test"))
    assert tempted.metrics["scenario_pass"].k == 0


@pytest.mark.parametrize(("silent", "due"), [(True, 4), (True, 1), (False, 4)])
def test_a_rare_kind_of_decision_is_not_hidden_by_the_common_one(silent: bool, due: int) -> None:
    """196 of 200 decisions right is 98 %, of a model that never calls, or always does."""
    world = domain(scenarios=200, public=120, dialogues=20)
    calling = [replace(s, messages=s.messages[:2], answers={}) for s in world.scenarios if s.id[0] == "s"]
    talking = [s for s in world.scenarios if s.id[0] == "c"]
    rows = [*calling[:due], *talking[due:]] if silent else [*calling[due:], *talking[:due]]
    act: Answer = babble if silent else (lambda prompt: THINK + call(prompt.messages[-1].content.split()[1]))
    found = check(decided(replace(world, scenarios=tuple(rows)), act), "tool_call_accuracy")
    assert found.value is not None
    assert found.value >= 0.97
    assert found.verdict == "FAIL"
    assert f"0 of {due} where {'a call' if silent else 'none'} is due" in found.reason


def test_a_right_call_with_a_wrong_reading_is_a_wrong_scenario() -> None:
    world = domain(scenarios=70, public=120, dialogues=20)

    def misreads(prompt: Prompt) -> str:
        return THINK + "All is fine with it." if prompt.messages[-1].role == "tool" else right(prompt)

    found = decided(world, misreads)
    assert check(found, "tool_call_accuracy").verdict == "PASS"
    assert check(found, "scenario_pass").verdict == found.word == "FAIL"


@pytest.mark.parametrize("per_language", [1, 5, 10])
def test_few_dialogues_do_not_carry_the_bar_and_the_number_that_would_is_said(per_language: int) -> None:
    found = check(decided(domain(70, 120, per_language)), "semantic_anchoring")
    assert (found.verdict, found.value, found.unit) == ("INSUFFICIENT", 1.0, "dialogues")
    assert found.cases_needed is not None
    enough = per_language + -(-found.cases_needed // 2)
    assert check(decided(domain(70, 120, enough)), "semantic_anchoring").verdict == "PASS"
    assert check(decided(domain(70, 120, enough - 1)), "semantic_anchoring").verdict == "INSUFFICIENT"


def test_nine_of_ten_turns_of_one_dialogue_show_nothing() -> None:
    world = domain(70, 120)
    one = replace(world, probes=tuple(p for p in world.probes if p.kind != "anchoring" or p.lang == "en"))

    def slips(prompt: Prompt) -> str:
        return THINK + "It is a bus." if prompt.messages[-1].content == "USS en 4?" else right(prompt)

    found = check(decided(one, slips), "semantic_anchoring")
    assert (found.verdict, found.value) == ("INSUFFICIENT", 0.9)


@pytest.mark.parametrize("items", [1, 12, 100, 124])
def test_few_repeated_inputs_do_not_carry_their_bar(items: int) -> None:
    found = measured(domain(70, 120, 20), settings=FAST.model_copy(update={"determinism_items": items}))
    repeated = check(verdict(found, found), "determinism_outcome")
    assert (repeated.verdict, repeated.value, repeated.n) == ("INSUFFICIENT", 1.0, items)
    assert (repeated.cases_needed, repeated.unit) == (125 - items, "inputs")


def test_a_domain_that_measures_no_task_is_not_signed_off() -> None:
    world = domain(public=120)
    found = decided(replace(world, scenarios=(), probes=tuple(p for p in world.probes if p.kind == "public")))
    assert found.word == "INSUFFICIENT"
    assert "nothing measures the task" in check(found, "judged_answers").reason


def test_what_the_domain_has_and_was_not_asked_is_not_passed() -> None:
    world = domain(70, 120, 20)
    asked = evaluate(Scripted(), world, model="m", settings=FAST, suites=["public", "anchoring"])
    words = {one.metric: one.verdict for one in verdict(asked, asked).checks}
    assert words["scenario_pass"] == words["tool_call_accuracy"] == words["judged_answers"] == "INSUFFICIENT"


def test_the_health_gate_leaves_out_what_the_domain_does_not_have() -> None:
    found = measured(reviews(150, None), label_of)
    words = {one.metric: one.verdict for one in gate(found, found).checks}
    assert words["general_knowledge_loss"] == "NOT_APPLICABLE"
    assert "dialogue_kept" not in words
    assert words["no_repetition"] == "PASS"


def test_a_broken_dialogue_is_damage_at_once_and_a_whole_one_no_proof() -> None:
    world = domain(70, 120)
    good = measured(world)

    def lost(prompt: Prompt) -> str:
        return "no" if prompt.messages[-1].content.startswith("USS") else right(prompt)

    assert check(gate(good, measured(world, lost)), "dialogue_kept").verdict == "FAIL"
    assert check(gate(good, good), "dialogue_kept").verdict == "INSUFFICIENT"
    many = measured(domain(70, 120, 20))
    assert check(gate(many, many), "dialogue_kept").verdict == "PASS"
