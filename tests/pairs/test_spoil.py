"""Preference groups for domains whose answers are texts: wrong by their own checks, never a word of another trade."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from steadyhand.chat.messages import Message
from steadyhand.chat.parse import parse_strict
from steadyhand.checks import Bound, Context, checker_of
from steadyhand.domain.coverage import coverage
from steadyhand.domain.model import Domain, Scenario
from steadyhand.errors import Place
from steadyhand.pairs.build import ModelError, build_groups
from steadyhand.pairs.case import cases, wrong
from steadyhand.pairs.judge import by_rules, passes
from tests.pairs.test_mutate import DOMAIN as CALLING
from tests.pairs.test_mutate import write

LABELS = ("praise", "complaint", "mixed")
MOOD = checker_of("mood", "label", {"of": {label: [] for label in LABELS}}, Path())
RED = checker_of("red", "rules", {"never": ["awful", "never again"]}, Path())


def scenario(number: int, split: str = "train") -> Scenario:
    label = LABELS[number % 3]
    messages = (Message("user", f"Review {number}"), Message("assistant", label, "Plan: read it."))
    context = Context(question=f"Review {number}", reference=label)
    place, name = Place("s.yaml", number), f"r{number}"
    bound = {1: tuple(Bound(one, True, context) for one in (MOOD, RED))}
    return Scenario(name, name, split, "common", "en", (), messages, place, checks=bound)  # type: ignore[arg-type]


DOMAIN = Domain(Path("d"), "d", (), {}, tuple(scenario(number) for number in range(12)), ())


def test_every_decision_gets_wrong_texts_of_its_own_checks() -> None:
    groups = build_groups(DOMAIN, [], write, k=3, seed=1)
    assert len(groups) == 12
    by_id = {case.decision.id: case for case in cases(DOMAIN, write)}
    for group in groups:
        assert {one.mode for one in group.rejected} == {"other_label", "crossed_line"}
        assert all(wrong(by_id[group.id], one.text) for one in group.rejected)
        assert all("Plan: read it." in one.text and "Done" not in one.text for one in group.rejected)
    assert groups == build_groups(DOMAIN, [], write, k=3, seed=1)


def test_own_errors_are_named_by_what_failed() -> None:
    errors = [ModelError("r0#1", "complaint", "wrong_label"), ModelError("r1#1", "It is a complaint, awful", None)]
    errors.append(ModelError("r2#1", "mixed", None))  # right, so no error
    groups = {group.id: group for group in build_groups(DOMAIN, errors, write, k=2, seed=1)}
    assert (groups["r0#1"].rejected[0].mode, groups["r0#1"].rejected[0].origin) == ("wrong_label", "model")
    assert (groups["r1#1"].rejected[0].mode, groups["r1#1"].rejected[0].origin) == ("no_label", "model")
    assert {one.origin for one in groups["r2#1"].rejected} == {"mutator"}


def test_texts_that_nothing_judges_give_no_group() -> None:
    bare = replace(DOMAIN, scenarios=tuple(replace(one, checks={}) for one in DOMAIN.scenarios))
    assert build_groups(bare, [], write, k=3, seed=1) == []


def test_what_a_check_calls_an_error_is_counted_and_is_no_hole() -> None:
    found = coverage(build_groups(DOMAIN, [], write, k=3, seed=1))
    assert found.count("none", "common", "other_label") + found.count("none", "common", "crossed_line") == 36
    assert found.holes == ()


def test_the_rules_judge_asks_the_checks() -> None:
    case = cases(DOMAIN, write)[0]
    right, bad = write((), (), case.target), "complaint"
    assert passes(case, right)
    assert not passes(case, bad)
    assert by_rules([(case, right, bad), (case, bad, right)]) == ["first", "second"]


def test_decisions_with_tools_keep_the_errors_of_calls() -> None:
    groups = build_groups(CALLING, [], write, k=3, seed=1)
    assert all(parse_strict(one.text).attempts or one.mode != "malformed" for g in groups for one in g.rejected)
    assert {"wrong_args", "no_call"} & {one.mode for group in groups for one in group.rejected}
