"""The arithmetic, held against sums done by hand, and what must hold for any inputs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.roi.costs import compare_costs, monthly, tornado

WORK = {
    "tasks": 1000, "months": 10, "busy_hours": 100, "peak": 2, "energy_price": 0.5, "engineer_hour": 100,
    "reviewer_hour": 60, "review_minutes": 3, "repair_minutes": 10, "wrong_write_cost": 20,
}  # fmt: skip
TRAINING = {"card_hours": 10, "card_hour": 1, "engineer_hours": 20, "labeling_hours": 30}
OLD = {
    "cards": 2, "card_hour": 2, "card_kw": 0.5, "concurrency": 4, "calls": 5, "prompt_tokens": 1000,
    "cached_share": 0.5, "answer_tokens": 200, "prefill_rate": 1000, "stream_rate": 50, "first_pass": 0.5,
    "review_share": 1, "wrong_writes": 0.01, "engineering_hours": 10, "regression_hours": 5,
}  # fmt: skip
NEW = {**OLD, "cards": 1, "card_hour": 0.5, "first_pass": 0.9, "review_share": 0.1, "wrong_writes": 0.001}
INPUTS = {
    f"{part}.{name}": float(value)
    for part, own in (("work", WORK), ("training", TRAINING), ("old", OLD), ("new", NEW))
    for name, value in own.items()
}


def test_a_month_is_the_sum_done_by_hand() -> None:
    old = monthly(INPUTS, "old")
    # a call reads 500 tokens in 0.5 s and writes 200 in 4 s; a task takes up 5 x (0.5 + 1) = 7.5 s of a copy
    assert old.seconds == pytest.approx(4.5)
    assert old.copies == 1  # 20 tasks in the busiest hour are 150 s
    assert old.busy == pytest.approx(7500 / (730 * 3600))
    assert old.lines == pytest.approx({
        "cards": 2 * 2 * 730, "energy": 2 * 0.5 * 730 * 0.5, "engineering": 1000, "regression": 500,
        "review": 1000 * 3, "repair": 500 * 10, "wrong_writes": 200,
    })  # fmt: skip
    assert old.per_task == pytest.approx(old.total / 1000)


def test_the_busiest_hour_decides_how_many_copies_there_are() -> None:
    # 480 tasks in an hour fill a copy to the second: 7.5 s each
    for tasks, copies in ((24_000, 1), (24_100, 2), (240_000, 10)):
        assert monthly({**INPUTS, "work.tasks": tasks}, "old").copies == copies


def test_a_measured_time_takes_the_place_of_the_speeds() -> None:
    rest = {name: value for name, value in INPUTS.items() if name not in ("old.prefill_rate", "old.stream_rate")}
    old = monthly({**rest, "old.call_seconds": 6.0}, "old")
    assert old.seconds == 6.0
    assert old.busy == pytest.approx(1000 * 5 * 6 / 4 / (730 * 3600))


def test_break_even_is_where_the_lines_cross() -> None:
    found = compare_costs(INPUTS)
    assert found.once == 10 + 2000 + 1800
    months = found.break_even
    assert months is not None
    paid_old = months * found.ways["old"].total
    assert paid_old == pytest.approx(found.once + months * found.ways["new"].total)
    assert found.net == pytest.approx(found.monthly_saving * 10 - found.once)


def test_what_costs_more_is_never_paid_back_and_what_costs_nothing_is_at_once() -> None:
    swapped = {**INPUTS, **{f"new.{name}": float(OLD[name]) for name in OLD}}
    assert compare_costs(swapped).break_even is None
    free = {**swapped, **{f"training.{name}": 0.0 for name in TRAINING}}
    assert compare_costs(free).break_even == 0.0


def test_the_tornado_is_sorted_and_moves_one_number_at_a_time() -> None:
    ranges = {"work.tasks": (500.0, 2000.0), "new.first_pass": (0.8, 1.0), "work.peak": (1.0, 3.0)}
    found = tornado(INPUTS, ranges)
    assert [one.name for one in found] == ["work.tasks", "new.first_pass"]  # one copy does at any peak here
    assert found[1].net_at_high - found[1].net_at_low == pytest.approx(0.2 * 1000 * 10 * 10)
    assert found[0].net_at_low == compare_costs({**INPUTS, "work.tasks": 500.0}).net


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_pass_rate_never_costs_more(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert (
        monthly({**INPUTS, "new.first_pass": high}, "new").total
        <= monthly({**INPUTS, "new.first_pass": low}, "new").total + 1e-9
    )


@given(st.floats(1, 1e6), st.floats(1, 50))
def test_the_copies_hold_the_busiest_hour(tasks: float, peak: float) -> None:
    cost = monthly({**INPUTS, "work.tasks": tasks, "work.peak": peak}, "old")
    needed = tasks / 100 * peak * 7.5 / 3600
    assert cost.copies >= needed - 1e-6
    assert cost.copies == 1 or cost.copies - 1 < needed
    assert math.isclose(cost.total, sum(cost.lines.values()))
