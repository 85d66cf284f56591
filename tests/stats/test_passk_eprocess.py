import math
import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from steadyhand.errors import UsageError
from steadyhand.stats.eprocess import e_value, e_value_worse, first_alarm, sprt
from steadyhand.stats.passk import missed_flip_rate, pass_hat_k, unnoticed
from steadyhand.stats.tests import mcnemar_exact


@given(st.integers(1, 6), st.integers(0, 6), st.integers(1, 6))
def test_pass_hat_k_is_the_share_of_all_right_subsets(n: int, c: int, k: int) -> None:
    if c > n or k > n:
        with pytest.raises(UsageError):
            pass_hat_k([(c, n)], k)
        return
    subsets = list(combinations([True] * c + [False] * (n - c), k))
    assert pass_hat_k([(c, n)], k).value == pytest.approx(sum(all(s) for s in subsets) / len(subsets))


def test_plugging_in_the_mean_is_several_times_off() -> None:
    tasks = [(8, 8)] * 5 + [(0, 8)] * 5
    estimate = pass_hat_k(tasks, 4)
    assert estimate.value == 0.5
    assert estimate.value > 7 * 0.5**4
    assert estimate.low < 0.5 < estimate.high


def test_three_runs_miss_most_rare_flips() -> None:
    assert unnoticed(0.05, 3) == pytest.approx(0.857, abs=1e-3)


def test_the_missed_flip_rate_is_missed_one_time_in_twenty() -> None:
    rate = missed_flip_rate(5, 40)
    assert unnoticed(rate, 5) ** 40 == pytest.approx(0.05)
    assert rate == pytest.approx(0.0149, abs=1e-4)
    assert missed_flip_rate(10, 40) < rate < missed_flip_rate(5, 10)
    with pytest.raises(UsageError):
        missed_flip_rate(1, 40)


@given(st.integers(0, 40), st.integers(0, 40))
def test_e_values_are_their_integrals(gains: int, losses: int) -> None:
    def likelihood(p: float) -> float:
        return float((2 * p) ** gains * (2 * (1 - p)) ** losses)

    assert e_value(gains, losses) == pytest.approx(quad(likelihood, 0, 1)[0], rel=1e-6)
    assert e_value_worse(gains, losses) == pytest.approx(2 * quad(likelihood, 0, 0.5)[0], rel=1e-6)


def test_e_values_stand_thousands_of_pairs() -> None:
    assert e_value(0, 5000) == math.inf
    assert e_value_worse(5000, 0) < 1e-3


def test_peeking_keeps_the_error_rate() -> None:
    """Under no difference, a McNemar test at every tenth pair alarms far too often; the e-process does not."""
    rng = random.Random(11)
    runs = [[rng.choice((-1, 1)) for _ in range(100)] for _ in range(300)]
    alarms = sum(first_alarm(run) is not None for run in runs) / len(runs)
    peeks = sum(
        any(mcnemar_exact(run[:i].count(1), run[:i].count(-1)) < 0.05 for i in range(10, 101, 10)) for run in runs
    )
    assert alarms <= 0.05
    assert peeks / len(runs) > 0.10


def test_a_worse_model_is_caught_early_and_a_better_one_never() -> None:
    assert first_alarm([-1] * 20) == 7
    assert first_alarm([1] * 200) is None


@pytest.mark.parametrize(
    ("failures", "n", "word"), [(0, 3, "continue"), (0, 40, "healthy"), (6, 8, "damaged"), (2, 20, "continue")]
)
def test_sprt_words(failures: int, n: int, word: str) -> None:
    assert sprt(failures, n, p0=0.05, p1=0.2) == word


def test_sprt_error_rates() -> None:
    rng = random.Random(3)

    def walk(rate: float) -> str:
        failures = n = 0
        while (word := sprt(failures, n, 0.05, 0.2)) == "continue":
            failures, n = failures + (rng.random() < rate), n + 1
        return word

    assert sum(walk(0.05) == "damaged" for _ in range(400)) / 400 < 0.07
    assert sum(walk(0.2) == "healthy" for _ in range(400)) / 400 < 0.07


def test_sprt_refuses_a_base_without_failures() -> None:
    with pytest.raises(UsageError, match="p0"):
        sprt(0, 10, 0.0, 0.2)
