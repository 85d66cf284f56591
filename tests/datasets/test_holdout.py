from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.chat.messages import Message
from steadyhand.datasets.holdout import held_back, without
from steadyhand.domain.model import Domain, Scenario
from steadyhand.errors import Place, UsageError


def scenario(number: int, group: str, split: str = "train") -> Scenario:
    messages = (Message("user", f"question {number}?"), Message("assistant", "yes"))
    return Scenario(f"s{number}", group, split, "common", "en", (), messages, Place("s"))  # type: ignore[arg-type]


def domain(*scenarios: Scenario) -> Domain:
    return Domain(Path("d"), "d", (), {}, scenarios, ())


MADE = domain(*(scenario(i, f"g{i // 3}") for i in range(30)), scenario(99, "e", "eval"))


@pytest.mark.parametrize("seed", range(5))
def test_whole_groups_are_held_back_and_held_out_ones_are_not_touched(seed: int) -> None:
    held = held_back(MADE, 0.25, seed)
    assert held == held_back(MADE, 0.25, seed)
    assert 0 < len(held) <= 8
    left = without(MADE, held).scenarios
    assert not {one.group for one in held} & {one.group for one in left}
    assert len(held) + len(left) == 31
    assert "s99" in {one.id for one in left}


def test_another_version_loses_what_asks_the_same() -> None:
    held = (scenario(3, "g1"),)
    again = replace(scenario(3, "other"), id="renamed", messages=(Message("user", "Question  3?"),))
    assert without(domain(again, scenario(4, "x")), held).scenarios == (scenario(4, "x"),)


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(UsageError, match="too few training scenarios"):
        held_back(domain(scenario(0, "g"), scenario(1, "g")), 0.5, 0)
    with pytest.raises(UsageError):
        held_back(domain(), 0.5, 0)
