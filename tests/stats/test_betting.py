"""Evidence that may be looked at after every conversation: what it promises, by simulation and by algebra."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.errors import UsageError
from steadyhand.stats.betting import (
    ODDS,
    Contrast,
    _log_odds,
    log_e_within,
    log_e_worse,
    most_bad,
    upper_bound,
)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("odds", ODDS)
@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_each_bet_is_fair_under_the_null(share: float, odds: float, ratio: float) -> None:
    """The expected factor of one failure is exactly 1, so the product is a martingale."""
    null = share * ratio / (share * ratio + 1 - share)
    worse = math.exp(_log_odds([Contrast(1, 1, 0, share, False)], ratio, odds))
    better = math.exp(_log_odds([Contrast(1, 0, 1, share, False)], ratio, odds))
    assert null * worse + (1 - null) * better == pytest.approx(1)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 400), st.floats(0.01, 0.5))
def test_more_failures_of_the_candidate_are_more_evidence_and_less_of_an_exclusion(
    worse: int, better: int, rest: int, margin: float
) -> None:
    one, more = (Contrast(worse + better + rest + 1, worse + extra, better) for extra in (0, 1))
    assert log_e_worse([more]) > log_e_worse([one])
    assert log_e_within([more], margin) < log_e_within([one], margin)
    assert log_e_within([one], margin) <= log_e_within([one], margin + 0.1) + 1e-9
    assert upper_bound([one]) <= upper_bound([more])


def crossings(rates: tuple[float, float], seeds: int, most: int, margin: float = 0.05) -> tuple[int, int]:
    """How many of `seeds` ever say "worse", and how many ever exclude `margin`, looking after every pair."""
    alarms = exclusions = 0
    for seed in range(seeds):
        rng = random.Random(seed)
        worse = better = 0
        alarm = exclusion = False
        for n in range(1, most + 1):
            old, new = (rng.random() < rate for rate in rates)
            worse, better = worse + (new and not old), better + (old and not new)
            if n % 10 == 0 or new != old:
                seen = [Contrast(n, worse, better)]
                alarm = alarm or log_e_worse(seen) >= math.log(20)
                exclusion = exclusion or log_e_within(seen, margin) >= math.log(20)
        alarms, exclusions = alarms + alarm, exclusions + exclusion
    return alarms, exclusions


def test_an_equal_model_is_seldom_called_worse_and_a_worse_one_seldom_let_through() -> None:
    assert crossings((0.1, 0.1), 60, 600)[0] <= 6  # 5 % of 60 is 3; 7 or more have a chance of 4 % at most
    assert crossings((0.05, 0.10), 60, 600)[1] <= 6


def test_a_model_that_is_ten_points_worse_is_found_and_an_equal_one_is_let_through() -> None:
    assert crossings((0.05, 0.15), 20, 600)[0] >= 19
    assert crossings((0.05, 0.05), 20, 1500)[1] >= 18


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_failure_of_one_model_alone_weighs_by_its_share_without_bias(share: float) -> None:
    """Rates .2 and .1 on 20,000 conversations that each one model answered: the difference is .1."""
    rng = random.Random(3)
    n, worse, better = 20_000, 0, 0
    for _ in range(n):
        new = rng.random() < share
        failed = rng.random() < (0.2 if new else 0.1)
        worse, better = worse + (failed and new), better + (failed and not new)
    one = Contrast(n, worse, better, share, paired=False)
    assert one.difference == pytest.approx(0.1, abs=0.02)
    assert log_e_worse([one]) > math.log(1000)


def test_pairs_and_single_answers_add_up() -> None:
    pairs, single = Contrast(300, 20, 10), Contrast(300, 20, 10, 0.5, False)
    assert log_e_worse([pairs, single]) > max(log_e_worse([pairs]), log_e_worse([single]))
    assert upper_bound([]) == 1.0
    with pytest.raises(UsageError):
        Contrast(3, 3, 1)


@pytest.mark.parametrize(
    ("bad", "drawn", "bound"), [(0, 60, 0.0487), (0, 300, 0.00994), (1, 60, 0.0766), (3, 60, 0.1243), (5, 5, 1.0)]
)
def test_what_a_sample_does_not_exclude(bad: int, drawn: int, bound: float) -> None:
    """Clopper and Pearson's upper bounds, from R's binom.test(bad, drawn, alternative = "less")."""
    assert most_bad(bad, drawn) == pytest.approx(bound, abs=2e-4)


def test_no_bound_without_a_sample() -> None:
    with pytest.raises(UsageError):
        most_bad(0, 0)
