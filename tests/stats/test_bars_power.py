import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.stats.bars import Evidence, judge_rate
from steadyhand.stats.power import cases_for_noninferiority, cases_for_rate, further_cases
from steadyhand.stats.tests import Paired, noninferiority

evidences: st.SearchStrategy[Evidence] = st.sampled_from(["point", "lower"])


@pytest.mark.parametrize(
    ("k", "n", "evidence", "word"),
    [
        (295, 300, "point", "PASS"),
        (295, 300, "lower", "INSUFFICIENT"),
        (40, 40, "point", "INSUFFICIENT"),
        (291, 300, "point", "PASS"),
        (289, 300, "point", "INSUFFICIENT"),
        (240, 300, "point", "FAIL"),
        (240, 300, "lower", "FAIL"),
        (1000, 1000, "lower", "PASS"),
        (9, 10, "count", "INSUFFICIENT"),
        (8, 10, "count", "FAIL"),
        (285, 300, "count", "PASS"),
        (125, 125, "point", "PASS"),
        (124, 124, "point", "INSUFFICIENT"),
    ],
)
def test_what_each_kind_of_evidence_accepts(k: int, n: int, evidence: Evidence, word: str) -> None:
    bar = 0.9 if evidence == "count" else 1.0 if k == n < 1000 else 0.97
    assert judge_rate(k / n, n, bar, evidence) == word


@given(st.integers(1, 500), st.data(), st.floats(0.05, 0.99), evidences)
def test_the_needed_cases_decide_and_one_fewer_does_not(
    n: int, data: st.DataObject, bar: float, evidence: Evidence
) -> None:
    rate = data.draw(st.integers(0, n)) / n
    needed = cases_for_rate(rate, n, bar, evidence)
    if needed is None:
        return
    assert judge_rate(rate, n + needed, bar, evidence) != "INSUFFICIENT"
    assert (needed == 0) == (judge_rate(rate, n, bar, evidence) != "INSUFFICIENT")
    if needed > 1:
        assert judge_rate(rate, n + needed - 1, bar, evidence) == "INSUFFICIENT"


def test_a_rate_on_its_strict_bar_is_never_decided() -> None:
    assert cases_for_rate(0.97, 100, 0.97, "lower") is None


def test_samples_worth_half_need_twice_as_many() -> None:
    plain = cases_for_rate(1.0, 20, 0.97)
    half = cases_for_rate(1.0, 20, 0.97, n_effective=10)
    assert plain is not None
    assert half is not None
    assert half + 20 == pytest.approx(2 * (plain + 20), abs=2)


def test_noninferiority_names_the_missing_cases() -> None:
    needed = cases_for_noninferiority(Paired(0, 0, 60), 0.03)
    assert needed is not None
    assert noninferiority(Paired(0, 0, 60 + needed), 0.03).word == "PASS"
    assert noninferiority(Paired(0, 0, 59 + needed), 0.03).word == "INSUFFICIENT"


def test_a_loss_on_the_margin_is_never_decided() -> None:
    assert cases_for_noninferiority(Paired(0, 3, 100), 0.03) is None


def test_further_cases_counts_from_what_is_there() -> None:
    assert further_cases(10, lambda total: total >= 37) == 27
    assert further_cases(40, lambda total: total >= 37) == 0
