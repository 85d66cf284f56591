from __future__ import annotations

import pytest

from steadyhand.text.numbers import moments, numbers, ordinals, plain


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("1,073.64 and 12", {1073.64, 12, 1, 73.64}),
        ("1.234,56 €", {1234.56, 1.234, 56}),
        ("[100,200]", {100200, 100, 200}),
        ("order W6876713, USD100, Rs.500, x_12", {100, 500}),
        ("6.02e23 and -3", {6.02e23, 3}),
        ("It costs 161,000.", {161000, 161, 0}),
        ("two hundred and fifty thousand, one of a kind", {250000}),
        ("一百二十万，两千零五，一个", {1200000, 2005}),
        ("٣٤٥", {345}),
    ],
)
def test_numbers_in_digits_and_words(text: str, stated: set[float]) -> None:
    assert set(numbers(text)) == stated


@pytest.mark.parametrize("text", ["9" * 400, "一" * 400, "一亿" + "万" * 400, "hundred " * 400])
def test_a_number_without_end_is_infinite_however_it_is_written(text: str) -> None:
    """In words it was an exception."""
    assert max(numbers(text)) > 1e15


@pytest.mark.parametrize(("written", "bare"), [("1,234,567.8", "1234567.8"), ("1.234,5", "1234.5"), ("12", "12")])
def test_a_plain_number_has_a_point_at_most(written: str, bare: str) -> None:
    assert plain(written) == bare


@pytest.mark.parametrize(
    "text", ["2024-05-20", "2024/5/20", "2024年5月20日", "20240520", "May 20th, 2024", "20 May 2024", "5/20/2024"]
)
def test_spellings_of_one_day(text: str) -> None:
    found = moments(f"on {text} at 9:05 pm.")
    assert found.days == {(2024, 5, 20)}
    assert found.seconds == {21 * 3600 + 300}
    assert list(numbers(found.rest)) == []


def test_a_day_without_a_year_stands_in_the_years_that_others_name() -> None:
    days = moments("from 2023-12-30 to Dec 31; 30 February").days
    assert ordinals(days) == {738884, 738885}
    assert ordinals(moments("13月40日 and 2024-13-40").days) == set()
