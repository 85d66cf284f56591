from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError, Place
from steadyhand.source.cursor import Path
from steadyhand.source.jsonfile import read_json, read_jsonl

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=4)),
    max_leaves=15,
)


def paths(value: Json, path: Path = ()) -> list[Path]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, child in children for found in paths(child, (*path, step)))]


@given(value=values, indent=st.sampled_from([None, 0, 2]), line=st.integers(1, 9))
def test_the_place_of_every_value_is_exact(value: Json, indent: int | None, line: int) -> None:
    text = json.dumps(value, indent=indent)
    cursor = read_json(text, "f", line)
    rows = text.split("\n")
    decoder = json.JSONDecoder()
    for path in paths(value):
        place = cursor.source.place(path)
        rest = "\n".join([rows[place.line - line][place.column - 1 :], *rows[place.line - line + 1 :]])
        assert decoder.raw_decode(rest)[0] == cursor.at(*path).value


@given(text=st.one_of(st.text(), st.text('{}[]":,0123456789.eE+-\\untrfals \n\t')))
def test_any_text_is_data_or_a_domain_error(text: str) -> None:
    found = outcome(text)
    if isinstance(found, DomainError):
        assert found.next
        assert isinstance(found.where, Place)
        assert found.where.line >= 1
    else:
        assert json.loads(text) == found


def outcome(text: str) -> Json | DomainError:
    try:
        return read_json(text, "f").value
    except DomainError as error:
        return error


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('{"a": 1,\n "b": {"c": 1, "c": 2}}', (2, 16), "'c' stands twice"),
        ('{"a": 1,\n "b" 2}', (2, 6), "JSON syntax"),
        ("[1, NaN]", (1, 1), "NaN"),
        ("[1, 1e999]", (1, 5), "not finite"),
        ('["x", "\\ud800"]', (1, 7), "surrogate"),
        ('{"\\udc00": 1}', (1, 1), "surrogate"),
        ("[" * 100 + "]" * 100, (1, 66), "levels deep"),
        ("[" * 100_000, (1, 1), "nested too deeply"),
        ("[" + "9" * 5000 + "]", (1, 1), "number"),
    ],
)
def test_traps_are_refused_at_their_place(text: str, place: tuple[int, int], what: str) -> None:
    with pytest.raises(DomainError, match=r".") as caught:
        read_json(text, "f")
    assert what in caught.value.what
    assert caught.value.where == Place("f", *place)


def test_only_line_feeds_end_a_jsonl_line() -> None:
    rows = list(read_jsonl('{"a": "\u2028"}\r\n\n{"a": "\x85"}\n', "f"))
    assert [row.value["a"] for row in rows] == ["\u2028", "\x85"]
    assert [row.place.line for row in rows] == [1, 3]
