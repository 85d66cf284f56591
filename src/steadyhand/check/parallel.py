"""Runs tasks that return findings on several cores: forked workers that share what was read, and send findings back.

Knows tasks and processes only. Forking copies no rows; where it is not at hand (not Linux, a thread runs, one core), or
where a worker dies, the tasks run here: the result is the same, in the order of the tasks.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any

from steadyhand.check.finding import Finding

Task = Callable[[], list[Finding]]
Advance = Callable[[int, int], None]  # called as advance(done, total)


def cores() -> int:
    """How many workers make sense here."""
    alone = threading.active_count() == 1
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" and alone else 1


def run_all(tasks: Sequence[Task], workers: int, advance: Advance) -> list[Finding]:
    """What all tasks found, in their order. Raises what a task raises. `advance` is first called when the workers are
    there already, so that it may start a thread (a bar's)."""
    made: dict[int, list[Finding]] = {}
    with _long_lived():
        if min(workers, len(tasks)) > 1:
            for number, findings in _forked(tasks, workers, lambda: advance(0, len(tasks))):
                made[number] = findings
                advance(len(made), len(tasks))
        for number, task in enumerate(tasks):
            if number not in made:
                made[number] = task()
                advance(len(made), len(tasks))
    return [findings for number in range(len(tasks)) for findings in made[number]]


@contextmanager
def _long_lived() -> Iterator[None]:
    """What was read stays: the collector need not look through it again and again."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _forked(tasks: Sequence[Task], workers: int, started: Callable[[], None]) -> Iterator[tuple[int, list[Finding]]]:
    """(number, findings) of tasks as they get done. A task that fails is left to the caller, who meets its error."""
    context = multiprocessing.get_context("fork")
    following: Any = context.Value("i", 0)
    pipes: list[Connection] = []
    processes: list[ForkProcess] = []
    try:
        for _ in range(workers):
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(tasks, following, there), daemon=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # idle threads of numpy's own count as threads
                process.start()
            there.close()
            pipes.append(here)
            processes.append(process)
        started()
        yield from _received(pipes)
    finally:
        for process in processes:
            process.terminate()
            process.join()
        for pipe in pipes:
            pipe.close()


def _received(pipes: Sequence[Connection]) -> Iterator[tuple[int, list[Finding]]]:
    waiting = list(pipes)
    while waiting:
        for pipe in wait(waiting):
            assert isinstance(pipe, Connection)
            try:
                yield pipe.recv()
            except (EOFError, OSError):  # done, or dead
                waiting.remove(pipe)


def _work(tasks: Sequence[Task], following: Any, pipe: Connection) -> None:
    """Takes one task after the other until none is left. An interrupt is the parent's, who ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        with following.get_lock():
            number = following.value
            following.value += 1
        if number >= len(tasks):
            return
        try:
            findings = tasks[number]()
        except Exception:  # noqa: BLE001  the parent runs the task again and meets the error where it can be told
            continue
        pipe.send((number, findings))
