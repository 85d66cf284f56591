"""The `services` and `tools` of an agent.yaml, bound to the files in tools/ and to servers. Knows no plan or policy."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from steadyhand.chat.messages import Json, Tool
from steadyhand.domain.openai import read_tool
from steadyhand.errors import DomainError, PrerequisiteError
from steadyhand.files import read_text
from steadyhand.source.jsonfile import read_json
from steadyhand.tools.bound import BoundTool, Effect, Patience
from steadyhand.tools.http import HttpCarrier, Service
from steadyhand.tools.mcp import McpCarrier, McpService, fields_of
from steadyhand.tools.rows import CallRow, ServiceRow, ToolRow, ToolsRow


class Toolbox(Mapping[str, BoundTool]):
    """The bound tools by name; close it to close their connections."""

    def __init__(
        self, tools: Mapping[str, BoundTool], services: Mapping[str, Service | McpService] | None = None
    ) -> None:
        self._tools, self._services = dict(tools), dict(services or {})

    def __getitem__(self, name: str) -> BoundTool:
        return self._tools[name]

    def __iter__(self) -> Any:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def __enter__(self) -> Toolbox:
        return self

    def add(self, name: str, row: ToolRow, service: ServiceRow, schema: Tool | None) -> None:
        """Binds one more tool to one of the services. `schema`: None for what an MCP server says of it."""
        patience = Patience(service.timeout, service.retries, service.wait)
        at = self._services[row.service]
        if isinstance(at, McpService):
            self._tools[name] = _bound_mcp(name, schema, row, at, patience)
        else:
            assert schema
            self._tools[name] = _bound(schema, row, at, patience)

    def __exit__(self, *_: object) -> None:
        for service in self._services.values():
            service.close()


def bind(rows: ToolsRow, folder: Path) -> Toolbox:
    """The tools of `rows`, with the schemas of `folder`/tools/<name>.json; a tool of an MCP server may do without the
    file, and is then what the server says. Raises DomainError (a file is missing or wrong), PrerequisiteError (a
    variable of the environment is not set, a package is missing) and JobError (an MCP server does not answer)."""
    paths = {name: folder / "tools" / f"{name}.json" for name in rows.tools}
    asked = {name for name, row in rows.tools.items() if rows.services[row.service].kind == "mcp"}
    schemas = {name: schema_of(path, name) for name, path in paths.items() if name not in asked or path.is_file()}
    box = Toolbox({}, {name: _service(row) for name, row in rows.services.items()})
    try:
        for name, row in rows.tools.items():
            box.add(name, row, rows.services[row.service], schemas.get(name))
    except BaseException:
        box.__exit__()
        raise
    return box


def schema_of(path: Path, name: str) -> Tool:
    if not path.exists():
        what = f"the tool {name!r} has no schema"
        raise DomainError(what, where=str(path), next="write it, or remove the tool")
    tool = read_tool(read_json(read_text(path), str(path)))
    if tool.name != name:
        raise DomainError(f"the tool is called {tool.name!r}, not {name!r}", where=str(path), next="rename one of them")
    return tool


def _service(row: ServiceRow) -> Service | McpService:
    token = os.environ.get(row.token_from, "").strip() if row.token_from else ""
    if row.token_from and not token:
        raise PrerequisiteError(
            f"the variable {row.token_from} is not set", next=f"export {row.token_from}=... (the service's token)"
        )
    url = os.environ.get(row.url_from) or row.url if row.url_from else row.url
    if row.kind == "http":
        return Service(url, token=token)
    return McpService(url, token=token, command=row.command, passed=row.pass_env, seconds=row.timeout)


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
    return BoundTool(
        tool, row.effect, carry, dict(row.answers), patience, bool(row.key_header), find, undo, row.service
    )


def _part(name: str, effect: Effect, row: CallRow, service: Service, patience: Patience) -> BoundTool:
    """A call whose arguments are the placeholders of its path, all text."""
    endpoint = row.endpoint()
    schema = _texts(endpoint.placeholders)
    return BoundTool(Tool(name, "", schema), effect, HttpCarrier(service, endpoint), dict(row.answers), patience)


def _texts(names: Iterable[str]) -> dict[str, Json]:
    properties: dict[str, Json] = {name: {"type": "string", "minLength": 1} for name in names}
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _bound_mcp(name: str, schema: Tool | None, row: ToolRow, service: McpService, patience: Patience) -> BoundTool:
    there = row.call or name
    answers = dict(row.answers)
    if schema is None:
        listed = service.listed()
        if there not in listed:
            raise DomainError(
                f"the MCP server has no tool {there!r}", where=service.name, next=f"it has: {', '.join(listed)}"
            )
        schema, answers = _without(listed[there].tool, name, row.key_argument), answers or listed[there].answers
    find = undo = None
    if row.find:
        find = _part_mcp(f"find_{name}", "read", row.find, service, patience, 404)
    if row.undo:
        undo = _part_mcp(f"undo_{name}", "write", row.undo, service, patience, 400)
    carry = McpCarrier(service, there, row.arguments, row.key_argument, dict(row.refused))
    return BoundTool(schema, row.effect, carry, answers, patience, bool(row.key_argument), find, undo, row.service)


def _without(tool: Tool, name: str, key: str) -> Tool:
    """The server's tool under our name, without the argument that takes the key: no model is to fill that in."""
    properties = {field: row for field, row in (tool.parameters.get("properties") or {}).items() if field != key}
    required = [field for field in tool.parameters.get("required") or () if field != key]
    return Tool(name, tool.description, {**tool.parameters, "properties": properties, "required": required})


def _part_mcp(name: str, effect: Effect, row: CallRow, service: McpService, patience: Patience, code: int) -> BoundTool:
    carry = McpCarrier(service, row.call, row.arguments or {}, "", dict(row.refused), code)
    schema = _texts(fields_of(row.arguments or {}))
    return BoundTool(Tool(name, "", schema), effect, carry, dict(row.answers), patience)
