"""How much training is proposed, by size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.datasets.dose import BATCHES, MOST_PASSES, dose


def test_few_rows_get_more_passes_and_smaller_steps_than_many() -> None:
    few, many = dose(50, 4_000, 50), dose(5_000, 500_000, 5_000)
    assert few.epochs > many.epochs
    assert few.batch_tokens < many.batch_tokens
    assert few.learning_rate > many.learning_rate
    assert 60 <= few.steps <= 200
    assert 60 <= many.steps <= 200
    assert "about" in str(few)
    assert "epochs = " in few.toml("sft")
    assert "epochs = 2" in few.toml("dpo")


def test_what_nothing_judges_is_taught_gently() -> None:
    assert (dose(50, 4_000, 0, judged=False).epochs, dose(50, 4_000, 0, judged=False).learning_rate) == (1, 5e-5)


@given(rows=st.integers(1, 10**6), letters=st.integers(1, 200))
def test_a_dose_can_always_be_run(rows: int, letters: int) -> None:
    found = dose(rows, rows * letters, rows)
    assert 1 <= found.epochs <= MOST_PASSES
    assert found.batch_tokens in BATCHES
    assert found.steps >= 1
