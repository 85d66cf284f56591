"""Schemas by strangers, and arguments made for them: refused at the gate, or done, or given up; never an exception."""

from __future__ import annotations

import json
import time

import pytest

from steadyhand.chat.messages import Json, Tool
from steadyhand.chat.schema import check_tool_schema, schema_errors


def of(schema: Json, **more: Json) -> dict[str, Json]:
    return {"type": "object", "properties": {"x": schema}, **more}


def doubling(levels: int, keyword: str = "allOf") -> dict[str, Json]:
    rows: dict[str, Json] = {
        f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)
    }  # fmt: skip
    return {"$defs": {**rows, f"d{levels}": {}}}


def tower(levels: int, keyword: str) -> Json:
    found: dict[str, Json] = {}
    for _ in range(levels):
        found = {keyword: found}
    return found


DEEP: Json = json.loads('{"a":' * 60 + "1" + "}" * 60)
SELF = {"anyOf": [{"properties": {"a": {"$ref": "#/$defs/s"}}, "minProperties": 1}] * 2}
KINDS: dict[str, tuple[dict[str, Json], Json]] = {
    "a broken pattern": (of({"type": "string", "pattern": "("}), "x"),
    "an exponential pattern": (of({"type": "string", "pattern": "^(a+)+$"}), "a" * 32 + "!"),
    "the same, of a long text": (of({"type": "string", "pattern": "^(a|aa|a?a)+$"}), "a" * 500_000 + "!"),
    "a pattern that needs many sets": (of({"pattern": "a(?:a|b){3000}c"}), "ab" * 30_000),
    "patterns of names": (
        of({"patternProperties": {f"^(a+)+{n}$": False for n in range(200)}}), {"a" * n: 1 for n in range(1, 200)}
    ),
    "classes of all Unicode": (of({"pattern": r"^\P{L}\P{Lu}\P{Cn}[^\p{P}]$"}), "x"),
    "references that double": (of({"$ref": "#/$defs/d0"}, **doubling(24)), 1),
    "references that double in choices": (of({"$ref": "#/$defs/d0"}, **doubling(24, "anyOf")), 1),
    "references that double, in one": (of({"$ref": "#/$defs/d0"}, **doubling(12, "oneOf")), 1),
    "a reference to itself": (of({"$ref": "#/$defs/s"}, **{"$defs": {"s": {"$ref": "#/$defs/s"}}}), 1),
    "a reference to nowhere": (of({"$ref": "#/$defs/gone"}), 1),
    "a reference to elsewhere": (of({"$ref": "http://127.0.0.1:9/x.json"}), 1),
    "choices within itself": (of({"$ref": "#/$defs/s"}, **{"$defs": {"s": SELF}}), DEEP),
    "what is unevaluated within itself": (
        of({"$ref": "#/$defs/s"}, **{"$defs": {"s": {**SELF, "unevaluatedProperties": {"$ref": "#/$defs/s"}}}}), DEEP
    ),
    "a tower of lists": (of(tower(5_000, "items")), [[[]]]),
    "a tower of noes": (of(tower(900, "not")), 1),
    "a wide schema": (of({"properties": {f"p{n}": {"type": "string"} for n in range(20_000)}}), {}),
    "choices for each item": (of({"items": {"anyOf": [{"const": n} for n in range(1_000)]}}), [[]] * 10_000),
    "items that are alike": (of({"uniqueItems": True}), [{"a": [n]} for n in range(30_000)]),
    "numbers without end": (of({"multipleOf": 1e-308, "maximum": 1e308}), 1e308),
    "counts without end": (of({"minItems": 10**30, "maxLength": 10**30}), []),
    "counts below nothing": (of({"minItems": -1}), []),
    "types of nobody": (of({"type": "nobody"}), 1),
    "keywords of the wrong type": (of({"properties": [], "required": 3, "enum": {}, "items": 7}), {"a": 1}),
    "a name that turns the screen": ({"type": "object", "properties": {"\x1b[2J\u202e": False}}, "x"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_refused_or_done_or_given_up(kind: str) -> None:
    schema, value = KINDS[kind]
    began = time.process_time()
    problems = check_tool_schema(tool := Tool("f", "", schema))
    errors = schema_errors(tool, {"x": value})
    assert time.process_time() - began < 20
    assert all(isinstance(said, str) and len(said) < 2_000 for said in (*problems, *errors[:100]))
    if "broken" in kind or "reference to" in kind or "double" in kind or "wrong" in kind:
        assert problems
