"""Only complete checkpoints of the same job count, and a killed training ends with the weights of one that was not."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from steadyhand.errors import JobError
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner import checkpoints
from steadyhand.train.runner.result import disk_full_as_job_error, publish, work_folder
from tests import tiny
from tests.train.objectives.test_sft import equal

ROOT = Path(__file__).parents[2]
CONFIG = SftConfig(method="full", batch_tokens=300, epochs=3, save_steps=2, log_steps=1, learning_rate=1e-3)


def made(work: Path, step: int, *, done: bool) -> Path:
    folder = work / f"checkpoint-{step}"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "model").write_text("x")
    if done:
        checkpoints.mark(work, step)
    return folder


def names(work: Path) -> list[str]:
    return sorted(path.name for path in work.glob("checkpoint-*"))


def test_the_last_complete_checkpoint_counts_and_partial_ones_go(tmp_path: Path) -> None:
    work = tmp_path / "work"
    assert checkpoints.claim(work, "job") is None
    made(work, 9, done=True)
    wanted = made(work, 10, done=True)
    made(work, 11, done=False)
    assert checkpoints.claim(work, "job") == wanted
    assert names(work) == ["checkpoint-10", "checkpoint-9"]


def test_another_job_starts_anew(tmp_path: Path) -> None:
    work = tmp_path / "work"
    checkpoints.claim(work, "job")
    made(work, 2, done=True)
    assert checkpoints.claim(work, "other") is None
    assert names(work) == []


def test_two_complete_checkpoints_stay(tmp_path: Path) -> None:
    checkpoints.claim(tmp_path, "job")
    for step in (2, 4, 6, 10):
        made(tmp_path, step, done=True)
    assert names(tmp_path) == ["checkpoint-10", "checkpoint-6"]


def kill_at(step: int) -> Callable[..., None]:
    def progress(done: int, total: int, figures: Any) -> None:
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


def test_a_killed_run_resumes_to_the_same_weights(tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base")
    whole = train_sft(base, tiny.rows(9), CONFIG, tmp_path / "whole")
    script = f"""
        import torch; torch.set_num_threads(1)
        from pathlib import Path
        from tests import tiny
        from tests.train.runner.test_checkpoints import CONFIG, kill_at
        from steadyhand.train.objectives.sft import train_sft
        train_sft(Path({str(base)!r}), tiny.rows(9), CONFIG, Path({str(tmp_path / "out")!r}), kill_at(6))
    """
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], env=os.environ | {"PYTHONPATH": path}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    work = work_folder(tmp_path / "out")
    assert "checkpoint-4" in names(work)
    made(work, 7, done=False)  # what a kill within a save leaves
    seen: list[int] = []
    resumed = train_sft(base, tiny.rows(9), CONFIG, tmp_path / "out", lambda done, *_: seen.append(done))
    assert seen == list(range(5, whole.steps + 1))
    assert equal(resumed.folder, whole.folder)
    assert [row["loss"] for row in resumed.log] == [row["loss"] for row in whole.log]
    assert not work.exists()


def test_a_stop_saves_and_the_next_run_goes_on(tmp_path: Path) -> None:
    base, asked = tiny.save(tmp_path / "base"), iter([False, False, True])
    with pytest.raises(KeyboardInterrupt):
        train_sft(base, tiny.rows(9), CONFIG, tmp_path / "out", stop=lambda: next(asked))
    assert names(work_folder(tmp_path / "out"))[-1] == "checkpoint-3"
    seen: list[int] = []
    train_sft(base, tiny.rows(9), CONFIG, tmp_path / "out", lambda done, *_: seen.append(done))
    assert seen[0] == 4


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        RuntimeError("[enforce fail at inline_container.cc:672] . PytorchStreamWriter failed writing file data/3"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_a_job_error(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(JobError, match="the disk is full") as caught, disk_full_as_job_error(tmp_path / "x"):
        raise error
    assert caught.value.exit_code == 4


def test_other_errors_pass_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="shape"), disk_full_as_job_error(tmp_path):
        raise RuntimeError("shape mismatch")


def test_publishing_is_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    publish(out, lambda folder: (folder / "a").touch())
    publish(out, lambda folder: (folder / "b").touch())
    assert [path.name for path in out.iterdir()] == ["b"]

    def full(folder: Path) -> None:
        (folder / "c").write_text("3")
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(JobError):
        publish(out, full)
    assert [path.name for path in out.iterdir()] == ["b"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    out.replace(out.with_name("out.old"))  # what a kill between the two renames leaves
    with pytest.raises(JobError):
        publish(out, full)
    assert [path.name for path in out.iterdir()] == ["b"]


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_training_that_pauses_goes_on_as_if_it_had_not(tmp_path: Path, method: str) -> None:
    base = tiny.save(tmp_path / "base")
    config = CONFIG.but(method=method, keep_base=0.2 if method == "full" else 0.0)
    whole = train_sft(base, tiny.rows(9), config, tmp_path / "whole")
    steps: list[int] = []
    for share in (0.2, 0.2, 0.7, 1.0):  # the second asks for what a kill may have left unpublished
        found = train_sft(
            base, tiny.rows(9), config, tmp_path / "parts", lambda done, *_: steps.append(done), share=share
        )
        if share == 0.2:
            assert not equal(found.folder, whole.folder)
    assert steps == list(range(1, whole.steps + 1))  # no step twice
    assert equal(found.folder, whole.folder)
    assert found.log == whole.log
    assert not work_folder(tmp_path / "parts").exists()


def test_a_pause_before_the_last_checkpoint_trains_again_from_an_earlier_one(tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base")
    early = train_sft(base, tiny.rows(9), CONFIG, tmp_path / "early", share=0.2)
    train_sft(base, tiny.rows(9), CONFIG, tmp_path / "late", share=0.7)
    assert equal(train_sft(base, tiny.rows(9), CONFIG, tmp_path / "late", share=0.2).folder, early.folder)
