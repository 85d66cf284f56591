"""Kinds of wrong values, on values that hypothesis makes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.badcases.arguments import calls_of, differences, kind_of
from steadyhand.chat.messages import Json, ToolCall
from steadyhand.ledger.keys import canonical_json

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.text("abcdefgh", min_size=4, max_size=9)


@given(VALUES, VALUES)
def test_a_difference_is_found_exactly_where_there_is_one(due: Json, got: Json) -> None:
    found = list(differences([ToolCall("t", {"a": due})], [ToolCall("t", {"a": got})]))
    assert bool(found) == (canonical_json(due) != canonical_json(got))
    assert all(path.startswith("t.a") for path, _, _ in found)


@given(WORDS, WORDS)
def test_every_wrong_text_has_one_kind(due: str, got: str) -> None:
    kind = kind_of(due, got, "some text")
    if due in got or got in due:
        assert kind in ("argument_cut", "argument_format")
    else:
        assert kind == ("argument_mixed_up" if got in "some text" else "argument_invented")
    assert kind_of(due, due.upper(), "x") == "argument_format"
    assert kind_of(due, f"{due}x", "x") == "argument_cut"
    assert kind_of(due, "zzzz", "") == "argument_value"


@given(st.text() | VALUES.map(canonical_json))
def test_whatever_an_evaluation_expects_is_read_or_nothing(text: str) -> None:
    assert all(isinstance(call.arguments, dict) for call in calls_of(text))
