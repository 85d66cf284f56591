import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from steadyhand.errors import UsageError
from steadyhand.stats.eprocess import e_value_worse, sprt
from steadyhand.stats.passk import missed_flip_rate, unnoticed
from steadyhand.stats.tests import mcnemar_exact


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

    assert e_value_worse(gains, losses) == pytest.approx(2 * quad(likelihood, 0, 0.5)[0], rel=1e-6)


def test_e_values_stand_thousands_of_pairs() -> None:
    assert e_value_worse(0, 5000) == math.inf
    assert e_value_worse(5000, 0) < 1e-3


def first_alarm(changes: list[int], alpha: float = 0.05) -> int | None:
    """After how many discordant pairs (+1 gain, -1 loss) the evidence reaches 1/alpha; None if it never does."""
    gained = lost = 0
    for seen, change in enumerate(changes, start=1):
        gained, lost = gained + (change > 0), lost + (change < 0)
        if e_value_worse(gained, lost) >= 1 / alpha:
            return seen
    return None


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
