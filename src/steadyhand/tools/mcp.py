"""Tools of an MCP server, over stdio or streamable HTTP, by the official SDK; it is asked, and never asks us.

A server that wants to sample from a model, or to ask the user, is refused: it gets arguments and gives an answer. The
SDK lives in an event loop on a thread of its own, and a lost connection is made anew by the next call. What an answer
means for what was done is judged here: an error of a tool says that something failed, not that nothing was done, so a
write counts as unknown unless the answer keeps to the schema with which the domain says "it was not done".
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from steadyhand.chat.exact import JsonError, loads, plain
from steadyhand.chat.messages import Json, Tool
from steadyhand.chat.schema import check_tool_schema, schema_errors
from steadyhand.errors import DomainError, JobError, first_line
from steadyhand.extras import not_installed
from steadyhand.text.redaction import Redactor, without_passwords
from steadyhand.text.terminal import one_line
from steadyhand.tools.http import redactor
from steadyhand.tools.result import Result, Status

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

_PAGES = 100  # of a server's list of tools
_LINE = 65_536  # characters of a server's complaint that are shown in one line
_NOT_RUN = {-32600, -32601, -32602}  # JSON-RPC: no request, no such method, wrong parameters: no tool was run


@dataclass(frozen=True)
class Listed:
    """A tool as its server describes it: `answers` is the schema of its answer, empty for anything."""

    tool: Tool
    answers: dict[str, Json]


class _NotReached(Exception):  # noqa: N818  no error of ours: a result is made of it
    """There is no connection, and none could be made: nothing was sent."""


class McpService:
    """One MCP server: a `url` (with its `token`), or a `command` that is started here with the variables `passed` of
    this environment besides those that every program gets. `seconds` bounds connecting. Safe for many threads; close
    it in the end. Raises PrerequisiteError when the SDK is not installed."""

    def __init__(
        self, url: str = "", *, token: str = "", command: tuple[str, ...] = (), passed: tuple[str, ...] = (),
        seconds: float = 10.0,
    ) -> None:  # fmt: skip
        try:
            import mcp  # noqa: F401
        except ImportError as error:
            raise not_installed(error.name or "mcp", "an MCP server") from error
        self.name = without_passwords(url) or " ".join(command)
        given = [os.environ.get(name, "") for name in passed]
        self.redact = redactor(token, *(value for value in given if not value.startswith(("http://", "https://"))))
        self._url, self._token, self._command, self._passed = url, token, command, passed
        self._seconds = seconds
        self._lock = threading.Lock()
        self._portal: BlockingPortal | None = None
        self._running, self._connection = ExitStack(), ExitStack()
        self._client: Any = None

    def close(self) -> None:
        with self._lock:
            self._drop()
            self._running.close()
            self._portal = None

    def listed(self) -> dict[str, Listed]:
        """The server's tools by name. Raises JobError when it cannot be asked, DomainError for an unsound schema."""
        try:
            tools = self._timed(self._list, self._seconds)
        except Exception as error:
            after = "start it, or correct its address or command in agent.yaml"
            what = f"the MCP server does not answer: {self.redact.text(_told(error))}"
            raise JobError(what, where=self.name, next=after) from error
        clean = self.redact.value
        told = [clean([t.name, t.description or "", t.input_schema, t.output_schema or {}]) for t in tools]
        found = [Listed(Tool(name, text, schema), answers) for name, text, schema, answers in told]
        for one in found:
            if problems := check_tool_schema(one.tool):
                raise DomainError(f"the tool {one.tool.name!r} is unsound: {problems[0]}", where=self.name)
        return {one.tool.name: one for one in found}

    def call(self, name: str, arguments: Mapping[str, Json], seconds: float) -> tuple[Json, bool]:
        """The answer, and whether the tool calls it an error. Raises what goes wrong; _NotReached when nothing left."""
        client = self._connected()
        try:
            found = self._timed(lambda: client.call_tool(name, dict(arguments), seconds), seconds + 1)
        except Exception as error:
            if not _answered(error):
                with self._lock:
                    if self._client is client:
                        self._drop()
            raise
        return _value(found), bool(found.is_error)

    async def _list(self) -> list[Any]:
        client, found, cursor = self._client, [], None
        for _ in range(_PAGES):
            page = await client.list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if cursor is None:
                return found
        raise TimeoutError("its list of tools has no end")

    def _timed(self, work: Any, seconds: float) -> Any:
        """Runs a coroutine function in the loop, for at most `seconds`."""
        import anyio

        self._connected()

        async def run() -> Any:
            with anyio.fail_after(seconds):
                return await work()

        assert self._portal
        return self._portal.call(run)

    def _connected(self) -> Any:
        from anyio.from_thread import start_blocking_portal

        with self._lock:
            if self._client is None:
                if self._portal is None:
                    self._portal = self._running.enter_context(start_blocking_portal(name="mcp"))
                try:
                    entered = self._portal.wrap_async_context_manager(self._connect())
                    self._client = self._connection.enter_context(entered)
                except Exception as error:
                    raise _NotReached(_told(error)) from error
            return self._client

    def _drop(self) -> None:
        """Ends the connection. That a broken one ends with an error as well is no news."""
        self._client = None
        with suppress(Exception):
            self._connection.close()
        self._connection = ExitStack()

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[Any]:
        from mcp import Client

        async with self._transport() as transport, AsyncExitStack() as stack:
            client = Client(transport, cache=None, read_timeout_seconds=self._seconds)
            async with asyncio.timeout(self._seconds):  # one of anyio's would have to end before the connection begins
                entered = await stack.enter_async_context(client)
            yield entered

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[Any]:
        if self._command:
            from mcp import StdioServerParameters, stdio_client

            given = {name: os.environ[name] for name in self._passed if name in os.environ}
            started = StdioServerParameters(command=self._command[0], args=list(self._command[1:]), env=given)
            with _passed_on(self.redact) as errors:
                yield stdio_client(started, errlog=errors)
            return
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with httpx2.AsyncClient(headers=headers, timeout=self._seconds, trust_env=False) as http:
            yield streamable_http_client(self._url, http_client=http)


@contextmanager
def _passed_on(redact: Redactor) -> Iterator[TextIO]:
    """A file whose lines a server may complain in: they come out on stderr, as text and without the token."""
    out, into = os.pipe()

    def read() -> None:
        with os.fdopen(out, encoding="utf-8", errors="backslashreplace") as lines:
            while line := lines.readline(_LINE):
                sys.stderr.write(f"{one_line(redact.text(line.rstrip()))}\n")

    threading.Thread(target=read, name="mcp-stderr", daemon=True).start()
    with os.fdopen(into, "w") as file:
        yield file


@dataclass(frozen=True)
class McpCarrier:
    """A tool of `service`, there called `name`. `given` are its arguments with `{field}` for ours (None: ours as they
    are), `key_argument` takes a write's idempotency key. An object that keeps to `refused`, answer or error,
    says that it was not done; `code` is what such a result bears."""

    service: McpService
    name: str
    given: dict[str, str] | None = None
    key_argument: str = ""
    refused: dict[str, Json] = field(default_factory=dict)
    code: int = 400

    def __call__(self, arguments: Mapping[str, Json], key: str, seconds: float) -> Result:
        return self._carried(arguments, key, seconds).without(self.service.redact)

    def _carried(self, arguments: Mapping[str, Json], key: str, seconds: float) -> Result:
        try:
            value, failed = self.service.call(self.name, self._sent(arguments, key), seconds)
        except _NotReached as error:
            return Result(Status.NOT_SENT, detail=f"not reached: {error}", again=0.0)
        except Exception as error:  # noqa: BLE001  whatever the SDK raises, what was sent is in doubt
            if getattr(error, "code", None) in _NOT_RUN:
                return Result(Status.REFUSED, {"error": _told(error)}, _told(error), self.code)
            return Result(Status.UNKNOWN, detail=_told(error), again=0.0)
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if self.refused and isinstance(value, dict) and not schema_errors(Tool(self.name, "", self.refused), value):
            return Result(Status.REFUSED, value, told[:200], self.code)
        if failed:
            return Result(Status.UNKNOWN, detail=f"the tool failed: {told[:200]}", again=0.0)
        return Result(Status.OK, value)

    def _sent(self, arguments: Mapping[str, Json], key: str) -> dict[str, Json]:
        sent = dict(arguments)
        if self.given is not None:
            sent = {name: arguments.get(text[1:-1]) if _is_field(text) else text for name, text in self.given.items()}
        return sent | ({self.key_argument: key} if self.key_argument else {})


def _is_field(text: str) -> bool:
    return text.startswith("{") and text.endswith("}")


def fields_of(given: Mapping[str, str]) -> list[str]:
    """The names in braces, in order: what an argument template asks for."""
    return [text[1:-1] for text in given.values() if _is_field(text)]


def _value(found: Any) -> Json:
    """Structured content, else the text as JSON where it is JSON (without NaN and equal keys), else the text."""
    if found.structured_content is not None:
        return found.structured_content
    text = "".join(part.text for part in found.content if part.type == "text")
    try:
        return plain(loads(text))
    except JsonError:
        return text


def _answered(error: Exception) -> bool:
    """Whether the server itself said this, so that the connection is sound."""
    from mcp import MCPError

    return isinstance(error, MCPError) and error.code not in (-32000, -32001)


def _told(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return first_line(error)
