from __future__ import annotations

from typing import Any

from steadyhand.evaluate.damage import damage_checks
from steadyhand.ledger.result import Facts, Item
from steadyhand.settings.model import GateSettings


def item(number: int, passed: bool | None = True, suite: str = "public", **facts: Any) -> Item:
    return Item(f"i{number}", suite, f"c{number}", "en", "h", "x", "stop", 1, passed, facts=Facts(**facts))


def test_what_is_shown_is_harm_and_what_may_be_luck_is_none() -> None:
    base = [item(i) for i in range(60)]
    assert damage_checks(base, base, GateSettings()) == []
    assert damage_checks(base, [item(0, loop="periodic"), *base[1:]], GateSettings()) == []
    loops = [item(i, loop="periodic" if i < 12 else None) for i in range(60)]
    assert [check.metric for check in damage_checks(base, loops, GateSettings())] == ["no_repetition"]
    forgot = [item(i, i > 20) for i in range(60)]
    assert [check.metric for check in damage_checks(base, forgot, GateSettings())] == ["general_knowledge_loss"]


def test_what_the_base_does_too_is_no_harm_and_decisions_are_no_knowledge() -> None:
    broken = [item(i, think_whole=False) for i in range(40)]
    assert damage_checks(broken, broken, GateSettings()) == []
    decisions = [item(i, suite="tool") for i in range(40)]
    assert damage_checks(decisions, [item(i, False, "tool") for i in range(40)], GateSettings()) == []
