"""Connections that break or rest, over real sockets: what is the server's closing is not held against the model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpcore._async.http11 as http11
import pytest

from steadyhand.rollout.config import ArmConfig
from steadyhand.rollout.upstream import Upstream, UpstreamAnswer

ROW = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}]}
ASKED = {"messages": [{"role": "user", "content": "Is KD-1 whole?"}]}
PIECE = {"choices": [{"index": 0, "delta": {"content": "o"}, "finish_reason": None}]}


def whole(row: Any = ROW) -> bytes:
    body = json.dumps(row).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def streamed() -> bytes:
    """The head of a stream and its first piece; what should follow does not."""
    data = f"data: {json.dumps(PIECE)}\n\n".encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n" % (len(data), data)


@dataclass
class Server:
    """Answers the n-th request with the n-th bytes (the last ones again and again), then closes where `closes` says so.
    `connections`: how many were opened."""

    answers: Sequence[bytes]
    closes: bool = False
    url: str = ""
    requests: int = 0
    connections: int = 0
    open: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.append(writer)
        try:
            while await self._request(reader):
                answer = self.answers[min(self.requests, len(self.answers) - 1)]
                self.requests += 1
                writer.write(answer)
                await writer.drain()
                if self.closes or not answer or b"chunked" in answer:
                    break
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bool:
        """Reads one whole request; False where the client has gone."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        size = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        await reader.readexactly(size)
        return True


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Upstream]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    upstream = Upstream(ArmConfig.model_validate({"url": url, "model": "m"}), 10.0)
    try:
        yield upstream
    finally:
        await upstream.close()
        listening.close()
        for writer in server.open:
            writer.close()
        await listening.wait_closed()


def asked(server: Server, act: Callable[[Upstream], Awaitable[Any]]) -> Any:
    async def scene() -> Any:
        async with serving(server) as upstream:
            return await act(upstream)

    return asyncio.run(scene())


def test_a_connection_that_the_server_closed_while_it_rested_fails_no_answer() -> None:
    """The server says that it keeps the connection and closes it all the same."""
    server = Server([whole()], closes=True)

    async def thrice(upstream: Upstream) -> list[UpstreamAnswer]:
        return [await upstream.ask(ASKED) for _ in range(3)]

    assert [one.failure for one in asked(server, thrice)] == ["", "", ""]
    assert server.requests == 3


@pytest.mark.parametrize("kind", ["ask", "stream"])
def test_a_connection_that_breaks_before_a_word_is_tried_once_more(kind: str) -> None:
    server = Server([b"", whole()])

    async def once(upstream: Upstream) -> UpstreamAnswer:
        return await upstream.ask(ASKED) if kind == "ask" else (await upstream.stream(ASKED)).whole  # type: ignore[return-value]

    answer = asked(server, once)
    assert (answer.failure, answer.status, server.requests) == ("", 200, 2)
    assert answer.row["choices"][0]["message"]["content"] == "ok"


def test_one_that_breaks_again_is_a_failure_of_the_model_and_raises_nothing() -> None:
    server = Server([b""])
    answer = asked(server, lambda upstream: upstream.ask(ASKED))
    assert (answer.status, answer.row, server.requests) == (502, None, 2)
    assert "disconnected" in answer.failure


def test_a_stream_that_breaks_after_its_first_words_is_not_asked_for_again() -> None:
    """The client has these words already."""
    server = Server([streamed()])

    async def read(upstream: Upstream) -> tuple[list[bytes], UpstreamAnswer]:
        answer = await upstream.stream(ASKED)
        return [piece async for piece in answer.pieces()], answer.end()

    pieces, answer = asked(server, read)
    assert json.loads(pieces[0].removeprefix(b"data: ")) == PIECE
    assert (answer.row, server.requests) == (None, 1)
    assert answer.failure


@pytest.mark.parametrize(("rested", "connections"), [(1.0, 1), (4.0, 2)])
def test_a_connection_is_given_up_before_servers_close_it(
    monkeypatch: pytest.MonkeyPatch, rested: float, connections: int
) -> None:
    """Servers close after five seconds of rest; four seconds are more than this client lets it rest."""
    now = [1000.0]
    monkeypatch.setattr(http11, "time", SimpleNamespace(monotonic=lambda: now[0]))
    server = Server([whole()])

    async def twice(upstream: Upstream) -> list[str]:
        first = await upstream.ask(ASKED)
        now[0] += rested
        return [first.failure, (await upstream.ask(ASKED)).failure]

    assert asked(server, twice) == ["", ""]
    assert server.connections == connections
