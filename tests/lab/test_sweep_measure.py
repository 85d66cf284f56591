"""What branches are ranked by under way: what is lost counts as what is learned does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.lab.sweep_measure import lost, together, trials_left
from steadyhand.stats.rungs import HalvingRules, Rung

loss = st.floats(0.01, 10)


@given(loss, loss, st.floats(1.01, 3))
def test_a_loss_that_rises_by_a_share_cancels_one_that_falls_by_it(taught: float, kept: float, times: float) -> None:
    assert together([taught * times, kept / times]) == pytest.approx(together([taught, kept]))
    assert together([taught, kept * times]) > together([taught, kept])


@given(loss)
def test_one_loss_is_itself(taught: float) -> None:
    assert together([taught]) == pytest.approx(taught)


def test_only_a_loss_on_what_is_public_is_a_risk() -> None:
    assert (lost([0.5, 0.1]), lost([0.5])) == (0.1, 0.0)


def test_losses_are_one_cell_and_the_last_rung_has_its_looks() -> None:
    rules = HalvingRules((Rung(0.2, 10, 3), Rung(0.5, 20, 2), Rung(1.0, 40, 1)), looks=4)
    assert trials_left(rules, 8, 0, 0) == 8 + 3 + 2 * 4
    assert trials_left(rules, 2, 2, 20) == 2 * 2
