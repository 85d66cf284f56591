from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.stats.bayes import Counts, contest, folds_of


def test_by_hand() -> None:
    counts = Counts()
    for names, outcome in ((("a",), "x"), (("a",), "x"), (("b",), "y")):
        counts.add(names, outcome)
    assert counts.majority() == "x"
    assert counts.predicted(("b",)) == "y"  # 2/3 * .5/3 = .11 against 1/3 * 1.5/2 = .25
    assert counts.predicted(("a",)) == counts.predicted(("unheard",)) == counts.predicted(()) == "x"


def test_a_feature_that_tells_all_wins_and_noise_does_not() -> None:
    rng = random.Random(0)
    outcomes = [rng.choice("xy") for _ in range(200)]
    each = [str(row) for row in range(200)]
    won = contest([{f"says {outcome}"} for outcome in outcomes], outcomes, each)
    assert (won.right, won.n) == (200, 200)
    assert won.p_value < 1e-9
    noise = contest([{rng.choice("abcdef")} for _ in outcomes], outcomes, each)
    assert noise.p_value > 0.05


def test_rows_are_not_predicted_from_their_own_group() -> None:
    """Every group has a word and an outcome of its own: known by heart, useless for others."""
    outcomes = ["xy"[group % 2] for group in range(20) for _ in range(10)]
    groups = [f"group {group}" for group in range(20) for _ in range(10)]
    features = [{f"word of {group}"} for group in groups]
    assert contest(features, outcomes, groups).right <= 120
    assert contest(features, outcomes, list(map(str, range(200)))).right == 200


def test_even_outcomes_are_told_half_by_the_majority() -> None:
    outcomes = ["x", "y"] * 20
    made = contest([set()] * 40, outcomes, list(map(str, range(40))))
    assert (made.majority, made.p_value) == (20, 1.0)


def test_a_group_is_one_case() -> None:
    """Ten rows that say the same prove no more than one of them."""
    outcomes = ["xy"[row % 2] for row in range(12)]
    features = [{outcome} for outcome in outcomes]
    one = contest(features, outcomes, list(map(str, range(12))))
    ten = contest(features * 10, outcomes * 10, list(map(str, range(12))) * 10)
    assert one.p_value == ten.p_value
    assert (ten.right, one.right) == (120, 12)


def test_many_cases_need_no_large_integers() -> None:
    outcomes = ["x", "y"] * 3000
    assert contest([{outcome} for outcome in outcomes], outcomes, list(map(str, range(6000)))).p_value < 1e-99


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 6), st.integers())
def test_folds_keep_groups_together_and_even(groups: list[int], count: int, seed: int) -> None:
    folds = folds_of(groups, count, seed)
    assert folds == folds_of(groups, count, seed)
    assert len(set(zip(groups, folds, strict=True))) == len(set(groups))
    sizes = [folds.count(fold) for fold in range(count)]
    assert max(sizes) - min(sizes) <= max((groups.count(group) for group in groups), default=0)


@given(
    rows=st.lists(
        st.tuples(st.sets(st.sampled_from("abc")), st.sampled_from("xyz"), st.sampled_from("1234")), max_size=40
    )
)
def test_a_contest_counts_every_row_once(rows: list[tuple[set[str], str, str]]) -> None:
    made = contest([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
    assert made.n == len(rows)
    assert 0 <= min(made.right, made.majority) <= max(made.right, made.majority) <= made.n
    assert 0 <= made.p_value <= 1
