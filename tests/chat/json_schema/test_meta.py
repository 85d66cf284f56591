"""What is no schema, or one that may not be obeyed, is said with the way to it."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.json_schema.document import ONE
from steadyhand.chat.json_schema.meta import MAX_LEVELS, SHAPES, problems
from steadyhand.chat.messages import Json

KEYWORDS = (*SHAPES, *ONE)
JSON = st.recursive(
    st.sampled_from([None, True, False, 0, 1, -1, 2.0, 1.5, "", "a", "string", "integer"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", *KEYWORDS]), inner, max_size=3),
    max_leaves=5,
)


@given(schema=st.dictionaries(st.sampled_from(KEYWORDS), JSON, min_size=1, max_size=3))
def test_the_schema_of_schemas_gives_the_same_verdict(schema: dict[str, Json]) -> None:
    """Names and references apart, which are compared elsewhere, and keys that the standard wants to look like names."""
    if any(word.startswith("$") and word != "$defs" for word in words(schema)):
        return
    theirs = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA).is_valid(schema)
    assert (not list(problems(schema))) == theirs


def words(value: Json) -> set[str]:
    if isinstance(value, dict):
        return {*value}.union(*map(words, value.values()))
    return set().union(*map(words, value)) if isinstance(value, list) else set()


def doubling(levels: int) -> Json:
    defs = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**defs, f"d{levels}": {}}}


def deep(levels: int) -> Json:
    schema: Json = {"type": "string"}
    for _ in range(levels):
        schema = {"properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    ("schema", "path", "what"),
    [
        ({"properties": {"x": {"pattern": "("}}}, ("properties", "x", "pattern"), "not a regular expression"),
        ({"patternProperties": {r"(a)\1": {}}}, ("patternProperties",), "back-reference"),
        ({"items": {"pattern": r"\p{Klingon}"}}, ("items", "pattern"), "unknown property"),
        ({"$ref": "#/$defs/gone"}, ("$ref",), "nothing in the schema has this name"),
        ({"anyOf": [{}, {"$ref": "other.json"}]}, ("anyOf", 1, "$ref"), "never fetched"),
        ({"$ref": "http://[::1"}, ("$ref",), "never fetched"),
        ({"$ref": "#/properties/x/type", "properties": {"x": {"type": "null"}}}, ("$ref",), "cannot be resolved"),
        ({"$ref": "#"}, (), "round in a circle"),
        ({"$defs": {"a": {"not": {"$ref": "#b"}}, "b": {"$anchor": "b", "if": {"$ref": "#/$defs/a"}}}}, (), "circle"),
        (doubling(24), (), "one value is held against 67,108,862 schemas"),
        (deep(MAX_LEVELS + 2), ("properties", "a", "properties", "a"), "nested more than 64 levels"),
        ({"allOf": [{}] * 20_001}, (), "more than 20,000 schemas"),
        ({"allOf": [{"pattern": rf"\p{{L}}{n}" * 20} for n in range(99)]}, ("allOf", 6, "pattern"), "its patterns"),
        (5, (), "5 is no schema"),
        ({"properties": {"x": []}}, ("properties", "x"), "no schema"),
        ({"type": "text"}, ("type",), "'text' is no type: use array, boolean"),
    ],
)  # fmt: skip
def test_what_may_not_be_obeyed_is_said_with_its_way(schema: Json, path: tuple[str | int, ...], what: str) -> None:
    found = list(problems(schema))
    assert found[0][0] == path
    assert what in found[0][1]


@pytest.mark.parametrize(
    "schema",
    [
        doubling(11),
        deep(MAX_LEVELS - 2),
        {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}},
        {"$dynamicAnchor": "node", "properties": {"kids": {"items": {"$dynamicRef": "#node"}}}},
        {"$id": "http://a/b", "$defs": {"c": {"$id": "c", "$defs": {"d": {}}}}, "$ref": "c#/$defs/d"},
        True,
    ],
)
def test_trees_and_references_that_end_are_allowed(schema: Json) -> None:
    assert list(problems(schema)) == []
