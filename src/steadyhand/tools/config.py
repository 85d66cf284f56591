"""How a domain's tools are carried out: the `services` and `tools` of its agent.yaml, bound to the files in tools/.

    services:
      uss: {url: http://127.0.0.1:8321, url_from: USS_URL, token_from: USS_TOKEN, timeout: 10, retries: 3}
    tools:
      query_uss: {service: uss, effect: read, request: GET /v1/reputation, answers: {type: object}}
      report_uss:
        service: uss
        effect: write
        request: POST /v1/feedback
        key_header: Idempotency-Key
        find: {request: "GET /v1/feedback/by-key/{key}"}
        undo: {request: "DELETE /v1/feedback/{ticket}"}

Addresses may, and tokens must, come from the environment. Knows nothing of the plan or the policy in the same file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from steadyhand.chat.messages import Json, Tool
from steadyhand.domain.jsonfile import read_json
from steadyhand.domain.openai import read_tool
from steadyhand.errors import DomainError, PrerequisiteError
from steadyhand.tools.bound import BoundTool, Effect, Patience
from steadyhand.tools.http import METHODS, Endpoint, HttpCarrier, Service

_REQUEST = re.compile(rf"({'|'.join(METHODS).upper()}) (/\S*)")


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServiceRow(Closed):
    """`url_from` and `token_from` name variables of the environment; the first overrides `url`. Seconds."""

    url: str
    url_from: str = ""
    token_from: str = ""
    timeout: float = Field(default=10.0, gt=0, le=600)
    retries: int = Field(default=3, ge=0, le=10)
    wait: float = Field(default=0.2, ge=0, le=60)


class CallRow(Closed):
    """`request` is method and path; `query` names arguments that go into the query although there is a body."""

    request: str
    query: tuple[str, ...] = ()
    body: str = ""
    answers: dict[str, Any] = Field(default_factory=dict)

    @field_validator("request")
    @classmethod
    def _known(cls, value: str) -> str:
        if not _REQUEST.fullmatch(value):
            raise ValueError("a request is a method and a path, for example GET /v1/reputation")
        return value

    @field_validator("answers")
    @classmethod
    def _schema(cls, value: dict[str, Any]) -> dict[str, Any]:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError

        try:
            Draft202012Validator.check_schema(value)
        except SchemaError as error:
            raise ValueError(f"not a JSON Schema: {error.message}") from error
        return value

    def endpoint(self, key_header: str = "") -> Endpoint:
        method, _, path = self.request.partition(" ")
        return Endpoint(method.lower(), path, frozenset(self.query), self.body, key_header)


class ToolRow(CallRow):
    """`key_header`: the service does the same key once. `find` reads what became of a key; `undo` takes it back."""

    service: str
    effect: Effect
    key_header: str = ""
    find: CallRow | None = None
    undo: CallRow | None = None

    @model_validator(mode="after")
    def _sound(self) -> ToolRow:
        if self.effect == "read" and (self.key_header or self.find or self.undo):
            raise ValueError("key_header, find and undo belong to a write")
        if self.find and (self.find.endpoint().method != "get" or self.find.endpoint().placeholders != ("key",)):
            raise ValueError("find is a GET with {key} in its path")
        return self


class ToolsRow(Closed):
    services: dict[str, ServiceRow] = Field(default_factory=dict)
    tools: dict[str, ToolRow] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _named(self) -> ToolsRow:
        for name, row in self.tools.items():
            if row.service not in self.services:
                raise ValueError(f"the tool {name!r} names the service {row.service!r}, which is not under services")
        return self


class Toolbox(Mapping[str, BoundTool]):
    """The bound tools by name; close it to close their connections."""

    def __init__(self, tools: Mapping[str, BoundTool], services: Mapping[str, Service] | None = None) -> None:
        self._tools, self._services = dict(tools), dict(services or {})

    def __getitem__(self, name: str) -> BoundTool:
        return self._tools[name]

    def __iter__(self) -> Any:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def __enter__(self) -> Toolbox:
        return self

    def __exit__(self, *_: object) -> None:
        for service in self._services.values():
            service.close()


def bind(rows: ToolsRow, folder: Path) -> Toolbox:
    """The tools of `rows`, with the schemas of `folder`/tools/<name>.json. Raises DomainError (a file is missing or
    wrong) and PrerequisiteError (a variable of the environment is not set)."""
    schemas = {name: _schema_of(folder / "tools" / f"{name}.json", name) for name in rows.tools}
    services = {name: _service(row) for name, row in rows.services.items()}
    tools = {}
    for name, row in rows.tools.items():
        patience = Patience(*(getattr(rows.services[row.service], key) for key in ("timeout", "retries", "wait")))
        tools[name] = _bound(schemas[name], row, services[row.service], patience)
    return Toolbox(tools, services)


def _schema_of(path: Path, name: str) -> Tool:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DomainError(
            f"the tool {name!r} has no schema: {error}", where=str(path), next="write it, or remove the tool"
        ) from error
    tool = read_tool(read_json(text, str(path)))
    if tool.name != name:
        raise DomainError(f"the tool is called {tool.name!r}, not {name!r}", where=str(path), next="rename one of them")
    return tool


def _service(row: ServiceRow) -> Service:
    token = os.environ.get(row.token_from, "") if row.token_from else ""
    if row.token_from and not token:
        raise PrerequisiteError(
            f"the variable {row.token_from} is not set", next=f"export {row.token_from}=... (the service's token)"
        )
    return Service(os.environ.get(row.url_from) or row.url if row.url_from else row.url, token=token)


def _bound(tool: Tool, row: ToolRow, service: Service, patience: Patience) -> BoundTool:
    endpoint = row.endpoint(row.key_header)
    if unknown := set(endpoint.placeholders) - set(tool.parameters.get("properties") or {}):
        raise DomainError(f"{tool.name}: {sorted(unknown)[0]!r} of the path is no argument of the tool")
    find = undo = None
    if row.find:
        find = _part(f"find_{tool.name}", "read", row.find, service, patience)
    if row.undo:
        undo = _part(f"undo_{tool.name}", "write", row.undo, service, patience)
    carry = HttpCarrier(service, endpoint)
    return BoundTool(tool, row.effect, carry, dict(row.answers), patience, bool(row.key_header), find, undo)


def _part(name: str, effect: Effect, row: CallRow, service: Service, patience: Patience) -> BoundTool:
    """A call whose arguments are the placeholders of its path, all text."""
    endpoint = row.endpoint()
    names = list(endpoint.placeholders)
    properties: dict[str, Json] = {name: {"type": "string", "minLength": 1} for name in names}
    schema = {"type": "object", "properties": properties, "required": names, "additionalProperties": False}
    return BoundTool(Tool(name, "", schema), effect, HttpCarrier(service, endpoint), dict(row.answers), patience)
