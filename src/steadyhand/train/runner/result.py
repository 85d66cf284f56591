"""What a training leaves, and how it is put in place: whole or not at all. Knows files, not models."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from steadyhand.chat.messages import Json
from steadyhand.errors import DiskFullError
from steadyhand.settings.training import TrainConfig

RECORD = "training.json"


class TrainingProgress(Protocol):
    """Called after every optimizer step: `done` of `total` steps, and the last step's figures ("loss", ...)."""

    def __call__(self, done: int, total: int, figures: Mapping[str, float]) -> None: ...


@dataclass(frozen=True)
class TrainResult:
    """`folder` holds the model ("full") or the adapter ("lora"). `log` has a row per `log_steps`: step, epoch,
    loss, learning_rate, grad_norm and the objective's own figures. `seconds` is this call's wall time, `tokens`
    those of all planned steps without padding. `cut_prompts` counts samples shortened on the left,
    `cut_answers` those shortened on the right, and `cut_rejected` rejected answers shortened on the right. `layers`
    says what the model's layers ruled out, and what that cost; empty when nothing."""

    folder: Path
    log: tuple[dict[str, float], ...]
    steps: int
    seconds: float
    tokens: int
    cut_prompts: int = 0
    cut_rejected: int = 0
    cut_answers: int = 0
    layers: str = ""


def work_folder(out: Path) -> Path:
    """Where checkpoints of the training of `out` lie until it is done."""
    return out.with_name(out.name + ".work")


def publish(out: Path, write: Callable[[Path], None]) -> None:
    """`write` fills a temporary folder beside `out`, which then takes out's place in one rename.

    Raises JobError when the disk is full; then `out` is as it was.
    """
    temporary, old = out.with_name(out.name + ".tmp"), out.with_name(out.name + ".old")
    if old.exists() and not out.exists():
        old.replace(out)  # the last time was killed between the two renames
    for leftover in (temporary, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with disk_full_as_job_error(out):
            temporary.mkdir(parents=True)
            write(temporary)
            if out.exists():
                out.replace(old)
            temporary.replace(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def write_record(folder: Path, config: TrainConfig, facts: Mapping[str, Json]) -> None:
    """The resolved settings and the figures, beside the weights."""
    record = {"kind": type(config).__name__, "config": config.model_dump(mode="json"), **facts}
    (folder / RECORD).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")


@contextlib.contextmanager
def disk_full_as_job_error(place: Path) -> Iterator[None]:
    """Turns "no space left" into a JobError, also as torch (RuntimeError) and safetensors report it."""
    try:
        yield
    except Exception as error:
        if not _is_disk_full(error):
            raise
        free = shutil.disk_usage(place.parent if place.parent.exists() else Path.cwd()).free
        raise DiskFullError(
            f"the disk is full ({free / 1e9:.1f} GB free)",
            where=str(place),
            next="free some space and run again: training continues at its last complete checkpoint",
        ) from error


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    text = str(error)
    return os.strerror(errno.ENOSPC) in text or "PytorchStreamWriter failed writing" in text
