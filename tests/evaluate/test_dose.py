"""Rungs from outcomes made by hand: each criterion fails a rung by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from steadyhand.errors import UsageError
from steadyhand.evaluate.dose import DoseOutcome, DoseRung, Kind, rung, smallest_dose
from steadyhand.ledger.result import Facts, Item

HEALTHY = Facts(think_whole=True, quality=True)


def outcome(seed: int, kind: Kind, id: str, passed: bool | None, leaked: bool = False, **facts: Any) -> DoseOutcome:
    suite = "public" if kind == "known" else "reasoning"
    item = Item(id, suite, id, "en", "h", "raw", "stop", 3, passed, facts=replace(HEALTHY, **facts))
    return DoseOutcome(seed, kind, item, leaked)


def targets(share: float, n: int = 20, seeds: int = 3, start: int = 0) -> list[DoseOutcome]:
    return [
        outcome(seed, "target", f"{seed}-t{i}", i < round(share * n)) for seed in range(start, seeds) for i in range(n)
    ]


def known(lost: int, n: int = 60, seeds: int = 3) -> list[DoseOutcome]:
    return [outcome(seed, "known", f"k{i}", i >= lost) for seed in range(seeds) for i in range(n)]


BASE = [*targets(0), *known(0)]


def judged(*tuned: DoseOutcome, base: list[DoseOutcome] = BASE) -> DoseRung:
    return rung(4, 10, base, tuned)


def test_a_rung_that_teaches_and_harms_nothing_passes() -> None:
    found = judged(*targets(0.95), *known(0))
    assert found.verdict == "PASS"
    assert found.by_seed == {0: 0.95, 1: 0.95, 2: 0.95}
    assert (found.change.gained, found.change.lost, found.change.n) == (57, 0, 60)
    assert found.target.low is not None
    assert found.target.low >= 0.7


def test_too_little_taught_is_a_fail_and_nearly_enough_is_open_with_a_number() -> None:
    assert judged(*targets(0.2), *known(0)).verdict == "FAIL"
    found = judged(*targets(0.75), *known(0))
    assert found.verdict == "INSUFFICIENT"
    assert found.cases_needed is not None
    assert found.cases_needed > 0


def test_one_seed_below_the_bar_is_not_averaged_away() -> None:
    low = [replace(one, seed=2) for one in targets(0.6, seeds=1)]
    found = judged(*targets(1.0, n=60, seeds=2), *low, *known(0))
    assert found.target.low is not None
    assert found.target.low >= 0.7
    assert found.verdict == "INSUFFICIENT"
    assert "seed 2" in found.reasons[0]


def test_lost_facts_fail_a_rung_that_teaches() -> None:
    found = judged(*targets(1.0), *known(12))
    assert found.verdict == "FAIL"
    assert "general_knowledge_loss" in found.reasons[0]
    assert (found.known_change.lost, found.known_change.n) == (12, 60)


@pytest.mark.parametrize(
    ("sign", "facts"),
    [
        ("think_whole", {"think_whole": False}),
        ("no_repetition", {"loop": "periodic"}),
        ("no_garbage", {"garbage": ("replacement character",)}),
    ],
)
def test_each_sign_of_damage_fails_a_rung_that_teaches(sign: str, facts: dict[str, Any]) -> None:
    broken = [outcome(0, "target", f"0-b{i}", True, False, **facts) for i in range(40)]
    found = judged(*targets(1.0), *broken, *known(0))
    assert found.verdict == "FAIL"
    assert found.reasons[0].startswith(sign)


def test_leaks_are_counted_against_the_base_and_decide_nothing() -> None:
    near = [outcome(0, "neighbor", f"n{i}", i == 9) for i in range(10)]
    leaking = [outcome(0, "neighbor", f"n{i}", False, i < 6) for i in range(10)]
    found = judged(*targets(0.95), *leaking, *known(0), base=[*BASE, *near])
    assert (found.base_leaked.value, found.leaked.value) == (0.0, 0.6)
    assert (found.neighbors.gained, found.neighbors.lost) == (0, 1)
    assert found.verdict == "PASS"


def test_a_question_asked_under_three_seeds_is_one_unit() -> None:
    asked = [outcome(seed, "target", "same", True) for seed in range(3)]
    found = judged(*asked, base=[outcome(seed, "target", "same", False) for seed in range(3)])
    assert found.change.n == 1
    assert found.target.clusters == 1
    assert found.known is None
    assert found.verdict == "INSUFFICIENT"


def test_no_public_question_is_no_knowledge_kept_and_no_target_is_an_error() -> None:
    assert judged(*targets(0.95)).known is None
    with pytest.raises((UsageError, AssertionError)):
        judged(*known(0))


def test_the_smallest_dose_is_the_first_rung_that_passes() -> None:
    good, bad = judged(*targets(0.95), *known(0)), judged(*targets(0.2), *known(0))
    rungs = [replace(bad, cards=1), replace(good, cards=2), replace(good, cards=4)]
    assert smallest_dose(rungs) == 2
    assert smallest_dose(rungs[:1]) is None
