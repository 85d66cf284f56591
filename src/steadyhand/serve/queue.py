"""Work for one client at a time a lane: in line, watched while it grows, and given up when the client leaves.

A model in this process has one lane: its answers are computed one after the other, each alone, so that an answer is the
same whoever else asks. Knows no HTTP and no model. Use `Lanes` from one event loop.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Generic, TypeVar

from steadyhand.serve.problem import BUSY, LATE, LEFT, UNREADY, Problem
from steadyhand.telemetry import carried

T = TypeVar("T")
Tell = Callable[[str], None]
BEHIND = 64  # texts that wait to be looked at; then the newest takes the place of the last, for it holds all of it


class Left(Problem):
    """The client is gone, or the server stops: nobody waits for the answer."""

    def __init__(self) -> None:
        super().__init__("nobody waits for the answer", status=LEFT, code="client_left")


class Post:
    """Calls into an event loop from other threads. Waking the loop costs more than all else here, so it is woken once
    for all calls that come before it looks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._calls: deque[Callable[[], object]] = deque()
        self._woken = False

    def send(self, call: Callable[[], object]) -> None:
        self._calls.append(call)
        if not self._woken and not self.loop.is_closed():
            self._woken = True
            self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False  # before looking: a call that comes now wakes again
        while self._calls:
            self._calls.popleft()()


class Job(Generic[T]):
    """One piece of work. `events` gives the texts that it tells, each a beginning of the next, and then its result, or
    raises what it raised."""

    def __init__(self, work: Callable[[Tell], T], post: Post, done: Callable[[], None]) -> None:
        self._work, self._post, self._done = carried(work), post, done
        self._gone = False  # the loop writes it, the lane reads it
        self._taken = threading.Lock()  # by the lane that runs it, or by the client who leaves before
        self._events: deque[str | T | BaseException] = deque()
        self._news = asyncio.Event()

    def tell(self, text: str) -> None:
        """From the lane's thread. Raises Left when nobody waits any more."""
        if self._gone:
            raise Left
        self._post.send(lambda: self._put(text))

    def leave(self) -> None:
        """Gives the work up: at once while it waits, at its next word when it runs."""
        self._gone = True
        if self._taken.acquire(blocking=False):
            self._done()
        self._put(Left())

    def _put(self, event: str | T | BaseException) -> None:
        if isinstance(event, str) and len(self._events) >= BEHIND and isinstance(self._events[-1], str):
            self._events[-1] = event
        else:
            self._events.append(event)
        self._news.set()

    async def events(self, seconds: float | None = None) -> AsyncIterator[str | T]:
        """Raises Problem when the result is not there in time."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + (math.inf if seconds is None else seconds)
        while True:
            if not self._events:
                self._news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(None if seconds is None else ends):
                        await self._news.wait()
            if loop.time() >= ends:
                raise Problem(f"no answer in {seconds:g} s", status=LATE, code="timeout")
            event = self._events.popleft()
            if isinstance(event, BaseException):
                raise event
            yield event
            if not isinstance(event, str):
                return
            await asyncio.sleep(0)  # others have their turn between two words

    def run(self) -> None:
        """In the lane's thread; nothing for a job that was given up."""
        if not self._taken.acquire(blocking=False):
            return
        try:
            result: T | BaseException = self._work(self.tell)
        except BaseException as error:  # noqa: BLE001  it is raised where the answer is waited for
            result = error
        self._post.send(lambda: self._end(result))

    def _end(self, result: T | BaseException) -> None:
        self._done()
        self._put(result)


class Lanes:
    """`lanes` threads, and room for `waiting` jobs in line; whoever comes then is asked to come again."""

    def __init__(self, name: str, lanes: int, waiting: int) -> None:
        self._line: SimpleQueue[Job[object] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._serve, name=f"{name}-{i}", daemon=True) for i in range(lanes)]
        self._room = lanes + waiting
        self._post: Post | None = None
        self.busy = 0
        self._open = True

    def submit(self, work: Callable[[Tell], T]) -> Job[T]:
        """Raises Problem when the line is full, or closed."""
        if not self._open:
            raise Problem("the server is shutting down", status=UNREADY, code="not_ready")
        if self.busy >= self._room:
            raise Problem("too many requests are waiting", status=BUSY, code="queue_full", headers={"Retry-After": "1"})
        if self._post is None:
            self._post = Post(asyncio.get_running_loop())
            for thread in self._threads:
                thread.start()
        job: Job[T] = Job(work, self._post, self._done)
        self.busy += 1
        self._line.put(job)  # type: ignore[arg-type]
        return job

    def _serve(self) -> None:
        while (job := self._line.get()) is not None:
            if self._open:
                job.run()

    def _done(self) -> None:
        self.busy -= 1

    def close(self) -> None:
        """Waits for what runs; the clients of all of it must be gone."""
        self._open = False
        for _ in self._threads:
            self._line.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
