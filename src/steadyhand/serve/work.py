"""Work for one client at a time a lane: in line, watched while it grows, and given up when the client leaves.

A model in this process has one lane: its answers are computed one after the other, each alone, so that an answer is the
same whoever else asks. Knows no HTTP and no model. Use `Lanes` from one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from steadyhand.serve.problem import BUSY, LEFT, UNREADY, Problem
from steadyhand.telemetry import carried

T = TypeVar("T")
Tell = Callable[[str], None]


class Left(Problem):
    """The client is gone, or the server stops: nobody waits for the answer."""

    def __init__(self) -> None:
        super().__init__("nobody waits for the answer", status=LEFT, code="client_left")


class Job(Generic[T]):
    """One piece of work. `events` gives the texts that it tells and then its result, or raises what it raised."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._gone = loop, False  # one thread writes it, the others read it
        self._events: asyncio.Queue[str | T | BaseException] = asyncio.Queue()
        self._future: Future[None] | None = None
        self._done: Callable[[], None] = lambda: None

    def tell(self, text: str) -> None:
        """From the lane's thread. Raises Left when nobody waits any more."""
        if self._gone:
            raise Left
        self._call(self._events.put_nowait, text)

    def start(self, pool: ThreadPoolExecutor, work: Callable[[Tell], T], done: Callable[[], None]) -> None:
        self._done = done
        self._future = pool.submit(carried(self._run), work)

    def leave(self) -> None:
        """Gives the work up: at once while it waits, at its next word when it runs."""
        gone, self._gone = self._gone, True
        if self._future is not None and self._future.cancel() and not gone:
            self._done()
        self._events.put_nowait(Left())

    async def events(self) -> AsyncIterator[str | T]:
        while True:
            event = await self._events.get()
            if isinstance(event, BaseException):
                raise event
            yield event
            if not isinstance(event, str):
                return

    def _run(self, work: Callable[[Tell], T]) -> None:
        try:
            result: T | BaseException = Left() if self._gone else work(self.tell)
        except BaseException as error:  # noqa: BLE001  it is raised where the answer is waited for
            result = error
        self._call(self._end, result)

    def _end(self, result: T | BaseException) -> None:
        self._done()
        self._events.put_nowait(result)

    def _call(self, what: Callable[..., None], *given: object) -> None:
        """In the loop. Each call wakes it, which costs more than all else here, so an end is one call."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *given)


class Lanes:
    """`lanes` threads, and room for `waiting` jobs in line; whoever comes then is asked to come again."""

    def __init__(self, name: str, lanes: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(lanes, thread_name_prefix=name)
        self._room = lanes + waiting
        self.busy = 0
        self._open = True

    def submit(self, work: Callable[[Tell], T]) -> Job[T]:
        """Raises Problem when the line is full, or closed."""
        if not self._open:
            raise Problem("the server is shutting down", status=UNREADY, code="not_ready")
        if self.busy >= self._room:
            raise Problem("too many requests are waiting", status=BUSY, code="queue_full", headers={"Retry-After": "1"})
        job: Job[T] = Job(asyncio.get_running_loop())
        self.busy += 1
        job.start(self._pool, work, self._done)
        return job

    def _done(self) -> None:
        self.busy -= 1

    def close(self) -> None:
        """Waits for what runs; the clients of all of it must be gone."""
        self._open = False
        self._pool.shutdown(wait=True, cancel_futures=True)
