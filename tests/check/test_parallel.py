from __future__ import annotations

import os
import sys

import pytest

from steadyhand.check import parallel
from steadyhand.check.finding import Finding, finding
from steadyhand.check.lint import lint_files
from steadyhand.check.parallel import Task, run_all
from steadyhand.check.rules import RULES
from steadyhand.datasets.convert import read_dialogues
from steadyhand.errors import Place
from tests.corpora import corpus

needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")


def task(number: int) -> Task:
    return lambda: [finding("D101", Place("f", number), f"task {number} in {os.getpid()}", "")]


def told(found: list[Finding]) -> list[str]:
    return [one.message.partition(" in ")[0] for one in found]


@needs_fork
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_findings_come_in_the_order_of_their_tasks(workers: int) -> None:
    steps: list[tuple[int, int]] = []
    found = run_all([task(n) for n in range(9)], workers, lambda done, total: steps.append((done, total)))
    assert told(found) == [f"task {n}" for n in range(9)]
    assert steps == [(n, 9) for n in range(workers == 1, 10)]
    assert any(str(os.getpid()) in one.message for one in found) == (workers == 1)


@needs_fork
def test_the_work_of_a_worker_that_dies_is_done_here() -> None:
    home = os.getpid()

    def deadly() -> list[Finding]:
        if os.getpid() != home:
            os._exit(9)
        return task(1)()

    assert told(run_all([task(0), deadly, task(2)], 2, lambda done, total: None)) == ["task 0", "task 1", "task 2"]


@needs_fork
def test_what_a_task_raises_reaches_the_caller() -> None:
    def wrong() -> list[Finding]:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        run_all([task(0), wrong], 2, lambda done, total: None)


@needs_fork
def test_two_workers_find_what_one_finds() -> None:
    files = [read_dialogues(corpus(f"llamafactory/{name}"), preferences=True) for name in ("identity.json",)]
    one, two = (lint_files(files, frozenset(RULES), workers=workers) for workers in (1, 2))
    assert one == two
    assert one.findings


def test_without_forking_there_is_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert parallel.cores() == 1
