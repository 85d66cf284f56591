"""Tools and calls in the dialects of data sets: read where the meaning is certain, refused by name elsewhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json, Tool
from steadyhand.chat.schema import check_tool_schema
from steadyhand.datasets.calls import calls_of
from steadyhand.datasets.offers import tools_of
from steadyhand.datasets.unread import Unread

SCHEMA = {"type": "object", "properties": {"s": {"type": "string"}}, "required": ["s"]}
TOOL = {"name": "t", "description": "d", "parameters": SCHEMA}


def parameters(tool: Json) -> Json:
    (read,) = tools_of([tool], Unread())
    return read["parameters"]


@pytest.mark.parametrize(
    "tools",
    [
        [TOOL],
        json.dumps([TOOL]),
        [json.dumps(TOOL)],
        TOOL,
        {"type": "function", "function": TOOL},
        [{"type": "function", "function": json.dumps(TOOL)}],
        [{"name": "t", "description": "d", "parameters": json.dumps(SCHEMA)}],
        [{"name": "t", "description": "d", "input_schema": SCHEMA}],
        [{"name": "t", "description": "d", "inputSchema": json.dumps(SCHEMA)}],
        [{"name": "t", "description": "d", "parameters": None, "input_schema": SCHEMA}],
        [{"functionDeclarations": [TOOL]}],
        [{"name": "t", "description": "d", "parameters": {"s": {"type": "str", "required": True}}}],
    ],
)
def test_one_tool_in_many_dialects(tools: Json) -> None:
    assert tools_of(tools, Unread()) == [TOOL]


@pytest.mark.parametrize("tools", [None, "null", "", "[]", []])
def test_no_tools(tools: Json) -> None:
    assert tools_of(tools, Unread()) == []


@pytest.mark.parametrize("key", ["args_schema", "params", "required_parameters", "inputs", "input_properties"])
def test_parameters_behind_an_unknown_key_are_refused(key: str) -> None:
    with pytest.raises(ValueError, match=f"no parameters, but the unknown key '{key}'"):
        tools_of([{"name": "t", key: SCHEMA}], Unread())


def test_what_a_tool_gives_back_is_counted() -> None:
    unread = Unread()
    tools_of([{**TOOL, "strict": True, "outputSchema": SCHEMA, "returns": {}}], unread)
    assert unread == {"tools[].strict", "tools[].outputSchema", "tools[].returns"}


@pytest.mark.parametrize(
    "names", [("type", "lat"), ("properties",), ("required", "type"), ("type", "properties", "required"), ("default",)]
)
def test_a_bare_map_may_use_the_names_of_keywords(names: tuple[str, ...]) -> None:
    bare = {name: {"description": "what it is", "type": "str"} for name in names}
    assert parameters({"name": "t", "parameters": bare}) == {
        "type": "object",
        "properties": {name: {"description": "what it is", "type": "string"} for name in names},
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"properties": {"a": {"type": "string"}}},
        {"type": "object", "properties": {"type": {"type": "string"}}, "required": ["type"]},
        {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
    ],
)
def test_a_schema_is_no_bare_map(schema: dict[str, Json]) -> None:
    assert parameters({"name": "t", "parameters": schema}) == {"type": "object", **schema}


@pytest.mark.parametrize(
    "odd",
    [{"type": "object", "s": {"type": "string"}}, {"filter": {"type": {"type": "str"}}}, {"a": {"description": 1}}],
)
def test_parameters_that_stand_in_no_place_are_refused(odd: Json) -> None:
    with pytest.raises(ValueError, match="beside keywords"):
        parameters({"name": "t", "parameters": odd})


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("STRING", {"type": "string"}),
        ("int, optional", {"type": "integer"}),
        ("List[int]", {"type": "array", "items": {"type": "integer"}}),
        ("List[Dict[str, float]]", {"type": "array", "items": {"type": "object"}}),
        ("Dict[str, int], optional", {"type": "object"}),
        ("Tuple[int, int]", {"type": "array"}),
        ("Optional[int]", {"type": ["integer", "null"]}),
        ("str | None", {"type": ["string", "null"]}),
        ("Union[int, List[str]]", {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]}),
        ("any", {}),
        ("Callable[[int], int]", {"type": "Callable[[int], int]"}),  # nobody knows: the schema check refuses it
    ],
)
def test_types_of_other_languages(name: str, schema: Json) -> None:
    read = parameters({"name": "t", "parameters": {"a": {"type": name}}})
    assert read["properties"]["a"] == schema
    assert bool(check_tool_schema(Tool("t", "", read))) == ("Callable" in name)


@pytest.mark.parametrize(
    "call",
    [
        {"id": "1", "type": "function", "function": {"name": "t", "arguments": '{"s": "x"}'}},
        {"id": "1", "name": "t", "arguments": {"s": "x"}},
        {"id": "1", "name": "t", "parameters": {"s": "x"}},
        {"tool_call_id": "1", "name": "t", "args": {"s": "x"}, "type": "tool_call"},
        {"type": "tool_use", "id": "1", "name": "t", "input": {"s": "x"}},
        {"call_id": "1", "function": "t", "arguments": {"s": "x"}},
        {"id": "1", "function": '{"name": "t", "arguments": {"s": "x"}}'},
    ],
)
def test_one_call_in_many_dialects(call: Json) -> None:
    for value in (call, [call], json.dumps(call), json.dumps([call]), [json.dumps(call)]):
        (read,) = calls_of(value, Unread())
        arguments = read["arguments"]
        assert (read["id"], read["name"]) == ("1", "t")
        assert (json.loads(arguments) if isinstance(arguments, str) else arguments) == {"s": "x"}


def test_unknown_keys_of_a_call_are_counted() -> None:
    unread = Unread()
    function = {"name": "t", "arguments": "{}", "strict": True}
    calls_of([{"function": function, "extra_content": {"google": {}}, "nothing": None}], unread)
    assert unread == {"tool_calls[].extra_content", "tool_calls[].function.strict"}


def test_arguments_behind_an_unknown_key_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown key 'tool_input'"):
        calls_of([{"name": "t", "tool_input": {"s": "x"}}], Unread())
    with pytest.raises(ValueError, match="different arguments and parameters"):
        calls_of([{"name": "t", "arguments": {"s": "x"}, "parameters": {"s": "y"}}], Unread())


names = st.sampled_from(["a", "type", "properties", "required", "items", "default", "enum", "description", "anyOf"])
types = st.sampled_from(["str", "int", "List[str]", "object", "bool, optional"])
bare_maps = st.dictionaries(
    names, st.fixed_dictionaries({"type": types, "description": st.text(max_size=3)}), min_size=1
)


@given(bare=bare_maps)
def test_every_name_of_a_bare_map_becomes_a_property(bare: dict[str, Json]) -> None:
    read = parameters({"name": "t", "parameters": bare})
    assert read["properties"].keys() == bare.keys()
    assert check_tool_schema(Tool("t", "", read)) == []
