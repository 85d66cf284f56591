"""A name that touches an invisible or a joining character is none: nobody knows which name was meant."""

from __future__ import annotations

import pytest

from steadyhand.extract import extract_resource
from steadyhand.extract.joined import is_joined


@pytest.mark.parametrize("mark", ["\u200b", "\u2060", "\u00ad", "\u3164", "\u0301"])
def test_an_invisible_neighbor_leaves_no_name(mark: str) -> None:
    for text in (f"see login{mark}quiet-bank5.com now", f"see quiet-bank5.com{mark}x now"):
        assert [one.value for one in extract_resource(text)] == []


@pytest.mark.parametrize("mark", ["\u2010", "\u2011", "\u2024", "\u2215", "\uff0d"])
def test_a_joining_character_counts_beside_a_word_only(mark: str) -> None:
    joined, apart = f"login{mark}quiet-bank5.com", f" {mark}quiet-bank5.com"
    assert is_joined(joined, joined.index("quiet"), len(joined))
    assert not is_joined(apart, apart.index("quiet"), len(apart))
