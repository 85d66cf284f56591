"""One client's connection: uvicorn's, with a time for each part of a request and a bound on all connections.

Whoever sends nothing, a byte now and then, a body in crumbs, or reads nothing of his answer, is cut off; and when there
are too many, whoever has waited longest with half a request makes room. Knows HTTP/1.1 as h11 tells it; no route.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Literal

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from steadyhand.serve.limits import HEADERS, Limits

LOG = logging.getLogger(__name__)
SLICE = 8192  # bytes that are read on end: a head that never ends is noticed within them
CRUMB, CRUMBS = 64, 64  # pieces of a body shorter than this, and how many of them one request may have
LINGER = 5  # seconds for the last bytes of a connection that is closed
Phase = Literal["head", "body", "answer"]


class _Reader(h11.Connection):
    """Refuses a head of many lines, and a body in crumbs: each costs as much as a long one."""

    crumbs = 0

    def next_event(self) -> Any:
        if self.their_state is h11.IDLE and _head(self.trailing_data[0]).count(b"\n") > HEADERS:
            raise h11.RemoteProtocolError("the head has too many lines")
        event = super().next_event()
        if isinstance(event, h11.Request):
            self.crumbs = 0
        elif isinstance(event, h11.Data) and len(event.data) < CRUMB:
            self.crumbs += 1
            if self.crumbs > CRUMBS:
                raise h11.RemoteProtocolError("the body comes in too many pieces")
        return event


def _head(data: bytes) -> bytes:
    """What stands before the first empty line."""
    ends = [at for end in (b"\n\r\n", b"\n\n") if (at := data.find(end)) >= 0]
    return data[: min(ends, default=len(data))]


class Connection(H11Protocol):
    """`limits` are set by `within`."""

    limits = Limits()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn = _Reader(h11.SERVER, self.limits.head_bytes)
        self._phase: Phase | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self.since = 0.0  # when it began to owe us something
        self._unwanted = 0  # bytes that came behind an answer, of a body that nobody reads

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._expect("head")
        if len(self.connections) > self.limits.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop(self._timer, self._stalled)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._answered_early():
            self._unwanted += len(data)
            if self._unwanted > self.limits.body_bytes:
                self._cut()
                return
        for start in range(0, len(data), SLICE):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + SLICE])
        self._expect(due := self._due())
        if due is None and self.timeout_keep_alive_task is None:  # that was the rest of a body that nobody wanted
            self.timeout_keep_alive_task = self.loop.call_later(self.limits.idle, self.timeout_keep_alive_handler)

    def _answered_early(self) -> bool:
        """Before the body was in. What still comes of it is thrown away, for a client that is cut off in the middle of
        its body loses the answer; more than one whole body is not taken."""
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unwanted = 0
        if self.transport.is_closing():
            self._linger()
        else:
            over = self.cycle is None or self.cycle.response_complete  # else the next request has begun already
            due = self._due()
            self._expect(None if over and due == "answer" else due)  # at rest uvicorn counts the seconds

    def send_400_response(self, msg: str) -> None:
        """Of what is no HTTP. While an answer is under way, nothing can be said any more."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
            self._gone()
            self._linger()
        else:
            self._cut()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._linger()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.limits.write, self._cut)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop(self._stalled)

    def _due(self) -> Phase | None:
        """What is waited for; None between two requests."""
        if self.conn.their_state is h11.SEND_BODY:
            return "body"
        if self.conn.their_state is h11.IDLE:
            return "head" if self.conn.trailing_data[0] or self._phase == "head" else None
        return "answer"

    def _expect(self, phase: Phase | None) -> None:
        if phase == self._phase:
            return
        self._stop(self._timer)
        self._phase, self.since = phase, self.loop.time()
        if phase in ("head", "body"):
            seconds = self.limits.head if phase == "head" else self.limits.body
            self._timer = self.loop.call_later(seconds, self._late, phase)

    def _late(self, phase: Phase) -> None:
        """The client has had its time. It is told, unless an answer is under way."""
        if self.transport.is_closing():
            self.transport.abort()
        elif self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            text = f"the {phase} of the request took too long".encode()
            head = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: text/plain\r\n"
            self.transport.write(head + b"content-length: %d\r\n\r\n" % len(text) + text)
            self._gone()
            self.transport.close()
            self._linger()
        else:
            self._cut()

    def _gone(self) -> None:
        """The application is told that nobody waits for what it does."""
        if self.cycle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _cut(self) -> None:
        self._gone()
        self.transport.abort()

    def _linger(self) -> None:
        self.loop.call_later(LINGER, self.transport.abort)

    def _make_room(self) -> None:
        """Cuts off whoever waits longest with less than a request; himself, when all others are being answered."""
        mine = [one for one in self.connections if isinstance(one, Connection) and one._phase != "answer"]
        victim = min(mine, key=lambda one: one.since, default=self)
        LOG.debug("too many connections")
        victim._cut()
        self.connections.discard(victim)

    @staticmethod
    def _stop(*timers: asyncio.TimerHandle | None) -> None:
        for timer in timers:
            if timer:
                timer.cancel()


def within(limits: Limits) -> type[Connection]:
    """The class of connections within `limits`, as uvicorn asks for one."""
    return type("Connection", (Connection,), {"limits": limits})
