"""The two endpoints: a request, its answer with how long it took, or why there is none. Knows HTTP; counts nothing."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from steadyhand.chat.messages import Json
from steadyhand.models.endpoints.stream_accumulator import Gathered, events
from steadyhand.rollout.config import ArmConfig
from steadyhand.text.redaction import SHORTEST, Redactor

_CHAT = "/chat/completions"
_RESTS = 2.0  # seconds
_LONGEST = 200  # characters of a server's complaint


@dataclass
class UpstreamAnswer:
    """`row`: OpenAI's object, None where it failed; `failure`: why; `status`: what the server said, 502 for nothing."""

    status: int
    row: dict[str, Json] | None
    failure: str
    seconds: float

    @property
    def usage(self) -> dict[str, int]:
        used = (self.row or {}).get("usage")
        keys = ("prompt_tokens", "completion_tokens")
        return {key: int(used[key]) for key in keys if isinstance(used, dict) and isinstance(used.get(key), int)}


class Upstream:
    """One endpoint. Never raises for what the server does wrong."""

    def __init__(self, arm: ArmConfig, seconds: float, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.arm = arm
        key = arm.key
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._redact = Redactor([key] if len(key) >= SHORTEST else [])  # a server may send its key back
        # shorter than the five seconds after which servers close a connection that rests: one that is being closed
        # would fail the next answer, and the model would be blamed
        limits = httpx.Limits(max_connections=256, max_keepalive_connections=64, keepalive_expiry=_RESTS)
        self._client = httpx.AsyncClient(headers=headers, timeout=seconds, transport=transport, limits=limits)
        self._url = arm.url.rstrip("/") + _CHAT

    async def close(self) -> None:
        await self._client.aclose()

    def _body(self, body: Mapping[str, Json], stream: bool) -> dict[str, Json]:
        sent = {**body, "model": self.arm.model, "stream": stream}
        if not stream:
            sent.pop("stream_options", None)
        return sent

    async def ask(self, body: Mapping[str, Json]) -> UpstreamAnswer:
        """The whole answer."""
        started = time.perf_counter()
        try:
            response = await self._sent(self._body(body, False), False)
        except httpx.HTTPError as error:
            return self._failed(502, str(error) or type(error).__name__, started)
        return self._read(response.status_code, response.content, started)

    async def stream(self, body: Mapping[str, Json]) -> StreamedAnswer:
        """The answer as it grows, its head read: `failed` says at once where there is none."""
        streamed = StreamedAnswer(time.perf_counter())
        try:
            response = await self._sent(self._body(body, True), True)
            kind = response.headers.get("content-type", "")
            if response.status_code >= 400 or not kind.startswith("text/event-stream"):
                streamed.whole = self._read(response.status_code, await response.aread(), streamed.started)
                await response.aclose()
            else:
                streamed.response = response
        except httpx.HTTPError as error:
            streamed.whole = self._failed(502, str(error) or type(error).__name__, streamed.started)
        return streamed

    async def _sent(self, body: Mapping[str, Json], stream: bool) -> httpx.Response:
        """Once more where the connection broke before a word of the answer."""
        request = self._client.build_request("POST", self._url, json=body)
        try:
            return await self._client.send(request, stream=stream)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return await self._client.send(request, stream=stream)

    def _read(self, status: int, content: bytes, started: float) -> UpstreamAnswer:
        if status >= 400:
            text = self._redact.text(content.decode("utf-8", "replace"))[:_LONGEST]
            return self._failed(status, f"HTTP {status} {text}", started)
        try:
            row = self._redact.value(json.loads(content))
        except (ValueError, RecursionError):
            return self._failed(502, "the server did not answer with JSON", started)
        if not isinstance(row, dict):
            return self._failed(502, "the server did not answer with an object", started)
        return UpstreamAnswer(status, row, "", time.perf_counter() - started)

    def _failed(self, status: int, why: str, started: float) -> UpstreamAnswer:
        return UpstreamAnswer(status, None, self._redact.text(why)[:_LONGEST], time.perf_counter() - started)


@dataclass
class StreamedAnswer:
    """`whole` is set where the server did not stream; else `pieces` gives its bytes, and `end` what they came to."""

    started: float
    response: httpx.Response | None = None
    whole: UpstreamAnswer | None = None
    failure: str = ""
    _lines: list[str] = field(default_factory=list)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The server's lines as they come, each with its end."""
        assert self.response is not None
        try:
            async for line in self.response.aiter_lines():
                self._lines.append(line)
                yield f"{line}\n".encode()
        except httpx.HTTPError as error:
            self.failure = str(error) or type(error).__name__
        finally:
            await self.response.aclose()

    def end(self) -> UpstreamAnswer:
        gathered, failure, row = Gathered(), self.failure, None
        try:
            for data in events(self._lines):
                chunk: Any = json.loads(data)
                if not isinstance(chunk, dict) or chunk.get("error"):
                    failure = failure or "the server broke the answer off"
                else:
                    gathered.add(chunk)
        except (ValueError, TypeError, AttributeError):
            failure = failure or "the server streams something else than JSON"
        if not failure:
            row = gathered.row
        return UpstreamAnswer(200, row, failure, time.perf_counter() - self.started)
