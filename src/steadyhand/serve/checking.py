"""Reading what a client asks, beside the event loop: a large body or a tool's schema may take a second to read, and
nobody else waits for that. Knows threads and time; what is asked is `request`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from steadyhand.serve.problem import BAD, UNREADY, Problem

T = TypeVar("T")
SMALL = 4096  # bytes of a body that is read at once, unless it brings tools


def is_small(body: bytes) -> bool:
    """Whether a body takes so little work that the event loop may do it. `\\u00` may be a letter of `tools`."""
    return len(body) <= SMALL and b'"tools"' not in body and b"\\u00" not in body


class CheckPool:
    """One thread, shared by all clients: a second one would not read faster, as Python runs one at a time, and would
    keep the event loop waiting twice as long. Work that is late is given up; what it does is bounded, so it ends."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._pool = seconds, ThreadPoolExecutor(1, thread_name_prefix="check")

    async def run(self, work: Callable[[], T]) -> T:
        """Raises what `work` raises, and Problem when it is not done in time: 400 when it began, 503 when others kept
        it from that."""
        began: list[bool] = []
        job = asyncio.get_running_loop().run_in_executor(self._pool, partial(_begun, began, work))
        try:
            async with asyncio.timeout(self._seconds):
                return await job
        except TimeoutError as error:
            if began:
                what = f"the request takes more than {self._seconds:g} s to check"
                raise Problem(what, status=BAD, code="too_complex") from error
            busy = {"Retry-After": "1"}
            raise Problem("too many requests wait", status=UNREADY, code="busy", headers=busy) from error

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _begun(began: list[bool], work: Callable[[], T]) -> T:
    began.append(True)
    return work()
