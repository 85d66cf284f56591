"""What stands before every route: who may ask, from which host name, how much; and the count of it. Pure ASGI."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from steadyhand.serve.loopback import is_loopback
from steadyhand.serve.metrics import Metrics
from steadyhand.serve.problem import BAD, DENIED, LEFT, Problem

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
OPEN = ("/healthz",)  # what probes may ask without a token
APPROVERS = "/v1/agent/"  # asks for tokens of its own


class Front:
    """`token`: whom it lets in, "" for everybody. `local`: the server listens on loopback only, so a request for any
    other host name was sent by a page in somebody's browser (DNS rebinding)."""

    def __init__(self, app: App, metrics: Metrics, *, token: str = "", local: bool = True) -> None:
        self._app, self._metrics, self._token, self._local = app, metrics, token.encode(), local

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), LEFT

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if problem := self._refusal(scope):
                await refuse(problem, sent)
            else:
                await self._app(scope, receive, sent)
        finally:
            self._metrics.request(scope["path"], status, time.perf_counter() - started)

    def _refusal(self, scope: Message) -> Problem | None:
        headers = dict(scope["headers"])
        if self._local and not is_loopback(_host(headers.get(b"host", b"").decode("latin-1"))):
            return Problem("this server is asked for by another name than its own", status=BAD, code="wrong_host")
        if scope["path"].startswith(APPROVERS):
            return None
        if self._token and scope["path"] not in OPEN and not self._known(headers.get(b"authorization", b"")):
            said = {"WWW-Authenticate": "Bearer"}
            return Problem("no access: send the token as a bearer", status=DENIED, code="invalid_api_key", headers=said)
        return None

    def _known(self, header: bytes) -> bool:
        kind, _, secret = header.partition(b" ")
        return hmac.compare_digest(secret.strip(), self._token) and kind.lower() == b"bearer"


def _host(header: str) -> str:
    name, colon, port = header.rpartition(":")
    return name if colon and port.isdigit() else header


async def refuse(problem: Problem, send: Send) -> None:
    body = json.dumps(problem.body()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
