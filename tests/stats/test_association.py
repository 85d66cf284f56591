from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from steadyhand.stats.association import discoveries, expected_z, share_z, two_sided


def test_z_has_no_power_on_two_cards() -> None:
    assert share_z(1, 1, 0.5) == 1.0
    assert share_z(3, 5, 1.0) == share_z(0, 0, 0.5) == 0.0


def test_unequal_chances_reduce_to_equal_ones() -> None:
    assert expected_z(30, [0.5] * 40) == pytest.approx(share_z(30, 40, 0.5))
    assert expected_z(1, [1.0]) == 0.0
    assert two_sided(1.959964) == pytest.approx(0.05, abs=1e-6)


@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=20), rate=st.sampled_from([0.01, 0.05, 0.2]))
def test_discoveries_agree_with_statsmodels(p_values: list[float], rate: float) -> None:
    wanted = {i for i, kept in enumerate(multipletests(p_values, alpha=rate, method="fdr_bh")[0]) if kept}
    assert discoveries(dict(enumerate(p_values)), rate) == wanted
