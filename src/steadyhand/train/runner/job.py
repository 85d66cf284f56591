"""What one training is, whoever carries it out (`train.runner.loop`). Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from steadyhand.settings.training import TrainConfig
from steadyhand.train.monitoring.health_monitor import HealthMonitor
from steadyhand.train.runner.result import TrainingProgress

if TYPE_CHECKING:
    import torch

Step = list[list[int]]  # forward passes, each a list of sample indices
Figures = dict[str, float]


class Objective(Protocol):
    """The part of a step's loss that one forward pass contributes (parts of a step sum to its loss), with figures
    to log (likewise summed)."""

    def __call__(self, model: Any, micro: Sequence[int], step: Step) -> tuple[torch.Tensor, Figures]: ...


@dataclass(frozen=True)
class TrainingJob:
    """One training: `key` names everything that determines its result; checkpoints live in `work` until done."""

    model: Any
    objective: Objective
    plan: list[Step]
    config: TrainConfig
    work: Path
    key: str
    progress: TrainingProgress | None = None
    stop: Callable[[], bool] | None = None
    gradient_checkpointing: bool = False
    first_step: Callable[[Figures], None] | None = None  # checks the figures of step 1 of a fresh run
    guard: HealthMonitor | None = None  # asks the model under way and stops the training when it is damaged
    until: int | None = None  # pause after this step, at a checkpoint that a later call goes on from; None: never
    source: Path = Path()  # the folder of the model that is trained, for the tokenizer of what is kept
