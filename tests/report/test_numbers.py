from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.report import numbers
from steadyhand.report.numbers import DASH


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9812, "98.1 %"),
        (1.0, "100.0 %"),
        (0.0, "0.0 %"),
        (0.9999, "> 99.9 %"),
        (0.0001, "< 0.1 %"),
        (None, DASH),
        (float("nan"), DASH),
    ],
)
def test_percent(value: float | None, text: str) -> None:
    assert numbers.percent(value) == text


@given(st.floats(0, 1))
def test_only_all_reads_as_all_and_none_as_none(value: float) -> None:
    assert (numbers.percent(value) == "100.0 %") == (value == 1)
    assert (numbers.percent(value) == "0.0 %") == (value == 0)


def test_points_are_signed() -> None:
    assert [numbers.points(one) for one in (0.025, -0.008, 0.0, -0.0001, None)] == ["+2.5", "−0.8", "0.0", "0.0", DASH]


def test_decimal() -> None:
    assert [numbers.decimal(one) for one in (1234.5, 12.0, 0.12345, None)] == ["1,234", "12", "0.123", DASH]


def test_p_value() -> None:
    assert [numbers.p_value(one) for one in (1e-9, 0.0421, 1.0, None)] == ["< 0.001", "0.042", "1.000", DASH]


def test_span_of_a_rate_has_one_percent_sign() -> None:
    assert numbers.span(0.95, 0.9999, numbers.percent) == "95.0 – 100.0 %"
    assert numbers.span(-0.02, 0.01, numbers.points) == "−2.0 – +1.0"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.84, "0.8 s"),
        (42, "42 s"),
        (59.7, "1 min 00 s"),
        (185, "3 min 05 s"),
        (7800, "2 h 10 min"),
        (3599.8, "1 h 00 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert numbers.duration(seconds) == text
