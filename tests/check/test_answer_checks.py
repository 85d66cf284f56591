"""Rules C: gold answers against their own checks, answers that nothing judges, bars out of reach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from steadyhand.check import check
from steadyhand.check.lint import lint_domain
from steadyhand.check.rules import RULES
from steadyhand.checks import Bound, Context, checker_of
from steadyhand.domain.model import AnswerRule, CheckBar
from tests.checks import shop
from tests.evaluate.test_checks import MOOD, domain, scenario
from tests.evaluate.world import QUERY

CODES = {"C101", "C102", "C103"}


def codes(*findings: object) -> list[str]:
    return [one.code for one in findings if one.code in CODES]  # type: ignore[attr-defined]


def test_clean_answers_are_silent() -> None:
    assert codes(*check(domain(6))) == []


def test_gold_answers_that_fail_are_named_with_their_reason(tmp_path: Path) -> None:
    shop.make(tmp_path)
    rows = checker_of("rows", "exec_sql", {"database": "shop.db"}, tmp_path)
    sql = Context(reference="SELECT color FROM item")
    broken = replace(
        scenario(0), checks={1: (Bound(rows, True, sql), Bound(MOOD, "great", Context(reference="praise")))}
    )
    found = [one for one in check(replace(domain(3), scenarios=(broken,))) if one.code in CODES]
    assert codes(*found) == ["C101", "C101"]
    assert "rows: the gold query does not run: no such column: color" in found[1].message
    assert "'great' is no label" in found[0].message
    assert RULES["C101"].severity == "error"


def test_held_out_answers_that_nothing_judges_are_counted_once() -> None:
    world = domain(6)
    bare = tuple(replace(one, checks={}) for one in world.scenarios[:4])
    found = [one for one in check(replace(world, scenarios=(*bare, *world.scenarios[4:]))) if one.code in CODES]
    assert codes(*found) == ["C102"]
    assert found[0].message == "4 of 6 held-out answers are judged by nothing, first r0#1"
    training = tuple(replace(one, split="train") for one in bare)
    assert codes(*check(replace(world, scenarios=(*training, *world.scenarios[4:])))) == []


def test_an_empty_rule_judges_only_where_a_tool_could_be_called() -> None:
    world = domain(2)
    empty = tuple(replace(one, checks={}, answers={1: AnswerRule()}) for one in world.scenarios)
    assert codes(*check(replace(world, scenarios=empty))) == ["C102"]
    offered = tuple(replace(one, tools=("query_uss",)) for one in empty)
    assert codes(*check(replace(world, scenarios=offered, tools={"query_uss": QUERY}))) == []


def test_a_bar_out_of_reach_is_said() -> None:
    bars = (CheckBar("red", 1.0, "lower"), CheckBar("red", 0.99, "lower"), CheckBar("mood", 1.0))
    found = lint_domain(replace(domain(3), bars=bars), frozenset(CODES)).findings
    assert codes(*found) == ["C103"]
