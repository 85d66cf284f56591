from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from steadyhand.serve.problem import Problem
from steadyhand.serve.queue import Job, Lanes, Left, Post


async def collected(job: Job[int]) -> list[str | int]:
    return [event async for event in job.events()]


def in_loop(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 60))


def test_nothing_that_many_lanes_tell_at_once_is_lost_or_out_of_order() -> None:
    async def ask() -> None:
        lanes = Lanes("test", 8, 1000)

        def work(number: int) -> Callable[[Callable[[str], None]], int]:
            def told(tell: Callable[[str], None]) -> int:
                for word in "abc":
                    tell(word)
                return number

            return told

        jobs = [lanes.submit(work(number)) for number in range(400)]
        assert await asyncio.gather(*map(collected, jobs)) == [["a", "b", "c", number] for number in range(400)]
        assert lanes.busy == 0
        await asyncio.to_thread(lanes.close)

    in_loop(ask)


def test_a_loop_is_woken_once_for_all_that_waits() -> None:
    async def ask() -> None:
        loop, woken, made = asyncio.get_running_loop(), [], []
        post = Post(loop)
        wake = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *given: woken.append(1) or wake(*given)  # type: ignore[method-assign,func-returns-value]
        for number in range(10):
            post.send(lambda number=number: made.append(number))  # type: ignore[misc]
        await asyncio.sleep(0)
        post.send(lambda: made.append(10))
        await asyncio.sleep(0)
        assert (made, len(woken)) == (list(range(11)), 2)

    in_loop(ask)


def test_a_job_that_is_left_in_line_never_runs_and_frees_its_place() -> None:
    async def ask() -> None:
        lanes, free, ran = Lanes("test", 1, 1), threading.Event(), []

        def first(_: object) -> int:
            free.wait(30)
            return 1

        running = lanes.submit(first)
        waiting = lanes.submit(lambda _: ran.append(2) or 2)  # type: ignore[func-returns-value]
        with pytest.raises(Problem, match="too many"):
            lanes.submit(first)
        waiting.leave()
        waiting.leave()
        assert lanes.busy == 1
        with pytest.raises(Left):
            await collected(waiting)
        third = lanes.submit(lambda _: 3)
        free.set()
        assert (await collected(running), await collected(third), ran, lanes.busy) == ([1], [3], [], 0)
        await asyncio.to_thread(lanes.close)

    in_loop(ask)


def test_closing_waits_for_what_runs_and_drops_what_waits() -> None:
    async def ask() -> None:
        lanes, begun, free, ran = Lanes("test", 1, 5), threading.Event(), threading.Event(), []

        def first(_: object) -> int:
            begun.set()
            free.wait(30)
            ran.append(1)
            return 1

        lanes.submit(first)
        lanes.submit(lambda _: ran.append(2) or 2)  # type: ignore[func-returns-value]
        assert await asyncio.to_thread(begun.wait, 30)
        closing = asyncio.create_task(asyncio.to_thread(lanes.close))
        while lanes._open:
            await asyncio.sleep(0)
        with pytest.raises(Problem, match="shutting down"):
            lanes.submit(first)
        free.set()
        await closing
        assert ran == [1]

    in_loop(ask)


def test_lanes_that_were_never_asked_close_at_once() -> None:
    Lanes("test", 2, 0).close()
