from __future__ import annotations

from math import prod

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.check.covering_array import all_pairs, covering_rows, least_rows, open_pairs, pairs_of

FACTORS = st.lists(st.integers(1, 4), min_size=1, max_size=5).map(
    lambda sizes: {f"f{n}": [f"{n}.{value}" for value in range(size)] for n, size in enumerate(sizes)}
)


@st.composite
def holes(draw: st.DrawFn) -> tuple[dict[str, list[str]], list[dict[str, str]]]:
    """Factors, and rows that are there already; some of them leave a factor open."""
    factors = draw(FACTORS)
    row = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in factors.items()})
    return factors, draw(st.lists(row, max_size=6))


@given(holes())
def test_rows_cover_all_pairs_and_are_few(given: tuple[dict[str, list[str]], list[dict[str, str]]]) -> None:
    factors, there = given
    missing = open_pairs(factors, there)
    made = covering_rows(factors, there)
    assert open_pairs(factors, [*there, *made]) == []
    assert least_rows(missing) <= len(made) <= min(len(missing), prod(map(len, factors.values())))
    assert made == covering_rows(factors, there)


@given(holes())
def test_each_row_covers_something_new_and_names_nothing_that_does_not(
    given: tuple[dict[str, list[str]], list[dict[str, str]]],
) -> None:
    factors, there = given
    for row in covering_rows(factors, there):
        still = set(open_pairs(factors, there))
        fresh = [pair for pair in pairs_of(row, factors) if pair in still]
        assert {name for pair in fresh for name, _ in pair} == set(row)
        there = [*there, row]


def test_a_known_case_comes_near_the_least() -> None:
    """Seven factors as in the coverage contract: 4,320 combinations, and nobody needs fewer than 30 rows."""
    sizes = {"language": 2, "noise": 6, "turn": 3, "class": 3, "length": 4, "outcome": 5, "offer": 2}
    factors = {name: [str(value) for value in range(size)] for name, size in sizes.items()}
    made = covering_rows(factors)
    assert prod(sizes.values()) == 4320
    assert least_rows(all_pairs(factors)) == 30 <= len(made) <= 36


def test_one_factor_alone_has_no_pairs() -> None:
    assert covering_rows({"a": ["1", "2"]}) == []
    assert covering_rows({}) == []
    assert covering_rows({"a": ["1", "2"], "b": []}) == []
