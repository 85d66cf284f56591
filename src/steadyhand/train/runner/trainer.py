"""transformers' Trainer, driven over a plan made beforehand: each item of its data is one whole optimizer step.

So the order of samples needs no sampler state, resuming is skipping, and a step's forward passes are weighted by the
objective itself. Imports torch: import late.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME

from steadyhand.errors import JobError
from steadyhand.train.distributed import data_parallel
from steadyhand.train.monitoring.health_monitor import HealthMonitor, stop_damaged
from steadyhand.train.runner import checkpoints
from steadyhand.train.runner.job import Figures, Step, TrainingJob
from steadyhand.train.runner.muon import Muon, split_parameters
from steadyhand.train.runner.precision import mixed

T = TypeVar("T")


class StepTrainer(Trainer):  # type: ignore[misc]  # transformers ships no types
    split = False  # whether every member of a team holds a part of the model only

    def __init__(self, job: TrainingJob) -> None:
        super().__init__(model=job.model, args=_arguments(job), callbacks=[_Watch(job, self)])
        self.remove_callback(PrinterCallback)
        self.job, self.stopped = job, False
        self.last: Figures = {}
        self._sums: Figures = {}
        self._steps = 0

    def get_train_dataloader(self) -> DataLoader[Any]:
        items = [{"step": step} for step in self.job.plan]
        return DataLoader(items, batch_size=1, shuffle=False, collate_fn=lambda batch: batch[0])  # type: ignore[arg-type]

    def begin(self, checkpoint: Path | None) -> None:
        """Trains from the start, or on from a checkpoint."""
        self.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)

    def result(self) -> Any:
        """The trained model, which one process may use alone."""
        return self.job.model

    def agreed(self, value: T) -> T:
        """What all members go by: the first one alone is given a guard and a wish to stop."""
        return value

    def whole(self) -> contextlib.AbstractContextManager[None]:
        """While inside, the model may be used by one member alone."""
        return contextlib.nullcontext()

    def take(self, checkpoint: Path) -> None:
        """The model and the log as they were at a pause."""
        self._load_from_checkpoint(str(checkpoint))
        self.state = TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        config = self.job.config
        if config.optimizer != "muon":
            return super().create_optimizer(model)  # type: ignore[no-any-return]
        self.optimizer: torch.optim.Optimizer | None = self.optimizer or Muon(
            *split_parameters(self.job.model), config.learning_rate, config.weight_decay
        )
        return self.optimizer

    def training_step(self, model: Any, inputs: Mapping[str, Step], num_items_in_batch: Any = None) -> torch.Tensor:
        model.train()
        total = torch.zeros((), device=self.args.device)
        figures: Figures = {}
        for micro, counts in data_parallel.share(inputs["step"], even=self.split):
            with self.compute_loss_context_manager():
                loss, part = self.job.objective(model, micro, inputs["step"])
            self.accelerator.backward(loss * counts)
            total += loss.detach() * counts
            for name, value in part.items():
                figures[name] = figures.get(name, 0.0) + value * counts
        if not self.split:
            data_parallel.add_gradients([p for p in model.parameters() if p.requires_grad])
        figures = data_parallel.summed({"loss": float(total), **figures})
        whole = figures.pop("loss")
        self._note(whole, figures)
        return total.fill_(whole)

    def _note(self, loss: float, figures: Figures) -> None:
        step = self.state.global_step + 1
        if not math.isfinite(loss):
            raise JobError(
                f"the loss is {loss} at step {step}",
                where=str(self.job.work),
                next="lower the learning rate; if it stays, look for broken rows with `steady check`",
            )
        self.last = {"loss": loss, **figures}
        if step == 1 and self.job.first_step:
            self.job.first_step(self.last)
        self._steps += 1
        for name, value in figures.items():
            self._sums[name] = self._sums.get(name, 0.0) + value

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        """The norm before clipping, which the Trainer asks for before it steps: a step of no number is never taken."""
        norm = super()._get_grad_norm(model, grad_norm)
        norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm  # of a model in parts
        self.last["grad_norm"] = float(norm)
        if not math.isfinite(self.last["grad_norm"]):
            raise JobError(
                f"the gradient is {float(norm)} at step {self.state.global_step + 1}",
                where=str(self.job.work),
                next="lower the learning rate; if it stays, look for broken rows with `steady check`",
            )
        return norm

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs and self._steps:
            logs.update({name: value / self._steps for name, value in self._sums.items()})
            self._sums, self._steps = {}, 0
        super().log(logs, start_time)


class _Watch(TrainerCallback):  # type: ignore[misc]
    """Progress, stopping, health, and the markers of complete and healthy checkpoints."""

    def __init__(self, job: TrainingJob, trainer: StepTrainer) -> None:
        self.job, self.trainer = job, trainer
        self.healthy_at = 0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.job.progress:
            self.job.progress(state.global_step, state.max_steps, self.trainer.last)
        if self.job.stop and state.global_step < state.max_steps and self.job.stop():
            self.trainer.stopped = control.should_save = control.should_training_stop = True
        if state.global_step == self.job.until and state.global_step < state.max_steps:
            control.should_save = control.should_training_stop = True
        why = self.trainer.agreed(self.job.guard and self.job.guard.due(state.global_step, self.trainer.last))
        if why:
            with self.trainer.whole():
                if self.job.guard:
                    self._examine(self.job.guard, why, state, control)
        done = self.trainer.agreed((control.should_save, control.should_training_stop))
        control.should_save, control.should_training_stop = done

    def _examine(self, guard: HealthMonitor, why: str, state: Any, control: Any) -> None:
        checkup = guard.examine(state.global_step, why, self.job.work)
        if checkup.word == "damaged" and guard.lasts(state.global_step):
            raise stop_damaged(checkup, guard.damaged_since, state.global_step, self.job.work, self.job.source)
        if checkup.word == "healthy" and state.global_step < state.max_steps:
            self.healthy_at = state.global_step
            control.should_save = bool(self.job.config.save_steps)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        checkpoints.mark(self.job.work, state.global_step)
        if state.global_step == self.healthy_at:
            checkpoints.mark_healthy(self.job.work, state.global_step)


def _arguments(job: TrainingJob) -> Any:
    config = job.config
    cpu = job.model.device.type == "cpu"
    schedules = {"constant": "constant_with_warmup", "linear": "linear", "cosine": "cosine"}
    arguments = TrainingArguments(
        output_dir=str(job.work),
        num_train_epochs=1,  # the plan holds all epochs
        per_device_train_batch_size=1,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        lr_scheduler_type=schedules[config.schedule],
        warmup_steps=round(config.warmup_ratio * len(job.plan)),
        logging_steps=config.log_steps,
        logging_first_step=True,
        logging_nan_inf_filter=False,  # would hide the very thing that must stop the run
        save_strategy="steps" if config.save_steps else "no",
        save_steps=config.save_steps or 1,
        seed=config.seed,
        use_cpu=cpu,
        bf16=mixed(config, job.model.device.type),
        gradient_checkpointing=job.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if job.gradient_checkpointing else None,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        disable_tqdm=True,
        report_to="none",
    )
    arguments._n_gpu = min(1, arguments.n_gpu)  # Trainer would wrap the model in DataParallel
    return arguments
