"""Faults on demand, so that whoever calls USS can be tested against a USS that misbehaves. Off unless asked for.

Works on the wire: a dropped connection is a real reset, and an answer that comes twice is really sent twice. For that
`FaultyProtocol` remembers each connection's transport by the client's address, which the application sees as well.
"""

from __future__ import annotations

import asyncio
import threading
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

SWITCH = "/faults"
_TRANSPORTS: dict[tuple[str, int], asyncio.Transport] = {}


class Kind(StrEnum):
    SLOW = "slow"  # the answer comes `seconds` late
    FAIL = "fail"  # status 503, nothing is done
    FAIL_AFTER = "fail_after"  # status 503, although it was done
    GARBAGE = "garbage"  # status 200 and a body that is no JSON, although it was done
    TWICE = "twice"  # the whole answer is sent twice
    DROP = "drop"  # the connection is reset before anything is done
    DROP_AFTER = "drop_after"  # the connection is reset after it was done: the caller cannot know


class Fault(BaseModel):
    """What happens to the next `times` requests whose method and path begin match."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=0.0, ge=0, le=60)
    method: str = ""  # empty: any
    path: str = "/v1/"


class Faults:
    """ASGI middleware in front of the service; `plan` is used up from its beginning."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._plan: list[Fault] = []
        self._lock = threading.Lock()

    def set(self, plan: list[Fault]) -> None:
        with self._lock:
            self._plan = [fault.model_copy() for fault in plan]

    def _next(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._plan:
                if fault.method in ("", method) and path.startswith(fault.path):
                    fault.times -= 1
                    self._plan = [other for other in self._plan if other.times > 0]
                    return fault
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._next(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind is Kind.SLOW:
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
        elif fault.kind is Kind.FAIL:
            await _answer(send, 503, b'{"error": "service down"}')
        elif fault.kind is Kind.DROP:
            _TRANSPORTS[scope["client"]].abort()
        else:
            await self._after(fault.kind, scope, receive, send)

    async def _after(self, kind: Kind, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is carried out; only its answer suffers."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(scope, receive, keep)
        if kind is Kind.DROP_AFTER:
            _TRANSPORTS[scope["client"]].abort()
        elif kind is Kind.GARBAGE:
            await _answer(send, 200, b"<html>proxy error</html>")
        elif kind is Kind.FAIL_AFTER:
            await _answer(send, 503, b'{"error": "service down"}')
        else:
            _TRANSPORTS[scope["client"]].write(_raw(kept) * 2)
            _TRANSPORTS[scope["client"]].close()


class FaultyProtocol(H11Protocol):
    """uvicorn's protocol, with its transports where `Faults` finds them."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self.client is not None:
            _TRANSPORTS[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _TRANSPORTS.pop(self.client, None)
        super().connection_lost(exc)


def _raw(messages: list[Message]) -> bytes:
    start = messages[0]
    body = b"".join(message.get("body", b"") for message in messages[1:])
    headers = b"".join(name + b": " + value + b"\r\n" for name, value in start["headers"])
    return b"HTTP/1.1 %d OK\r\n" % start["status"] + headers + b"\r\n" + body


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
