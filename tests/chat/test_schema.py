import pytest

from steadyhand.chat.messages import Json, Tool
from steadyhand.chat.schema import check_tool_schema, schema_errors, without_nulls


def tool(parameters: dict[str, Json], name: str = "query") -> Tool:
    return Tool(name, "", parameters)


LEVEL = tool(
    {
        "type": "object",
        "properties": {
            "level": {"type": "integer", "minimum": 0},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["level"],
        "additionalProperties": False,
    }
)


def test_valid_arguments() -> None:
    assert schema_errors(LEVEL, {"level": 3, "tags": ["a"]}) == []
    assert schema_errors(LEVEL, {"level": 3.0}) == []  # 2020-12: an integer by value


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({}, "arguments:"),
        ({"level": True}, "arguments.level:"),
        ({"level": -1}, "arguments.level:"),
        ({"level": 1, "tags": ["a", 1]}, "arguments.tags[1]:"),
        ({"level": 1, "x": 1}, "arguments:"),
    ],
)
def test_violations_say_where(arguments: dict[str, Json], path: str) -> None:
    (error,) = schema_errors(LEVEL, arguments)
    assert error.startswith(path)


def test_a_circle_of_references_is_reported() -> None:
    circle = tool({"type": "object", "$defs": {"a": {"$ref": "#/$defs/a"}}, "properties": {"x": {"$ref": "#/$defs/a"}}})
    assert "circle" in schema_errors(circle, {"x": 1})[0]


def test_a_remote_reference_is_reported_and_never_fetched() -> None:
    remote = tool({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}})
    assert "never fetched" in schema_errors(remote, {"a": 1})[0]
    assert any("never fetched" in error for error in check_tool_schema(remote))


def test_local_references_resolve() -> None:
    local = tool({"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}}})
    assert check_tool_schema(local) == []
    assert schema_errors(local, {"a": "x"})


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (tool({"type": "object"}, "no spaces"), "name"),
        (tool({"type": "string"}), "'object'"),
        (tool({}), "'object'"),
        (tool({"type": "object", "properties": {"a": {"type": "text"}}}), "parameters.properties.a.type"),
        (tool({"type": "object", "properties": {}, "required": ["a"]}), "'a'"),
        (
            tool({"type": "object", "properties": {"a": {"type": "string", "enum": None}, "b": None}}),
            "parameters.properties.b",
        ),
        (tool({"type": "object", "properties": {"a": {"minimum": None}}}), "parameters.properties.a.minimum"),
    ],
)
def test_bad_tools(bad: Tool, words: str) -> None:
    assert any(words in error for error in check_tool_schema(bad)), check_tool_schema(bad)


def test_without_nulls_keeps_nulls_that_are_data() -> None:
    schema = {
        "type": "object",
        "description": None,
        "properties": {
            "default": {"type": "string", "title": None},
            "mode": {"default": None, "enum": ["a", None], "items": None},
            "gone": None,
        },
        "anyOf": [{"required": None, "type": "object"}],
    }
    assert without_nulls(schema) == {
        "type": "object",
        "properties": {"default": {"type": "string"}, "mode": {"default": None, "enum": ["a", None]}},
        "anyOf": [{"type": "object"}],
    }
