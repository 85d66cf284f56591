"""Texts without what many of them share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.text.shared import differing

SCHEMA = "Tables: shop(id, name), sale(id, qty).\n"


def test_a_shared_schema_and_a_shared_instruction_are_taken_out() -> None:
    asked = ["How many shops?", "Who sold most?", "Name all shops."]
    assert differing([f"Answer in SQL: {SCHEMA}{one}" for one in asked]) == asked


def test_what_is_the_same_as_a_whole_stays_whole() -> None:
    assert differing(["How many shops?"] * 5) == ["How many shops?"] * 5


def test_two_texts_share_nothing_that_counts() -> None:
    assert differing([f"{SCHEMA}a?", f"{SCHEMA}b?"]) == [
        f"{SCHEMA}a?".replace("\n", " "),
        f"{SCHEMA}b?".replace("\n", " "),
    ]


@given(texts=st.lists(st.text("ab. ?\n。", max_size=12), max_size=8))
def test_nothing_becomes_empty_that_said_something(texts: list[str]) -> None:
    found = differing(texts)
    assert len(found) == len(texts)
    assert all(bool(one.strip()) == bool(text.strip()) for one, text in zip(found, texts, strict=True))
