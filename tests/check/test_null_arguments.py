from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.schema import schema_errors
from steadyhand.check.dataset import Dataset, Pair, Record
from steadyhand.check.null_arguments import check_null_arguments, foreign_nulls, without
from steadyhand.errors import Place

TEXT = {"type": "string"}
POINT = {"type": "object", "properties": {"x": TEXT}}


@pytest.mark.parametrize(
    ("schema", "arguments", "places"),
    [
        ({"properties": {"a": TEXT}}, {"a": "x", "b": None}, [("b",)]),
        ({"properties": {"a": TEXT}}, {"a": None}, [("a",)]),
        ({"properties": {"p": POINT}}, {"p": {"x": "1", "y": None}}, [("p", "y")]),
        ({"properties": {"l": {"items": POINT}}}, {"l": [{"x": "1"}, {"y": None}]}, [("l", 1, "y")]),
        ({"properties": {"p": {"$ref": "#/$defs/p"}}, "$defs": {"p": POINT}}, {"p": {"z": None}}, [("p", "z")]),
        ({"properties": {"p": {"anyOf": [POINT, {"type": "null"}]}}}, {"p": {"z": None}}, [("p", "z")]),
        ({"allOf": [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]}, {"b": "1", "c": None}, [("c",)]),
        ({"properties": {"a": {"enum": ["x", "y"]}}}, {"a": None}, [("a",)]),
        ({"properties": {"a": {"const": 1}}, "additionalProperties": False}, {"a": None, "b": None}, [("a",), ("b",)]),
    ],
)
def test_nulls_that_no_schema_takes(schema: Any, arguments: Any, places: list[Any]) -> None:
    assert list(foreign_nulls(arguments, schema)) == places
    bare = without(arguments, places)
    assert list(foreign_nulls(bare, schema)) == []
    assert schema_errors(Tool("t", "", {"type": "object", **schema}), bare) == []


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ({"properties": {"a": {"type": ["string", "null"]}}}, {"a": None}),
        ({"properties": {"a": {"anyOf": [TEXT, {"type": "null"}]}}}, {"a": None}),
        ({"properties": {"a": {"type": "string", "nullable": True}}}, {"a": None}),
        ({"properties": {"a": {"type": "string", "default": None}}}, {"a": None}),
        ({"properties": {"a": {"enum": ["x", None]}}}, {"a": None}),
        ({"properties": {"a": {}}}, {"a": None}),
        ({"properties": {"a": True}}, {"a": None}),
        ({"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "null"}}}, {"a": None}),
        ({"properties": {"a": TEXT}, "required": ["a"]}, {"a": None}),  # S101 says so
        ({"properties": {"a": TEXT}, "additionalProperties": True}, {"b": None}),
        ({"properties": {"a": TEXT}, "patternProperties": {"^x": {}}}, {"x1": None}),
        ({"type": "object"}, {"b": None}),  # nothing is declared: other calls decide
        ({"properties": {"a": {"$ref": "#/properties/a"}}}, {"a": {"b": None}}),
        ({"properties": {"l": {"items": TEXT}}}, {"l": [None]}),
    ],
)
def test_nulls_that_may_be_meant(schema: Any, arguments: Any) -> None:
    assert list(foreign_nulls(arguments, schema)) == []


def record(number: int, name: str, arguments: dict[str, Any], *tools: Tool) -> Record:
    turns = (Message("user", "q"), Message("assistant", calls=(ToolCall(name, arguments),)))
    return Record(f"row {number}", Place("f", number), turns, tools)


def found(dataset: Dataset) -> list[tuple[int, str]]:
    return [(one.place.line, one.message) for one in check_null_arguments(dataset)]


def test_without_a_schema_other_calls_decide() -> None:
    rows = [
        record(1, "price", {"symbol": "K", "city": None}),
        record(2, "time", {"symbol": None, "city": "Rome"}),
        record(3, "open", {"door": 1, "code": None}),  # no call of anybody gives a code
        record(4, "time", {"symbol": None, "city": None}),  # `time` takes a city
    ]
    assert [line for line, _ in found(Dataset(rows))] == [1, 2, 4]
    assert found(Dataset(rows))[2][1].endswith("null for symbol: only calls of other tools ever give a value there")


def test_both_answers_of_a_pair_are_looked_at_and_one_row_is_named_once() -> None:
    tool = Tool("price", "", {"type": "object", "properties": {"symbol": TEXT}})
    good = Message("assistant", calls=(ToolCall("price", {"symbol": "K"}),))
    bad = Message("assistant", calls=(ToolCall("price", {"symbol": "K", "a": None, "b": None}),) * 2)
    for chosen, rejected, count in ((good, bad, 1), (bad, good, 1), (bad, None, 1), (good, good, 0)):
        pair = Pair("row 1", Place("f", 1), (Message("user", "q"),), (tool,), chosen, rejected)
        said = found(Dataset(pairs=[pair]))
        assert len(said) == count
        assert all("'price' is called with null for a, b:" in message for _, message in said)


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
schemas = st.recursive(
    st.sampled_from([{}, TEXT, {"type": ["integer", "null"]}, {"enum": [1, None]}, True]),
    lambda inner: (
        st.fixed_dictionaries({"properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3)})
        | st.fixed_dictionaries({"items": inner})
        | st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)})
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from("abc"), values, max_size=3), schemas)
def test_only_nulls_go_and_what_fitted_fits(arguments: dict[str, Any], schema: Any) -> None:
    if isinstance(schema, dict):
        places = list(foreign_nulls(arguments, schema))
        for place in places:
            value: Any = arguments
            for step in place:
                value = value[step]
            assert value is None
        tool = Tool("t", "", schema)
        if schema_errors(tool, arguments) == []:
            assert schema_errors(tool, without(arguments, places)) == []
