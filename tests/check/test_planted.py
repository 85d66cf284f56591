"""Every kind of defect that the benchmark plants is found, at its own line, and nothing is said of what is clean."""

from __future__ import annotations

import json

import pytest

from bench.planted import Result, case_result, generated, results
from bench.planting.cases import CASES, Case
from bench.planting.rows import KINDS
from steadyhand.check.rules import RULES
from tests.corpora import corpus


def complaints(made: list[Result]) -> list[Result]:
    return [one for one in made if one.found < one.planted or one.alarms]


def test_there_are_more_than_a_hundred_kinds_under_nearly_all_rules() -> None:
    codes = {kind.code for kind in KINDS} | {case.code for case in CASES}
    assert len(KINDS) + len(CASES) > 100
    assert len({kind.name for kind in KINDS} | {(case.code, case.name) for case in CASES}) == len(KINDS) + len(CASES)
    assert set(RULES) - codes == set()


def test_every_kind_is_found_among_generated_rows() -> None:
    assert complaints(results(*generated(), each=1, seed=0, beside=12)) == []


def test_every_kind_is_found_among_real_rows() -> None:
    names = ("llamafactory/alpaca_zh_demo.json", "llamafactory/glaive_toolcall_zh_demo.json")
    alpaca, calls = (json.loads(corpus(name).read_text(encoding="utf-8")) for name in names)
    assert complaints(results(alpaca, calls, each=1, seed=0, beside=12)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.name}")
def test_a_set_or_domain_with_a_defect_and_its_clean_twin(case: Case) -> None:
    assert complaints([case_result(case)]) == []
