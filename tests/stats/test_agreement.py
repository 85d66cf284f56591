"""Agreement against published figures, and what must hold for any answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.stats.agreement import agreement, gwet_ac1, krippendorff_alpha, raw_agreement

# Four observers, twelve units, missing answers: Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability".
# Columns are units; 0 is no answer. AC1 of the same data: Gwet (2014), table 5.5 and the R package irrCAC.
OBSERVED = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
    (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
)
UNITS = [[answer for answer in unit if answer] for unit in zip(*OBSERVED, strict=True)]


def test_published_figures() -> None:
    found = agreement(UNITS)
    assert found.alpha == pytest.approx(0.743, abs=5e-4)
    assert found.ac1 == pytest.approx(0.775, abs=5e-4)
    assert found.raw == pytest.approx(0.818, abs=5e-4)
    assert (found.judged, found.units) == (12, 11)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.743 < found.high


def test_alpha_falls_where_nearly_all_is_one_category_and_ac1_does_not() -> None:
    units = [["good", "good"]] * 98 + [["good", "bad"], ["bad", "good"]]
    assert raw_agreement(units) == pytest.approx(0.98)
    alpha, ac1 = krippendorff_alpha(units), gwet_ac1(units)
    assert alpha is not None
    assert ac1 is not None
    assert alpha < 0.01 < 0.97 < ac1


def test_nothing_is_said_of_what_nobody_judged_twice() -> None:
    found = agreement([["a"], ["b"], []])
    assert (found.raw, found.alpha, found.ac1, found.overlap) == (None, None, None, 0.0)
    assert found.judged == 2


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=4), max_size=20))
def test_figures_stay_in_their_range_and_forget_the_order(units: list[list[str]]) -> None:
    raw, alpha, ac1 = raw_agreement(units), krippendorff_alpha(units), gwet_ac1(units)
    assert raw is None or 0 <= raw <= 1
    assert alpha is None or alpha <= 1
    assert ac1 is None or ac1 <= 1
    turned = [unit[::-1] for unit in units]
    assert (raw_agreement(turned), krippendorff_alpha(turned)) == (raw, alpha)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(2, 4)), min_size=2, max_size=20))
def test_equal_answers_agree_wholly(units: list[tuple[str, int]]) -> None:
    same = [[answer] * times for answer, times in units]
    assert raw_agreement(same) == 1
    assert krippendorff_alpha(same) in (1, None)  # None: only one category was ever used
    assert gwet_ac1(same) == 1
