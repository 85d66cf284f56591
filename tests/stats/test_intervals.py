import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from steadyhand.errors import UsageError
from steadyhand.stats.intervals import (
    bootstrap_p,
    by_cluster,
    cluster_bootstrap,
    effective_size,
    percentile_bounds,
    ratio,
    ratio_of,
    wilson,
    wilson_bounds,
    wilson_clustered,
)

outcomes = st.lists(st.lists(st.booleans(), min_size=1, max_size=8), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(50, 50, 0.9287, 1.0), (10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775)]
)
def test_wilson_at_the_edges(k: int, n: int, low: float, high: float) -> None:
    interval = wilson(k, n)
    assert interval.low == pytest.approx(low, abs=1e-4)
    assert interval.high == pytest.approx(high, abs=1e-4)


@given(st.integers(1, 400), st.data())
def test_wilson_agrees_with_statsmodels(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    low, high = proportion_confint(k, n, method="wilson")
    interval = wilson(k, n)
    assert interval.low == pytest.approx(low, abs=1e-9)
    assert interval.high == pytest.approx(high, abs=1e-9)


@pytest.mark.parametrize(("k", "n"), [(1, 0), (-1, 3), (4, 3)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    with pytest.raises(UsageError):
        wilson(k, n)


def test_a_confidence_outside_zero_and_one_is_refused() -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        wilson_bounds(0.5, 10, confidence=1.0)


@given(outcomes)
def test_clusters_never_widen_or_narrow_beyond_the_extremes(clusters: list[list[bool]]) -> None:
    n = sum(map(len, clusters))
    assert effective_size(clusters) >= 1 - 1e-9
    assert effective_size(clusters) <= n + 1e-9
    interval = wilson_clustered(clusters)
    assert interval.low <= interval.value <= interval.high


def test_one_sample_clusters_are_plain_wilson() -> None:
    clusters = [[True]] * 30 + [[False]] * 5
    assert wilson_clustered(clusters).low == pytest.approx(wilson(30, 35).low, abs=0.01)


def test_a_dialogue_of_ten_right_turns_counts_once() -> None:
    assert effective_size([[True] * 10]) == 1
    assert wilson_clustered([[True] * 10] * 2).low == pytest.approx(wilson(2, 2).low)


def test_all_or_nothing_dialogues_count_as_many_as_they_are() -> None:
    assert effective_size([[True] * 10] * 4 + [[False] * 10] * 4) == pytest.approx(8)


def test_one_more_failure_does_not_buy_much_evidence() -> None:
    """The bound must not jump up because a failure makes the cluster variance estimable."""
    clean = [[True] * 5 for _ in range(60)]
    marred = [*clean[1:], [True, True, True, True, False]]
    assert wilson_clustered(clean).low == pytest.approx(wilson_clustered(marred).low, abs=0.005)


def test_independent_failures_spread_over_clusters_cost_little() -> None:
    rng = random.Random(2)
    clusters = [[rng.random() < 0.7 for _ in range(5)] for _ in range(80)]
    assert effective_size(clusters) > 250


def test_bootstrap_repeats_with_its_seed_and_covers_the_truth() -> None:
    rng = random.Random(5)
    parts = [(rng.gauss(5, 1), 10.0) for _ in range(80)]
    first = cluster_bootstrap(parts, ratio_of, seed=1)
    assert first == cluster_bootstrap(parts, ratio_of, seed=1)
    assert first != cluster_bootstrap(parts, ratio_of, seed=2)
    assert first[0] < 0.5 < first[1]
    assert first[1] - first[0] == pytest.approx(2 * 1.96 * 0.1 / 80**0.5, rel=0.25)


def test_bootstrap_skips_draws_without_value() -> None:
    low, high = cluster_bootstrap([(1.0, 2.0), (0.0, 0.0)], ratio_of, draws=200)
    assert low == high == 0.5


def test_the_bootstrap_p_value_agrees_with_its_interval() -> None:
    rng = random.Random(9)
    for shift in (0.0, 0.5, 2.0):
        draws = sorted(rng.gauss(shift, 1) for _ in range(4000))
        low, high = percentile_bounds(draws)
        assert (bootstrap_p(draws) < 0.05) == (low > 0 or high < 0)
    assert bootstrap_p([0.0] * 100) == 1.0


def test_correlated_samples_widen_the_ratio() -> None:
    apart = {str(i): [(float(i % 2), 1.0)] for i in range(40)}
    together = {str(i): [(float(i % 2), 1.0)] * 10 for i in range(4)}
    assert ratio(together).high - ratio(together).low > ratio(apart).high - ratio(apart).low
    assert ratio(together).n == 40
    assert ratio(together).n_effective == 4


def test_a_ratio_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="divide"):
        ratio({"a": [(0.0, 0.0)]})
    with pytest.raises(UsageError, match="no clusters"):
        cluster_bootstrap([], ratio_of)


def test_by_cluster_keeps_order() -> None:
    assert by_cluster([("b", 1), ("a", 2), ("b", 3)]) == {"b": [1, 3], "a": [2]}
