"""Values under schemas: as another validator says, and never more work than is allowed."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from steadyhand.chat.json_schema.document import Document, UnresolvableError
from steadyhand.chat.json_schema.meta import problems
from steadyhand.chat.json_schema.validate import violations
from steadyhand.chat.messages import Json
from steadyhand.errors import LimitError
from steadyhand.text.budget import Budget

VALUES = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, -2, 2.5, 3, "", "a", "ab", "b1", "$x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "ab"]), inner, max_size=4),
    max_leaves=6,
)
SIZES, NAMES = st.integers(0, 3), st.lists(st.sampled_from(["a", "b", "ab"]), max_size=2, unique=True)
TYPES = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])
PATTERNS = st.sampled_from(["^a", "b$", r"\d", "^[ab]+$"])
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
    "enum": st.lists(VALUES, min_size=1, max_size=3),
    "const": VALUES,
    "multipleOf": st.sampled_from([1, 2, 0.5]),
    "pattern": PATTERNS,
    "required": NAMES,
    "dependentRequired": st.dictionaries(st.sampled_from(["a", "b"]), NAMES, max_size=2),
    "uniqueItems": st.booleans(),
    "$ref": st.sampled_from(["#/$defs/n", "#/$defs/m", "#m"]),
    **{f"{least}{kind}": SIZES for least in ("min", "max") for kind in ("Length", "Items", "Properties", "Contains")},
    **{key: st.integers(-2, 3) for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")},
}
ONE = ("not", "if", "then", "else", "items", "contains", "propertyNames", "additionalProperties", "unevaluatedItems",
       "unevaluatedProperties")  # fmt: skip


def grown(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    named = st.dictionaries(st.sampled_from(["a", "b", "ab"]), inner, max_size=2)
    keywords = {
        **PLAIN,
        **dict.fromkeys(ONE, inner),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), st.lists(inner, min_size=1, max_size=2)),
        **dict.fromkeys(("properties", "dependentSchemas"), named),
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
    }
    some = st.lists(st.sampled_from(sorted(keywords)), min_size=1, max_size=4, unique=True)
    return some.flatmap(lambda keys: st.fixed_dictionaries({key: keywords[key] for key in keys}))


SCHEMAS = st.recursive(st.booleans(), grown, max_leaves=6)


def holds(schema: Json, value: Json) -> bool:
    return next(violations(Document(schema), value, Budget(100_000, "it")), None) is None


@example(schema={"if": {"properties": {"a": True}}, "unevaluatedProperties": False}, value={"a": 1})
@example(schema={"$ref": "#/$defs/n", "unevaluatedProperties": False}, value={"a": 1})
@example(schema={"contains": {"type": "string"}, "unevaluatedItems": False}, value=["a", 1])
@given(schema=SCHEMAS, value=VALUES)
def test_another_validator_gives_the_same_verdict(schema: Json, value: Json) -> None:
    if isinstance(schema, dict):
        schema = {
            **schema,
            "$defs": {"n": {"properties": {"a": {"type": "integer"}}}, "m": {"$anchor": "m", "type": "string"}},
        }
    assert list(problems(schema)) == []
    assert holds(schema, value) == jsonschema.Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"multipleOf": 0.1}, 0.3, 0.35),
        ({"multipleOf": 1e-300}, 1e300, 1e-301),
        ({"multipleOf": 7}, 7 * 10**4000, 10**4000),
        ({"const": 1}, 1.0, True),
        ({"enum": [{"a": [1, None]}]}, {"a": [1.0, None]}, {"a": [1, False]}),
        ({"uniqueItems": True}, [1, True, "1", [1], {"a": 1}], [{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]),
        ({"pattern": r"^\p{Lu}\d$"}, "Ä1", "Ä١"),
        ({"$dynamicAnchor": "n", "properties": {"x": {"$dynamicRef": "#n"}}, "minProperties": 1}, {"x": 1}, {"x": {}}),
        ({"$id": "http://a/b", "$defs": {"c": {"$id": "c", "type": "null"}}, "$ref": "c"}, None, 1),
        ({"$defs": {"a/b~c%": {"type": "null"}}, "$ref": "#/$defs/a~1b~0c%25"}, None, 1),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 1}, 2, 1),
    ],
)  # fmt: skip
def test_what_the_other_validator_does_not_do_or_does_otherwise(schema: Json, right: Json, wrong: Json) -> None:
    assert list(problems(schema)) == []
    assert holds(schema, right)
    assert not holds(schema, wrong)


def nested(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = {"a": value}
    return value


TWICE = {"anyOf": [{"properties": {"a": {"$ref": "#"}}, "minProperties": 1}] * 2, "type": "object"}
HEAVY: dict[str, tuple[Json, Json]] = {
    "choices inside choices": (TWICE, nested(40)),
    "choices for each item": ({"items": {"anyOf": [{"const": n} for n in range(1000)]}}, [[]] * 10_000),
    "patterns for each name": (
        {"patternProperties": {f"{n}$": {} for n in range(1000)}}, dict.fromkeys(map(str, range(10_000)), 1)
    ),
    "what is unevaluated, again and again": (
        {**TWICE, "unevaluatedProperties": {"$ref": "#"}}, nested(40)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEAVY)
def test_work_is_counted_and_bounded(name: str) -> None:
    schema, value = HEAVY[name]
    assert list(problems(schema)) == []
    with pytest.raises(LimitError, match="more than 200,000 steps"):
        list(violations(Document(schema), value, Budget(200_000, "it")))


def test_a_deadline_ends_it_as_well() -> None:
    with pytest.raises(LimitError, match="not done after 0 s"):
        list(violations(Document(TWICE), nested(40), Budget(10**9, "it", seconds=0)))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"uniqueItems": True}, [{"a": [n]} for n in range(20_000)]),
        ({"items": {"enum": [str(n) for n in range(20_000)]}}, ["x"] * 5_000),
        ({"dependentSchemas": {"a": {"properties": {f"p{n}": False for n in range(10_000)}}}}, {"a": 1}),
        ({"propertyNames": {"maxLength": 3}}, dict.fromkeys(map(str, range(20_000)))),
        ({"items": {"type": "object"}}, ["y" * 100_000] * 5_000),
    ],
)
def test_what_is_only_large_is_done(schema: Json, value: Json) -> None:
    """Each of these was quadratic, or wrote the value into every message."""
    found = list(violations(Document(schema), value, Budget(400_000, "it")))
    assert sum(len(message) for _, message in found) < 10_000_000


def test_circles_end_when_they_are_met() -> None:
    circle = {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}
    with pytest.raises(LimitError, match="round in a circle"):
        holds(circle, 1)
    with pytest.raises(UnresolvableError):
        holds({"$ref": "#/$defs/gone"}, 1)
    assert not holds({"properties": {"a": {"$ref": "#"}}, "type": "object"}, nested(60))
