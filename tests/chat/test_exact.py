import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.exact import JsonError, equal, kind, loads, plain

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_round_trip(value: object) -> None:
    text = json.dumps(value)
    if "\\ud" in text.lower():
        return
    assert equal(loads(text), value)
    assert equal(plain(loads(text)), value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 1}', "duplicate key 'a'"),
        ("NaN", "NaN"),
        ("[-Infinity]", "-Infinity"),
        ("[1,]", "character"),
        ("{'a': 1}", "character"),
        ("1 // one", "character"),
        ("01", "character"),
        ("1e400", "out of range"),
        ("9" * 500, "out of range"),
        ("[" * 100_000, "deep"),
        ('"\\ud800"', "surrogate"),
        ("", "character"),
        ("\u00a01", "character"),
    ],
)
def test_refused(text: str, why: str) -> None:
    with pytest.raises(JsonError, match=why):
        loads(text)


def test_numbers_are_exact_and_types_are_kept_apart() -> None:
    assert equal(loads("1.0"), 1)
    assert equal(loads("0.10"), 0.1)
    assert equal(loads("1e2"), 100)
    assert not equal(loads("0.1000000000000000055"), 0.1)
    assert not equal(loads("12345678901234567890123"), 12345678901234567890124)
    assert not equal(True, 1)
    assert not equal(False, 0)
    assert not equal("1", 1)
    assert not equal(None, False)


def test_structure() -> None:
    assert equal({"a": 1, "b": [2]}, {"b": [Decimal(2)], "a": 1.0})
    assert not equal([1, 2], [2, 1])
    assert not equal({"a": None}, {})
    assert not equal("é", "e\u0301")


def test_plain_has_only_json_types() -> None:
    value = plain(loads('{"i": 7, "f": 1.5, "l": [2, 2.0]}'))
    assert json.dumps(value) == '{"i": 7, "f": 1.5, "l": [2, 2.0]}'
    values: list[object] = [None, True, 1, "s", [], {}]
    assert [kind(v) for v in values] == ["null", "boolean", "number", "string", "array", "object"]
