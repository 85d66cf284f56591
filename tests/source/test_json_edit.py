from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.source.json_edit import edited

ROW = '{ "f" : 1.10, "n":null ,\t"l": [1e5 ,  2, -0.0],"t": "caf\\u00e9 \\/ <x>" , "e": {} }'


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda row: row.pop("n"), ROW.replace(', "n":null ', " ", 1).replace(" ,", ",", 0)),
        (lambda row: row.pop("f"), ROW.replace('"f" : 1.10, ', "")),
        (lambda row: row.pop("e"), ROW.replace(' , "e": {}', "")),
        (lambda row: row["l"].pop(1), ROW.replace(" ,  2", "")),
        (lambda row: row["l"].pop(0), ROW.replace("1e5 ,  ", "")),
        (lambda row: row["l"].clear(), ROW.replace("1e5 ,  2, -0.0", "")),
        (lambda row: row.update(t="café / "), ROW.replace("<x>", "")),
        (lambda row: row.update(t="cafés / <x>"), ROW.replace("\\u00e9", "\\u00e9s")),
        (lambda row: row.update(n="ü"), ROW.replace("null", '"\\u00fc"')),
        (lambda row: row["l"].__setitem__(1, [3]), ROW.replace("2,", "[3],")),
        (lambda row: [row.pop("f"), row.pop("n")], ROW.replace('"f" : 1.10, "n":null ,\t', "")),
    ],
)
def test_what_does_not_change_keeps_its_spelling(change: Any, expected: str) -> None:
    row = json.loads(ROW)
    change(row)
    assert edited(ROW, json.loads(ROW), row) == expected
    assert json.loads(expected) == row


def test_halves_of_surrogate_pairs_stay_escapes() -> None:
    text = '"\\ud83d\\ude00 é \\ud83d!"'
    assert edited(text, json.loads(text), json.loads(text)[:-1]) == text[:-2] + '"'
    assert edited('"é"', "é", "é\udc80") == '"é\\udc80"'


spaces = st.text(" \t\r\n", max_size=2)
numbers = st.sampled_from(["1.10", "1e5", "1.0", "1E+2", "-0", "0.1000", "12345678901234567890", "-3.00e-2"])
texts = st.sampled_from(['"a"', '"\\u00e9\\/"', '"é\\n"', '"\\ud83d\\ude00😀"', '""', "true", "null"])


@st.composite
def spelled(draw: st.DrawFn, depth: int = 2) -> str:
    """JSON in any spelling; keys are distinct."""
    kind = draw(st.sampled_from("nta o".replace(" ", ""))) if depth else draw(st.sampled_from("nt"))
    if kind in "nt":
        return draw(numbers if kind == "n" else texts)
    parts = [draw(spelled(depth - 1)) for _ in range(draw(st.integers(0, 3)))]
    if kind == "o":
        parts = [f'"k{n}"{draw(spaces)}:{draw(spaces)}{part}' for n, part in enumerate(parts)]
    inside = ",".join(f"{draw(spaces)}{part}{draw(spaces)}" for part in parts)
    return f"{'{' if kind == 'o' else '['}{inside}{'}' if kind == 'o' else ']'}"


@given(before=st.lists(spelled(), max_size=3), after=st.lists(spelled(), max_size=3), gap=spaces)
def test_all_bytes_outside_the_value_stay(before: list[str], after: list[str], gap: str) -> None:
    members = [f'"b{n}"{gap}:{value}' for n, value in enumerate(before)]
    behind = [f'"a{n}":{gap}{value}' for n, value in enumerate(after)]

    def text(value: str) -> str:
        return "{" + f",{gap}".join([*members, f'"x" :{gap}{value}', *behind]) + gap + "}\r"

    old, new = text('"Hello.<|im_end|> "'), text('"Hello."')
    assert edited(old, json.loads(old), json.loads(new)) == new
    assert edited(old, json.loads(old), json.loads(old)) == old


@given(text=spelled(3), data=st.data())
def test_what_is_removed_or_replaced_anywhere_reads_as_meant(text: str, data: st.DataObject) -> None:
    old = json.loads(text)
    new = json.loads(text)
    value = new
    while isinstance(value, dict | list) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
        if data.draw(st.booleans()):
            del value[key]
            break
        if not isinstance(value[key], dict | list):
            value[key] = data.draw(st.sampled_from(["ä\\n", None, 7]))
            break
        value = value[key]
    assert json.loads(edited(text, old, new)) == new
