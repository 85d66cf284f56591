"""transformers' Trainer, driven over a plan made beforehand: each item of its data is one whole optimiser step.

So the order of samples needs no sampler state, resuming is skipping, and a step's forward passes are weighted by the
objective itself. Knows nothing of SFT or DPO beyond the `Objective` they pass in. Imports torch: import late.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME

from steadyhand.errors import JobError
from steadyhand.models.memory import keep_freed_memory
from steadyhand.models.quiet import quiet
from steadyhand.train import checkpoints, team
from steadyhand.train.config import TrainConfig
from steadyhand.train.guard import Guard, stop_damaged
from steadyhand.train.muon import Muon, split_parameters
from steadyhand.train.precision import mixed
from steadyhand.train.result import Progress, disk_full_as_job_error

Step = list[list[int]]  # forward passes, each a list of sample indices
Figures = dict[str, float]


class Objective(Protocol):
    """The part of a step's loss that one forward pass contributes (parts of a step sum to its loss), with figures
    to log (likewise summed)."""

    def __call__(self, model: Any, micro: Sequence[int], step: Step) -> tuple[torch.Tensor, Figures]: ...


@dataclass(frozen=True)
class Job:
    """One training: `key` names everything that determines its result; checkpoints live in `work` until done."""

    model: Any
    objective: Objective
    plan: list[Step]
    config: TrainConfig
    work: Path
    key: str
    progress: Progress | None = None
    stop: Callable[[], bool] | None = None
    gradient_checkpointing: bool = False
    first_step: Callable[[Figures], None] | None = None  # checks the figures of step 1 of a fresh run
    guard: Guard | None = None  # asks the model under way and stops the training when it is damaged
    until: int | None = None  # pause after this step, at a checkpoint that a later call goes on from; None: never
    source: Path = Path()  # the folder of the model that is trained, for the tokenizer of what is kept


def run(job: Job) -> tuple[dict[str, float], ...]:
    """Trains `job.model` in place from the last complete checkpoint of the same job; returns the log.

    Raises JobError when the loss or a gradient is not finite, when the guard finds the model damaged (the last
    healthy checkpoint is kept), when memory or disk is full; KeyboardInterrupt after `job.stop` said so and a
    checkpoint was saved.
    """
    keep_freed_memory()
    with disk_full_as_job_error(job.work), threads(job.config.threads):
        with team.first_alone():
            resume = checkpoints.claim(job.work, job.key, job.until)
        with quiet(), team.own_folder(job.work) as work:
            trainer = _StepTrainer(replace(job, work=work))
            try:
                if resume and checkpoints.step_of(resume) == job.until:
                    trainer.take(resume)
                else:
                    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
            except torch.OutOfMemoryError as error:
                raise JobError("the device's memory is full", next="lower micro_tokens or max_length") from error
    if trainer.stopped:
        raise KeyboardInterrupt
    return tuple(row for row in trainer.state.log_history if "loss" in row)


class _StepTrainer(Trainer):  # type: ignore[misc]  # transformers ships no types
    def __init__(self, job: Job) -> None:
        super().__init__(model=job.model, args=_arguments(job), callbacks=[_Watch(job, self)])
        self.remove_callback(PrinterCallback)
        self.job, self.stopped = job, False
        self.last: Figures = {}
        self._sums: Figures = {}
        self._steps = 0

    def get_train_dataloader(self) -> DataLoader[Any]:
        items = [{"step": step} for step in self.job.plan]
        return DataLoader(items, batch_size=1, shuffle=False, collate_fn=lambda batch: batch[0])  # type: ignore[arg-type]

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
        for micro in team.share(inputs["step"]):
            with self.compute_loss_context_manager():
                loss, part = self.job.objective(model, micro, inputs["step"])
            self.accelerator.backward(loss)
            total += loss.detach()
            for name, value in part.items():
                figures[name] = figures.get(name, 0.0) + value
        trained = [p for p in model.parameters() if p.requires_grad]
        whole, figures = team.added(trained, float(total), figures)
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

    def __init__(self, job: Job, trainer: _StepTrainer) -> None:
        self.job, self.trainer = job, trainer
        self.healthy_at = 0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.job.progress:
            self.job.progress(state.global_step, state.max_steps, self.trainer.last)
        if self.job.stop and state.global_step < state.max_steps and self.job.stop():
            self.trainer.stopped = control.should_save = control.should_training_stop = True
        if state.global_step == self.job.until and state.global_step < state.max_steps:
            control.should_save = control.should_training_stop = True
        if self.job.guard and (why := self.job.guard.due(state.global_step, self.trainer.last)):
            self._examine(self.job.guard, why, state, control)

    def _examine(self, guard: Guard, why: str, state: Any, control: Any) -> None:
        found = guard.examine(state.global_step, why, self.job.work)
        if found.word == "damaged":
            raise stop_damaged(found, state.global_step, self.job.work, self.job.source)
        if found.word == "healthy" and state.global_step < state.max_steps:
            self.healthy_at = state.global_step
            control.should_save = bool(self.job.config.save_steps)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        checkpoints.mark(self.job.work, state.global_step)
        if state.global_step == self.healthy_at:
            checkpoints.mark_healthy(self.job.work, state.global_step)


def _arguments(job: Job) -> Any:
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
