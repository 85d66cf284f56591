"""Answers are kept small, and come back as they were."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from experiments.claims.answers import Answers, packed, read_answers, unpacked, write_answers

FIGURES = st.one_of(st.none(), st.sampled_from([0.0, 1.0]), st.floats(0, 5000, allow_nan=False))


@given(st.lists(FIGURES))
def test_figures_come_back(figures: list[float | None]) -> None:
    assert unpacked(packed(figures)) == tuple(figures)


def test_yes_and_no_are_a_letter_each(tmp_path: Path) -> None:
    assert packed([1.0, 0.0, None]) == "10-"
    answers = Answers((("q", "c", "call"), ("r", "c", "talk")), {"calls": (1.0, None), "tokens": (31.0, 7.0)})
    write_answers(tmp_path, answers)
    assert read_answers(tmp_path) == answers
