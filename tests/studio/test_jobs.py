"""Jobs outlive whoever started them, stop as Ctrl-C does, and are never taken for running when they are not."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from steadyhand.errors import UsageError
from steadyhand.studio import jobs
from tests.review.rows import ANSWERS


def wait(done: Callable[[], bool], seconds: int = 120) -> None:
    """Looks until it is so; a clock that runs out fails the test."""
    ended = threading.Event()
    for _ in range(seconds * 10):
        if done():
            return
        ended.wait(0.1)
    raise AssertionError("it never came")


def served(tmp_path: Path) -> list[str]:
    """A command that runs until it is stopped."""
    (tmp_path / "rows.jsonl").write_text(json.dumps(ANSWERS["openai"]) + "\n", "utf-8")
    return ["review", "open", str(tmp_path / "rows.jsonl"), "--port", "0"]


def test_a_job_says_how_it_ended(tmp_path: Path) -> None:
    job = jobs.start(tmp_path, ["version-that-is-none"], "mei")
    wait(lambda: jobs.read(job.folder).state != "running")
    ended = jobs.find(tmp_path, job.id)
    assert (ended.state, ended.code, ended.by) == ("failed", 2, "mei")
    assert any("no such command" in line for line in ended.lines())
    assert jobs.jobs(tmp_path) == [ended]


def test_one_at_a_time_and_stopped_as_ctrl_c_does(tmp_path: Path) -> None:
    job = jobs.start(tmp_path, served(tmp_path), "mei")
    wait(lambda: any("Ctrl-C stops" in line for line in job.lines()))
    assert jobs.read(job.folder).state == "running"
    with pytest.raises(UsageError, match="is running"):
        jobs.start(tmp_path, ["doctor"], "ravi")
    jobs.stop(job)
    wait(lambda: jobs.read(job.folder).state != "running")
    assert jobs.read(job.folder).state == "stopped"
    jobs.stop(job)  # nothing happens


def test_killed_is_never_taken_for_running(tmp_path: Path) -> None:
    """Without its runner the command runs still; without both it is lost."""
    job = jobs.start(tmp_path, served(tmp_path), "mei")
    wait(lambda: any("Ctrl-C stops" in line for line in job.lines()))
    child = json.loads((job.folder / "child.json").read_text("utf-8"))["pid"]
    runner = int(Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()[1])
    os.kill(runner, signal.SIGKILL)
    assert jobs.read(job.folder).state == "running"
    os.kill(child, signal.SIGKILL)
    wait(lambda: jobs.read(job.folder).state == "lost")


@pytest.mark.parametrize("id", ["../../etc", "x", "", "20260101-000000-ffffff"])
def test_an_id_is_never_a_path(tmp_path: Path, id: str) -> None:
    with pytest.raises(UsageError, match="no such job"):
        jobs.find(tmp_path, id)


def test_the_curve_of_what_was_printed() -> None:
    lines = [
        "[3/11] teach the domain (SFT)",
        "[3/11] teach the domain (SFT): loss 0.812: 40 % (120/300), 1:20 left",
        "[7/11] align tool behavior (DPO): loss 0.512: 50 % (15/30), 10 s left",
        "loss 3 of something else",
    ]
    assert jobs.losses(lines) == {"sft": [{"step": 120, "loss": 0.812}], "dpo": [{"step": 15, "loss": 0.512}]}
