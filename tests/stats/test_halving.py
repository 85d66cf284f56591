"""The decisions of a sweep: deterministic, never dearer than the full sweep, and just to equals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.errors import UsageError
from steadyhand.stats.halving import Halved, Seen, halve
from steadyhand.stats.rungs import Rules, Rung, looks_of, rules_for

ITEMS = 40
tables = st.integers(2, 9).flatmap(
    lambda count: st.lists(st.lists(st.booleans(), min_size=ITEMS, max_size=ITEMS), min_size=count, max_size=count)
)


class Measured:
    """Branches with fixed answers, whatever they were trained, and the share of wrong ones as their loss; counts what
    was asked of it."""

    def __init__(self, right_B_N: Sequence[Sequence[bool]], rules: Rules, harmed: Sequence[str] = ()) -> None:  # noqa: N803
        self.right, self.rules, self.harmed = right_B_N, rules, harmed
        self.share: dict[str, float] = {}
        self.asked: list[tuple[str, int, int]] = []

    def __call__(self, names: Sequence[str], rung: int, start: int, stop: int) -> dict[str, Seen]:
        seen, last = {}, rung == len(self.rules.rungs) - 1
        for name in names:
            self.share[name] = max(self.share.get(name, 0.0), self.rules.rungs[rung].share)
            self.asked += [(name, rung, item) for item in range(start, stop)] if last else []
            own = self.right[int(name)][start:stop]
            harm = "loops" if name in self.harmed else None
            answers = tuple((str(start + i), ok) for i, ok in enumerate(own))
            seen[name] = Seen(answers, harm=harm) if last else Seen(loss=1 - sum(own) / len(own))
        return seen


def run(right: Sequence[Sequence[bool]], rules: Rules | None = None, **kept: Sequence[str]) -> tuple[Halved, Measured]:
    rules = rules or rules_for(len(right), ITEMS)
    measured = Measured(right, rules, **kept)
    return halve([str(i) for i in range(len(right))], rules, measured), measured


@given(tables)
def test_it_is_never_dearer_than_the_full_sweep_and_asks_nothing_twice(right: list[list[bool]]) -> None:
    found, measured = run(right)
    assert sum(measured.share.values()) <= len(right)
    assert len(measured.asked) <= len(right) * ITEMS
    assert len(set(measured.asked)) == len(measured.asked)
    assert found.winner is not None
    assert [fate.branch for fate in found.fates] == [str(i) for i in range(len(right))]


@given(tables)
def test_equal_figures_give_equal_decisions(right: list[list[bool]]) -> None:
    assert run(right)[0] == run(right)[0]


@given(st.lists(st.booleans(), min_size=ITEMS, max_size=ITEMS), st.integers(1, 9))
def test_equals_are_never_killed_and_the_first_one_wins(right: list[bool], count: int) -> None:
    found, _ = run([right] * count)
    assert found.winner == "0"
    assert {fate.end for fate in found.fates[1:]} <= {"outscored"}


@given(tables)
def test_a_branch_that_has_everything_right_is_never_outdone_by_worse_ones(right: list[list[bool]]) -> None:
    right = [[False, *own[1:]] for own in right]
    for place in (0, len(right) - 1):
        every = [[True] * ITEMS if i == place else own for i, own in enumerate(right)]
        assert run(every)[0].winner == str(place)


@given(tables, st.integers(0, 8))
def test_a_harmed_branch_never_wins_and_is_found_at_the_end_only(right: list[list[bool]], place: int) -> None:
    name = str(place % len(right))
    sound, _ = run(right)
    found, measured = run(right, harmed=[name])
    fate, last = found.fates[int(name)], len(measured.rules.rungs) - 1
    assert found.winner != name
    if sound.fates[int(name)].rung == last:
        assert (fate.end, fate.rung, fate.reason) == ("harmed", last, "loops")
        assert fate.items == min(looks_of(ITEMS, measured.rules.looks))  # at the first look of the last rung
    else:
        assert fate == sound.fates[int(name)]


def test_evidence_ends_a_branch_within_a_rung_with_its_figures() -> None:
    rules = Rules((Rung(1.0, ITEMS, 1),), looks=4)
    found, measured = run([[True] * ITEMS, [False] * ITEMS], rules)
    fate = found.fates[1]
    assert (fate.end, fate.against, fate.gains, fate.losses) == ("worse", "0", 0, 10)
    assert fate.items == 10
    assert fate.e is not None
    assert fate.e >= 1 / rules.alpha
    assert sum(name == "1" for name, *_ in measured.asked) == 10


def test_a_lead_that_luck_explains_ends_nobody_before_the_rung_does() -> None:
    rules = Rules((Rung(1.0, ITEMS, 1),), looks=5)
    lucky = [True] * ITEMS
    found, _ = run([lucky, [False, False, *lucky[2:]]], rules)
    assert found.fates[1].end == "outscored"
    assert found.fates[1].items == ITEMS


def test_the_lowest_losses_go_on_and_those_that_fail_do_not() -> None:
    rules = Rules((Rung(0.2, 10, 2), Rung(1.0, ITEMS, 1)))
    losses = {"a": 0.5, "b": 0.3, "c": math.inf, "d": 0.4}

    def measure(names: Sequence[str], rung: int, start: int, stop: int) -> dict[str, Seen]:
        if rung == 0:
            return {name: Seen(loss=losses[name], failed="broken" if name == "c" else None) for name in names}
        return {name: Seen(tuple((str(i), name == "d") for i in range(start, stop))) for name in names}

    found = halve("abcd", rules, measure)
    assert found.winner == "d"
    assert [(fate.branch, fate.end, fate.rung, fate.against) for fate in found.fates[:3]] == [
        ("a", "outscored", 0, "b"), ("b", "worse", 1, "d"), ("c", "failed", 0, None),
    ]  # fmt: skip
    assert [(score.branch, score.loss) for score in found.scores if score.rung == 0] == [
        ("a", 0.5), ("b", 0.3), ("d", 0.4),
    ]  # fmt: skip


def test_items_of_one_cluster_are_one_unit_of_evidence() -> None:
    rules = Rules((Rung(1.0, ITEMS, 1),), looks=1)

    def measure(names: Sequence[str], rung: int, start: int, stop: int) -> dict[str, Seen]:
        return {name: Seen(tuple(("dialogue", name == "a") for _ in range(start, stop))) for name in names}

    fate = halve(["a", "b"], rules, measure).fates[1]
    assert (fate.end, fate.losses) == ("outscored", 1)


def test_all_ended_is_no_winner() -> None:
    found, _ = run([[True] * ITEMS] * 4, harmed=["0", "1", "2", "3"])
    assert found.winner is None
    assert [fate.end for fate in found.fates] == ["harmed", "harmed", "outscored", "outscored"]


def test_rungs_grow_and_looks_end_at_the_rung() -> None:
    assert [rung.keep for rung in rules_for(8, 300).rungs] == [3, 2, 1]
    assert rules_for(2, 300).rungs == (Rung(1.0, 300, 1),)
    assert looks_of(10, 3) == [4, 7, 10]
    assert looks_of(1, 3) == [1]


@pytest.mark.parametrize(
    ("names", "rungs"),
    [
        ([], (Rung(1.0, 4, 1),)),
        (["a", "a"], (Rung(1.0, 4, 1),)),
        (["a", "b"], ()),
        (["a", "b"], (Rung(0.5, 4, 2), Rung(0.5, 4, 1))),
        (["a", "b"], (Rung(0.5, 4, 2),)),
        (["a", "b"], (Rung(1.5, 4, 1),)),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(names: list[str], rungs: tuple[Rung, ...]) -> None:
    with pytest.raises(UsageError):
        halve(names, Rules(rungs), lambda *_: {})
