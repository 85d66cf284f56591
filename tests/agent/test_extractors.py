"""How the names that writes are about are found: whole words of the text alone, and nothing that looks like one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from steadyhand.agent.config import Limit, Standing
from steadyhand.agent.extractors import ExtractRow, WordExtractor

ORDER = r"R-\d{6}"
WORDS = ExtractRow(by="pattern", pattern=ORDER).extractor(None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("R-100003", ["R-100003"]), ("(R-100003), 'R-100004'.", ["R-100003", "R-100004"]),
        ("订单R-100003坏了", ["R-100003"]), ("R-100003 and R-100003", ["R-100003"]),
        ("R-1000037", []), ("XR-100003", []), ("r-100003", []), ("R-100003/../R-100004", []),
        ("\u0420-100003", []), ("R-10\u200b0003", []), ("R-100003\u200b", []), ("\u0436R-100003", []),
        ("R-100003\u0301", []), ("https://x.example/R-100003", []), ("R-１００００３", []),
    ],
)  # fmt: skip
def test_words(text: str, found: list[str]) -> None:
    assert [entity.value for entity in WORDS.find(text)] == found


@given(st.text(alphabet="R-0123456789 x.,\u200b\u0420坏", max_size=40))
def test_a_word_stands_where_it_is_said_to_and_matches_all_of_the_pattern(text: str) -> None:
    for entity in WORDS.find(text):
        assert re.fullmatch(ORDER, entity.value)
        for place in entity.places:
            assert text[place.start : place.end] == entity.value == place.seen


def test_a_listed_word_is_barred_and_an_entry_that_matches_nothing_is_refused() -> None:
    assert WORDS.barred("R-100003", ("R-100003",)) == "never_touch"
    assert WORDS.barred("R-100003", ()) == ""
    assert WORDS.unfit("R-100003") == ""
    assert "is nothing that" in WORDS.unfit("R-*")
    assert isinstance(WORDS, WordExtractor)


@pytest.mark.parametrize("row", [{"by": "pattern"}, {"pattern": "x"}, {"by": "pattern", "pattern": "("}])
def test_a_pattern_belongs_to_its_kind(row: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ExtractRow.model_validate(row)


def test_a_standing_is_a_text_or_the_band_of_a_number() -> None:
    text, number = Standing(field="state"), Standing(field="level", above={"50": "bad"}, otherwise="good", absent="new")  # type: ignore[dict-item]
    assert [text.of(answer) for answer in ({"state": "lost"}, {"state": 5}, {"state": ""}, {}, None)] == [
        "lost", None, None, None, None,
    ]  # fmt: skip
    assert [number.of({"level": level}) for level in (50, 50.5, "51", True)] == ["good", "bad", None, None]
    assert number.of({}) == "new"


@pytest.mark.parametrize(
    ("limit", "value", "bound", "holds"),
    [
        ("at_most", 5, 5, True), ("at_most", 6, 5, False), ("at_most", 0, 5, False), ("at_most", -1, 5, False),
        ("at_most", True, 5, False), ("at_most", "5", 5, False), ("at_most", 5, None, False),
        ("equal", "a", "a", True), ("equal", "a", "b", False), ("equal", 1, True, False), ("equal", None, None, False),
    ],
)  # fmt: skip
def test_limits(limit: str, value: object, bound: object, holds: bool) -> None:
    assert Limit.model_validate({limit: "field"}).holds(value, {"field": bound}) is holds
    assert not Limit.model_validate({limit: "field"}).holds(value, {})
