"""Tools out of OpenAPI documents: the one that USS itself publishes, and small ones with every trap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Tool
from steadyhand.errors import UsageError
from steadyhand.tools.bound import BoundTool
from steadyhand.tools.http import HttpCarrier, Service
from steadyhand.tools.openapi import ApiOperation, operations
from tests.uss import TOKEN, Uss, running


@pytest.fixture
def uss(tmp_path: Path) -> Iterator[Uss]:
    with running(tmp_path) as service:
        service.rate(**{"evil.com": 12})
        yield service


def test_the_document_of_a_running_service_becomes_tools_that_work(uss: Uss) -> None:
    document = uss.client.get(f"{uss.url}/openapi.json").json()
    query, report = operations(document, ["query_uss", "report_uss"])
    assert (query.effect, report.effect) == ("read", "write")
    assert report.endpoint.key_header == "Idempotency-Key"
    assert set(report.tool.parameters["properties"]) == {"uri", "verdict", "reason"}
    service = Service(uss.url, token=TOKEN)
    bound = [
        BoundTool(one.tool, one.effect, HttpCarrier(service, one.endpoint), one.answers) for one in (query, report)
    ]
    assert bound[0].call({"uri": "evil.com"}).value == {"level": 12}
    filed = bound[1].call({"uri": "evil.com", "verdict": "unsafe", "reason": "false_negative"}, key="key-00001")
    assert filed.value == {"ticket": "T101", "state": "pending"}
    service.close()


def document(operation: dict[str, Any], path: str = "/x", method: str = "get", **more: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": {path: {method: {"operationId": "do", **operation}}}, **more}


def one(operation: dict[str, Any], path: str = "/x", method: str = "get", **more: Any) -> ApiOperation:
    (found,) = operations(document(operation, path, method, **more))
    return found


def body(schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"content": {kind: {"schema": schema}}}}


def test_references_come_along_and_names_of_properties_are_kept() -> None:
    schemas = {
        "Page": {"title": "Page", "type": "object", "properties": {"title": {"$ref": "#/components/schemas/Word"}}},
        "Word": {"type": "string", "nullable": True},
    }
    found = one(body({"$ref": "#/components/schemas/Page"}), method="post", components={"schemas": schemas})
    assert found.tool == Tool("do", "", {
        "type": "object", "required": [], "additionalProperties": False,
        "properties": {"title": {"$ref": "#/$defs/Word"}},
        "$defs": {"Word": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
    })  # fmt: skip


def test_a_body_that_is_no_object_is_one_argument() -> None:
    found = one(body({"type": "array", "items": {"type": "string"}}), method="put")
    assert (found.endpoint.body, found.tool.parameters["required"]) == ("body", ["body"])


def test_parameters_of_the_path_hold_for_its_operations() -> None:
    row = document({"parameters": [{"in": "query", "name": "q", "schema": {"type": "string"}}]}, "/x/{id}")
    row["paths"]["/x/{id}"]["parameters"] = [{"in": "path", "name": "id", "required": True, "schema": {}}]
    (found,) = operations(row)
    assert (set(found.tool.parameters["properties"]), found.tool.parameters["required"]) == ({"id", "q"}, ["id"])
    assert found.endpoint.query == {"q"}


Q = {"in": "query", "name": "q", "schema": {"type": "string"}}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"swagger": "2.0"}, "not an OpenAPI 3"),
        (None, "not an OpenAPI 3"),
        (document({"parameters": [{"in": "cookie", "name": "c", "required": True}]}), "cookie parameter 'c'"),
        (document({}, "/x/{id}"), "'id' of the path"),
        (document(body({}, "text/plain"), method="post"), "not JSON"),
        (document({"parameters": [Q], **body({"type": "object", "properties": {"q": {}}})}, method="post"), "a field"),
        (document(body({"$ref": "#/components/schemas/No"}), method="post"), "no schema 'No'"),
        (document({"operationId": "two words"}), "two words"),
    ],
)
def test_what_cannot_become_a_tool_is_refused_with_a_reason(row: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        operations(row)


def test_an_unknown_operation_is_named_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="no operation 'di'") as caught:
        operations(document({}), ["di"])
    assert caught.value.next == "the document has: do"


KEYS = st.sampled_from(["$ref", "in", "name", "schema", "content", "type", "properties"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


@given(JSON, JSON)
def test_any_document_is_tools_or_one_error(parameters: Any, content: Any) -> None:
    row = document({"parameters": [parameters], "requestBody": {"content": {"application/json": content}}})
    try:
        found = operations(row)
    except UsageError as error:
        found = []
        told = error.what
    assert found or told
