"""The training of a model that a team holds in parts (`train.distributed.fsdp`). Imports torch: import late."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME

from steadyhand.train.distributed import data_parallel, fsdp
from steadyhand.train.runner.model import copy_tokenizer, trainable
from steadyhand.train.runner.trainer import StepTrainer

T = TypeVar("T")


class ShardedTrainer(StepTrainer):
    """Checkpoints are those of a whole model, gathered at the first member: they can be used as such."""

    split = True

    def begin(self, checkpoint: Path | None) -> None:
        if checkpoint:
            self._load_from_checkpoint(str(checkpoint))
        fsdp.split(self.job.model)
        super().begin(checkpoint)

    def result(self) -> Any:
        """Read anew by the first member, as one that nobody else has to compute along."""
        if not fsdp.is_split(self.job.model):
            return self.job.model
        folder = self.job.work / "whole"
        self.save_model(str(folder))
        if data_parallel.me().rank:
            return None
        copy_tokenizer(self.job.source, folder)
        model, _, _ = trainable(folder, self.job.config)
        shutil.rmtree(folder)
        return model

    def agreed(self, value: T) -> T:
        return data_parallel.first_says(value)

    def whole(self) -> contextlib.AbstractContextManager[None]:
        return fsdp.whole(self.job.model)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if not fsdp.is_split(self.job.model):  # else it is `begin` that has read it, while the model was whole
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        gathered = fsdp.weights(self.job.model)
        if not data_parallel.me().rank:
            super()._save(output_dir, gathered)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        assert self.optimizer
        fsdp.save_optimizer(self.job.model, self.optimizer, Path(output_dir) / OPTIMIZER_NAME)
        if not data_parallel.me().rank:
            torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / SCHEDULER_NAME)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint and self.optimizer:
            fsdp.load_optimizer(self.job.model, self.optimizer, Path(checkpoint) / OPTIMIZER_NAME)
            self.lr_scheduler.load_state_dict(torch.load(Path(checkpoint) / SCHEDULER_NAME, weights_only=True))
