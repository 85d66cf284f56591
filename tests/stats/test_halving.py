"""The decisions of a sweep: deterministic, never dearer than the full sweep, and just to equals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.errors import UsageError
from steadyhand.stats.halving import Halved, LookResult, halve
from steadyhand.stats.rungs import HalvingRules, Rung, looks_of, rules_for

ITEMS = 40
tables = st.integers(2, 9).flatmap(
    lambda count: st.lists(st.lists(st.booleans(), min_size=ITEMS, max_size=ITEMS), min_size=count, max_size=count)
)


class Measured:
    """Branches with fixed answers, whatever they were trained, and the share of wrong ones as their loss; counts what
    was asked of it."""

    def __init__(self, right_B_N: Sequence[Sequence[bool]], rules: HalvingRules, harmed: Sequence[str] = ()) -> None:  # noqa: N803
        self.right, self.rules, self.harmed = right_B_N, rules, harmed
        self.share: dict[str, float] = {}
        self.asked: list[tuple[str, int, int]] = []

    def __call__(self, names: Sequence[str], rung: int, start: int, stop: int) -> dict[str, LookResult]:
        seen, last = {}, rung == len(self.rules.rungs) - 1
        for name in names:
            self.share[name] = max(self.share.get(name, 0.0), self.rules.rungs[rung].share)
            self.asked += [(name, rung, item) for item in range(start, stop)] if last else []
            own = self.right[int(name)][start:stop]
            harm = "loops" if name in self.harmed else None
            answers = tuple((str(start + i), ok) for i, ok in enumerate(own))
            seen[name] = LookResult(answers, harm=harm) if last else LookResult(loss=1 - sum(own) / len(own))
        return seen


def run(
    right: Sequence[Sequence[bool]], rules: HalvingRules | None = None, **kept: Sequence[str]
) -> tuple[Halved, Measured]:
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
    rules = HalvingRules((Rung(1.0, ITEMS, 1),), looks=4)
    found, measured = run([[True] * ITEMS, [False] * ITEMS], rules)
    fate = found.fates[1]
    assert (fate.end, fate.against, fate.gains, fate.losses) == ("worse", "0", 0, 10)
    assert fate.items == 10
    assert fate.e is not None
    assert fate.e >= 1 / rules.alpha
    assert sum(name == "1" for name, *_ in measured.asked) == 10


def test_a_lead_that_luck_explains_ends_nobody_before_the_rung_does() -> None:
    rules = HalvingRules((Rung(1.0, ITEMS, 1),), looks=5)
    lucky = [True] * ITEMS
    found, _ = run([lucky, [False, False, *lucky[2:]]], rules)
    assert found.fates[1].end == "outscored"
    assert found.fates[1].items == ITEMS


def test_the_lowest_losses_go_on_and_those_that_fail_do_not() -> None:
    rules = HalvingRules((Rung(0.2, 10, 2), Rung(1.0, ITEMS, 1)))
    losses = {"a": 0.5, "b": 0.3, "c": math.inf, "d": 0.4}

    def measure(names: Sequence[str], rung: int, start: int, stop: int) -> dict[str, LookResult]:
        if rung == 0:
            return {name: LookResult(loss=losses[name], failed="broken" if name == "c" else None) for name in names}
        return {name: LookResult(tuple((str(i), name == "d") for i in range(start, stop))) for name in names}

    found = halve("abcd", rules, measure)
    assert found.winner == "d"
    assert [(fate.branch, fate.end, fate.rung, fate.against) for fate in found.fates[:3]] == [
        ("a", "outscored", 0, "b"), ("b", "worse", 1, "d"), ("c", "failed", 0, None),
    ]  # fmt: skip
    assert [(score.branch, score.loss) for score in found.scores if score.rung == 0] == [
        ("a", 0.5), ("b", 0.3), ("d", 0.4),
    ]  # fmt: skip


def test_items_of_one_cluster_are_one_unit_of_evidence() -> None:
    rules = HalvingRules((Rung(1.0, ITEMS, 1),), looks=1)

    def measure(names: Sequence[str], rung: int, start: int, stop: int) -> dict[str, LookResult]:
        return {name: LookResult(tuple(("dialogue", name == "a") for _ in range(start, stop))) for name in names}

    fate = halve(["a", "b"], rules, measure).fates[1]
    assert (fate.end, fate.losses) == ("outscored", 1)


@given(tables, st.sets(st.integers(0, 8)))
def test_with_no_risk_known_a_sound_branch_wins_where_there_is_one(right: list[list[bool]], places: set[int]) -> None:
    names = {str(i) for i in range(len(right))}
    harmed = {str(place) for place in places} & names
    found, measured = run(right, harmed=sorted(harmed))
    assert (found.winner is None) == (harmed == names)
    assert found.winner not in harmed
    assert len(set(measured.asked)) == len(measured.asked)
    whole = [fate for fate in found.fates if fate.rung == len(measured.rules.rungs) - 1]
    assert len(whole) <= len(harmed) + 2 * max(1, len(right) // 8)


RULES = HalvingRules((Rung(0.1, 10, 4), Rung(0.2, 10, 2), Rung(1.0, ITEMS, 1)), looks=2)
RISKS = {"a": (0.3, 0.3), "b": (0.1, 0.1), "c": (0.2, 0.4), "d": (0.2, 0.2), "e": (0.1,), "f": (0.4,)}


class Ranked:
    """Branches that are ranked by name and have all right in the end but for one item less each; `ended` says at
    which item a branch proves harmed, or, below 0, fails."""

    def __init__(self, **ended: int) -> None:
        self.ended, self.asked = ended, list[tuple[str, int, int]]()

    def __call__(self, names: Sequence[str], rung: int, start: int, stop: int) -> dict[str, LookResult]:
        return {name: self.one(name, rung, start, stop) for name in names}

    def one(self, name: str, rung: int, start: int, stop: int) -> LookResult:
        place = "abcdef".index(name)
        if rung < 2:
            return LookResult(loss=place, risk=RISKS[name][rung])
        self.asked.append((name, start, stop))
        at = self.ended.get(name, ITEMS)
        answers = tuple((str(i), i >= place) for i in range(start, stop))
        return LookResult(failed="no memory") if at < 0 else LookResult(answers, harm="loops" if at < stop else None)


def test_the_place_of_a_harmed_branch_goes_to_the_next_in_rank_that_was_at_less_risk() -> None:
    measure = Ranked(a=0)
    found = halve("abcdef", RULES, measure)
    assert [(fate.end, fate.instead) for fate in found.fates] == [
        ("harmed", None), ("won", None), ("outscored", None), ("outscored", "a"), ("outscored", None),
        ("outscored", None),
    ]  # fmt: skip
    assert measure.asked == [("a", 0, 20), ("b", 0, 20), ("d", 0, 20), ("b", 20, 40), ("d", 20, 40)]
    assert [score.rung for score in found.scores if score.branch == "d"] == [0, 1, 2]


def test_one_that_is_called_back_late_is_asked_what_the_others_were_first() -> None:
    measure = Ranked(a=30)
    assert halve("abcdef", RULES, measure).winner == "b"
    assert measure.asked[2:] == [("a", 20, 40), ("b", 20, 40), ("d", 0, 20), ("d", 20, 40)]


def test_nobody_is_called_back_who_was_at_more_risk_than_one_that_proved_harmed() -> None:
    found = halve("abcdef", RULES, measure := Ranked(b=0))
    assert found.winner == "a"
    assert {name for name, *_ in measure.asked} == {"a", "b"}


def test_who_fell_behind_before_is_called_back_when_nobody_is_left() -> None:
    found = halve("abcdef", RULES, Ranked(a=0, b=0))
    assert [fate.end for fate in found.fates] == ["harmed", "harmed", *["outscored"] * 2, "won", "outscored"]
    assert found.fates[4].instead == "a"
    assert halve("abcdef", RULES, Ranked(a=0, b=0, e=0)).winner is None


def test_one_that_fails_when_trained_whole_is_replaced_whatever_the_next_ones_risk() -> None:
    found = halve("abcdef", RULES, Ranked(b=-1))
    assert [found.fates[1].end, found.fates[2].instead] == ["failed", "b"]


def test_all_ended_is_no_winner() -> None:
    found, _ = run([[True] * ITEMS] * 4, harmed=["0", "1", "2", "3"])
    assert found.winner is None
    assert [fate.end for fate in found.fates] == ["harmed"] * 4


def test_rungs_grow_and_looks_end_at_the_rung() -> None:
    assert [rung.keep for rung in rules_for(8, 300).rungs] == [4, 2, 1]
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
        halve(names, HalvingRules(rungs), lambda *_: {})
