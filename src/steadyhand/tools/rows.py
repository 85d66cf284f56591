"""How a domain's tools are carried out, as its agent.yaml says it: `services` and `tools`, typed.

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

A service with `kind: mcp` is an MCP server, at a url or started with a command. Its tools are named by `call`:

    services:
      uss: {kind: mcp, command: [python, server.py], pass_env: [USS_TOKEN]}
    tools:
      query_uss: {service: uss, effect: read, call: reputation}
      report_uss:
        service: uss
        effect: write
        call: file_feedback
        key_argument: key
        find: {call: feedback_by_key, arguments: {key: "{key}"}, refused: {required: [error]}}
        undo: {call: withdraw, arguments: {ticket: "{ticket}"}}

Addresses may, and tokens must, come from the environment. Knows nothing of the plan or the policy in the same file.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from steadyhand.chat.schema import schema_problem
from steadyhand.tools.bound import Effect
from steadyhand.tools.http import METHODS, Endpoint
from steadyhand.tools.mcp import fields_of

_REQUEST = re.compile(rf"({'|'.join(METHODS).upper()}) (/\S*)")


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServiceRow(Closed):
    """`url_from` and `token_from` name variables of the environment; the first overrides `url`. `command` starts an MCP
    server that speaks over stdio; it is given the variables named in `pass_env`. Seconds."""

    kind: Literal["http", "mcp"] = "http"
    url: str = ""
    url_from: str = ""
    token_from: str = ""
    command: tuple[str, ...] = ()
    pass_env: tuple[str, ...] = ()
    timeout: float = Field(default=10.0, gt=0, le=600)
    retries: int = Field(default=3, ge=0, le=10)
    wait: float = Field(default=0.2, ge=0, le=60)

    @model_validator(mode="after")
    def _reachable(self) -> ServiceRow:
        if bool(self.url or self.url_from) == bool(self.command):
            raise ValueError("a service has a url, or (an MCP server) a command")
        if self.kind == "http" and (self.command or self.pass_env):
            raise ValueError("command and pass_env belong to kind: mcp")
        if self.command and self.token_from:
            raise ValueError("token_from belongs to a url; give a command its variables with pass_env")
        return self


class CallRow(Closed):
    """Over HTTP: `request` is method and path, `query` names arguments that go into the query although there is a body.
    Of an MCP server: `call` is the tool's name there; `arguments` are what it is given, with `{field}` for ours. An
    object that keeps to the schema `refused` says that nothing was done, or of `find`, that nothing is there."""

    request: str = ""
    query: tuple[str, ...] = ()
    body: str = ""
    call: str = ""
    arguments: dict[str, str] | None = None
    refused: dict[str, Any] = Field(default_factory=dict)
    answers: dict[str, Any] = Field(default_factory=dict)

    @field_validator("request")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and not _REQUEST.fullmatch(value):
            raise ValueError("a request is a method and a path, for example GET /v1/reputation")
        return value

    def problem(self, kind: str, *, named: bool) -> str:
        """What does not fit to this kind of service; `named`: the call has a name without `call`."""
        if kind == "http":
            odd = bool(self.call or self.arguments or self.refused)
            return "call, arguments and refused belong to kind: mcp" if odd else "" if self.request else "request"
        odd = bool(self.request or self.query or self.body)
        return "request, query and body belong to HTTP" if odd else "" if self.call or named else "call"

    @field_validator("answers", "refused")
    @classmethod
    def _schema(cls, value: dict[str, Any]) -> dict[str, Any]:
        if problem := schema_problem(value, "the schema"):
            raise ValueError(f"not a JSON Schema: {problem}")
        return value

    def endpoint(self, key_header: str = "") -> Endpoint:
        method, _, path = self.request.partition(" ")
        return Endpoint(method.lower(), path, frozenset(self.query), self.body, key_header)


class ToolRow(CallRow):
    """`key_header` (of an MCP server `key_argument`): the service does the same key once. `find` reads what became of a
    key; `undo` takes the write back."""

    service: str
    effect: Effect
    key_header: str = ""
    key_argument: str = ""
    find: CallRow | None = None
    undo: CallRow | None = None

    @model_validator(mode="after")
    def _sound(self) -> ToolRow:
        if self.effect == "read" and (self.key_header or self.key_argument or self.find or self.undo):
            raise ValueError("key_header, key_argument, find and undo belong to a write")
        if self.find and self.find.call:
            if fields_of(self.find.arguments or {}) != ["key"] or not self.find.refused:
                raise ValueError('find has arguments with "{key}", and refused, which says that nothing is there')
        elif self.find and (self.find.endpoint().method != "get" or self.find.endpoint().placeholders != ("key",)):
            raise ValueError("find is a GET with {key} in its path")
        return self

    def fit(self, name: str, kind: str) -> None:
        """Raises ValueError for keys of another kind of service."""
        parts: list[tuple[str, CallRow | None]] = [(name, self), (f"find of {name}", self.find)]
        for part, row in [*parts, (f"undo of {name}", self.undo)]:
            if row and (problem := row.problem(kind, named=row is self)):
                lacks = "lacks " if problem in ("request", "call") else ""
                raise ValueError(f"{part}: {lacks}{problem}")
        if (self.key_argument and kind == "http") or (self.key_header and kind == "mcp"):
            raise ValueError(f"{name}: key_header is for HTTP, key_argument for kind: mcp")


class ToolsRow(Closed):
    services: dict[str, ServiceRow] = Field(default_factory=dict)
    tools: dict[str, ToolRow] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _named(self) -> ToolsRow:
        for name, row in self.tools.items():
            if row.service not in self.services:
                raise ValueError(f"the tool {name!r} names the service {row.service!r}, which is not under services")
            row.fit(name, self.services[row.service].kind)
        return self
