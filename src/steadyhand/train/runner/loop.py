"""Carries out a training (`runner.job`) in this process or a team. Knows nothing of SFT or DPO. Imports torch: import
late.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from steadyhand.errors import JobError
from steadyhand.models.loading.malloc import keep_freed_memory
from steadyhand.models.loading.quiet import quiet
from steadyhand.train.distributed import data_parallel
from steadyhand.train.runner import checkpoints
from steadyhand.train.runner.job import TrainingJob
from steadyhand.train.runner.result import disk_full_as_job_error
from steadyhand.train.runner.trainer import StepTrainer


def run(job: TrainingJob) -> tuple[Any, tuple[dict[str, float], ...]]:
    """Trains `job.model` from the last complete checkpoint of the same job; returns the trained model (the same object,
    unless a team trained it in parts) and the log.

    Raises JobError when the loss or a gradient is not finite, when the guard finds the model damaged (the last
    healthy checkpoint is kept), when memory or disk is full; KeyboardInterrupt after `job.stop` said so and a
    checkpoint was saved.
    """
    keep_freed_memory()
    with disk_full_as_job_error(job.work), threads(job.config.threads):
        with data_parallel.first_alone():
            resume = checkpoints.claim(job.work, job.key, job.until)
        with quiet(), data_parallel.own_folder(job.work) as work:
            trainer = _trainer(replace(job, work=work))
            if job.guard:
                job.guard.recall(checkpoints.step_of(resume) if resume else 0, work)
            try:
                if resume and checkpoints.step_of(resume) == job.until:
                    trainer.take(resume)
                else:
                    trainer.begin(resume)
                stopped = trainer.agreed(trainer.stopped)
                model = None if stopped else trainer.result()
            except torch.OutOfMemoryError as error:
                raise JobError("the device's memory is full", next="lower micro_tokens or max_length") from error
    if stopped:
        raise KeyboardInterrupt
    return model, tuple(row for row in trainer.state.log_history if "loss" in row)


def _trainer(job: TrainingJob) -> StepTrainer:
    if job.config.sharded and data_parallel.me().size > 1:
        from steadyhand.train.distributed.fsdp_training import ShardedTrainer

        return ShardedTrainer(job)
    return StepTrainer(job)


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Runs with `count` CPU threads (0: as they are) and restores the number."""
    before = torch.get_num_threads()
    if count:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
