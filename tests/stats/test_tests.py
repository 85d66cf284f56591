import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests

from steadyhand.errors import UsageError
from steadyhand.stats.tests import (
    Paired,
    collapse,
    holm,
    mcnemar_exact,
    noninferiority,
    paired_bounds,
    score_statistic,
)


@st.composite
def paired_counts(draw: st.DrawFn) -> Paired:
    n = draw(st.integers(5, 300))
    gains = draw(st.integers(0, n))
    return Paired(gains, draw(st.integers(0, n - gains)), n)


@given(st.integers(0, 80), st.integers(0, 80))
def test_mcnemar_agrees_with_the_binomial_test(gains: int, losses: int) -> None:
    expected = binomtest(gains, gains + losses, 0.5).pvalue if gains + losses else 1.0
    assert mcnemar_exact(gains, losses) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_stands_thousands_of_pairs() -> None:
    assert mcnemar_exact(2000, 2100) == pytest.approx(binomtest(2000, 4100, 0.5).pvalue, rel=1e-6)
    assert mcnemar_exact(0, 5000) == 0.0


def test_negative_counts_are_refused() -> None:
    with pytest.raises(UsageError):
        mcnemar_exact(-1, 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(ps: list[float]) -> None:
    adjusted = holm({str(i): p for i, p in enumerate(ps)})
    expected = multipletests(ps, method="holm")[1]
    assert list(adjusted.values()) == pytest.approx(list(expected), abs=1e-12)


def test_tango_interval_of_the_published_example() -> None:
    """Airway responsiveness, 21 pairs with 1 and 7 discordant: (-0.517, -0.026) (Fagerland et al. 2014, table 4)."""
    low, high = paired_bounds(Paired(1, 7, 21), alpha=0.025)
    assert (round(low, 3), round(high, 3)) == (-0.517, -0.026)


@given(paired_counts(), st.floats(-0.6, 0.6))
def test_the_score_statistic_uses_the_restricted_likelihood(paired: Paired, difference: float) -> None:
    """Its nuisance estimate is found again here by maximizing the likelihood numerically."""
    gains, losses, n = paired.gains, paired.losses, paired.n
    low, high = max(0.0, -difference), min(1.0, (1 - difference) / 2)

    def loss(rate: float) -> float:
        kept = 1 - 2 * rate - difference
        terms = ((gains, rate + difference), (losses, rate), (n - gains - losses, kept))
        return -sum(count * math.log(max(share, 1e-300)) for count, share in terms if count)

    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-10}).x
    best = min((low, high, found), key=loss)
    variance = n * (2 * best + difference - difference**2)
    if variance > 1e-3:
        expected = (gains - losses - n * difference) / math.sqrt(variance)
        assert score_statistic(paired, difference) == pytest.approx(expected, rel=2e-2, abs=2e-2)


@given(paired_counts())
def test_bounds_hold_the_difference_and_agree_with_the_verdict(paired: Paired) -> None:
    low, high = paired_bounds(paired)
    assert -1 <= low <= paired.difference + 1e-9
    assert paired.difference - 1e-9 <= high <= 1
    result = noninferiority(paired, 0.03)
    if abs(result.p_value - 0.05) > 1e-6:
        assert (result.word == "PASS") == (result.p_value < 0.05)


@pytest.mark.parametrize(
    ("paired", "word"),
    [
        (Paired(0, 0, 220), "PASS"),
        (Paired(0, 0, 60), "INSUFFICIENT"),
        (Paired(2, 3, 220), "PASS"),
        (Paired(0, 6, 220), "INSUFFICIENT"),
        (Paired(1, 40, 220), "FAIL"),
    ],
)
def test_no_loss_seen_is_not_no_loss(paired: Paired, word: str) -> None:
    assert noninferiority(paired, 0.03).word == word


@pytest.mark.parametrize("margin", [-0.01, 1.0, 3.0])
def test_a_margin_in_points_is_refused(margin: float) -> None:
    with pytest.raises(UsageError, match="margin"):
        noninferiority(Paired(0, 0, 10), margin)


def test_a_margin_of_zero_asks_for_a_gain() -> None:
    assert noninferiority(Paired(0, 0, 5000), 0.0).word == "INSUFFICIENT"
    assert noninferiority(Paired(30, 5, 500), 0.0).word == "PASS"


def test_no_pairs_is_refused() -> None:
    with pytest.raises(UsageError, match="no paired cases"):
        noninferiority(Paired(0, 0, 0), 0.03)


def test_repeating_a_cluster_does_not_add_evidence() -> None:
    once = [(str(i), False, True) for i in range(4)]
    assert collapse(once * 10) == collapse(once) == Paired(gains=4, losses=0, n=4)


def test_a_fact_lost_in_one_wording_is_lost() -> None:
    pairs = [("fact", True, True), ("fact", True, False), ("other", False, True), ("even", True, False)]
    pairs.append(("even", False, True))
    assert collapse(pairs) == Paired(gains=1, losses=1, n=3)
