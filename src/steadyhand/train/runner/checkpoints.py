"""Checkpoints that are complete or do not count: a marker is written last, and only marked ones are resumed.

Knows folders named checkpoint-<step> and their marker; what lies inside is the Trainer's.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

DONE = "DONE"
HEALTHY = "HEALTHY"
KEY = "KEY"
KEPT = 2  # complete checkpoints that stay: the last may be damaged by the disk, not by us
_NAME = re.compile(r"checkpoint-(\d+)")


def claim(work: Path, key: str, most: int | None = None) -> Path | None:
    """Prepares `work` for the job named `key` and returns its last complete checkpoint, or None; one of a step after
    `most` is removed, for nothing trains backwards.

    Checkpoints of another job (other data, settings or start weights) are removed: resuming them would mix two
    trainings. Partial ones are removed too.
    """
    named = work / KEY
    if not named.is_file() or named.read_text("utf-8") != key:  # else nothing is written: a worker may be reading it
        if work.exists():
            shutil.rmtree(work)
        work.mkdir(parents=True)
        _write(named, key)
    for folder in _folders(work):
        if not (folder / DONE).is_file() or (most is not None and step_of(folder) > most):
            (folder / DONE).unlink(missing_ok=True)
            shutil.rmtree(folder)
    return next(iter(_folders(work)), None)


def step_of(folder: Path) -> int:
    """The step that a checkpoint folder is named after."""
    return int(folder.name.rpartition("-")[2])


def mark(work: Path, step: int) -> None:
    """Marks the checkpoint of `step` as complete once its files are on the disk; drops all but the last `KEPT` and the
    last healthy one."""
    folder = work / f"checkpoint-{step}"
    for path in folder.rglob("*"):
        if path.is_file():
            _sync(path)
    _write(folder / DONE, f"{step}\n")
    good = _healthy(work)
    for old in [f for f in _folders(work) if (f / DONE).is_file() and f != good][KEPT:]:
        (old / DONE).unlink()  # first, so that a half removed checkpoint does not count
        shutil.rmtree(old)


def mark_healthy(work: Path, step: int) -> None:
    """Says of the complete checkpoint of `step` that the model in it was asked and is not damaged."""
    _write(work / f"checkpoint-{step}" / HEALTHY, f"{step}\n")


def back_to_healthy(work: Path) -> Path | None:
    """Removes every checkpoint after the last healthy one and returns that one; None when no checkpoint is healthy."""
    good = _healthy(work)
    for folder in _folders(work):
        if folder == good:
            break
        (folder / DONE).unlink(missing_ok=True)
        shutil.rmtree(folder)
    return good


def _healthy(work: Path) -> Path | None:
    return next((f for f in _folders(work) if (f / DONE).is_file() and (f / HEALTHY).is_file()), None)


def _folders(work: Path) -> list[Path]:
    """Checkpoint folders, the latest first."""
    folders = [(int(match[1]), path) for path in work.iterdir() if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(folders, reverse=True)]


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
