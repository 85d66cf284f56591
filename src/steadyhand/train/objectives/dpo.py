"""Group DPO: one chosen answer against K rejected ones, their shared prompt computed once (`group_logprobs`).

Legend of shapes: R = K + 1 answers (the chosen one first).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.domain.rows import Group, Row
from steadyhand.errors import JobError
from steadyhand.models.loading.adapters import virtual_ids
from steadyhand.settings.training import DpoConfig, SftConfig
from steadyhand.train.distributed import data_parallel
from steadyhand.train.objectives import losses
from steadyhand.train.objectives.group_logprobs import group_log_probs, layers_note
from steadyhand.train.runner.data import (
    GroupSample,
    Sample,
    digest,
    group_plan,
    group_samples,
    groups_with_virtual_tokens,
    nested,
    samples,
    with_virtual_tokens,
)
from steadyhand.train.runner.job import TrainingJob
from steadyhand.train.runner.result import TrainingProgress, TrainResult, work_folder

if TYPE_CHECKING:
    import torch

    from steadyhand.train.monitoring.health_monitor import HealthMonitor
    from steadyhand.train.runner.packing import Loss


@data_parallel.together
def train_dpo(
    model_folder: str | Path,
    groups: Sequence[Group],
    config: DpoConfig,
    out: Path,
    progress: TrainingProgress | None = None,
    *,
    rows: Sequence[Row] = (),
    stop: Callable[[], bool] | None = None,
    cache: Path | None = None,
    guard: HealthMonitor | None = None,
) -> TrainResult:
    """Trains the model of `model_folder` on `groups` against itself as it starts, and puts it at `out`. Every step
    takes `config.replay_tokens` tokens of `rows` along, whose mean loss per token is added times `sft_weight`.

    The log has, beside loss: `dpo` (the preference part, ln 2 at step 1 with the loss "sigmoid"), `nll` (of chosen, per
    token), `rewards/chosen`, `rewards/rejected`, `rewards/margins` (`train.objectives.losses` has their unit),
    `rewards/accuracies` (share of rejected answers behind the chosen one) and `replay` (loss per token of the rows).
    `cache` keeps reference log-probabilities between runs; "simpo" computes none. The reference is the model of
    `model_folder`: with fresh virtual tokens (method "prefix" or "prompt") the policy differs from it from the start,
    so only then the loss starts elsewhere, and else it must not. Resuming, `stop`, `guard` and errors are those of
    `train_sft`; a guard with a reference of its own also refuses a model that is damaged before the first step, unless
    `config.accept_damaged`.
    """
    from steadyhand.chat.probe import usable
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.fingerprint import fingerprint
    from steadyhand.train.objectives.reference import reference_log_probs
    from steadyhand.train.runner import checkpoints, loop, packing
    from steadyhand.train.runner.model import before, save, trainable
    from steadyhand.train.runner.result import disk_full_as_job_error

    began = time.monotonic()
    model, tokenizer, folder = trainable(model_folder, config)
    renderer = Renderer(tokenizer)
    usable(renderer.profile, tools=any(group.tools for group in groups), named=renderer.named, where=str(folder))
    data = group_samples(groups, renderer, config)
    replayed = nested(samples(rows, renderer, config)) if rows and config.replay_tokens else []
    settings = config.but(save_steps=0, log_steps=1, accept_damaged=False, workers=1)  # none changes the result
    start, lead, compared = fingerprint(folder), virtual_ids(model), before(model, folder)
    key, work = digest("dpo", start, settings, data, replayed), work_folder(out)
    with disk_full_as_job_error(work), loop.threads(config.threads), data_parallel.first_alone():
        checkpoints.claim(work, key)
        reference = None
        if config.loss != "simpo":
            seen = data if compared is not model else groups_with_virtual_tokens(data, lead)
            reference = reference_log_probs(compared, seen, config, start, cache or work)
    beside = packing.settled(model, _beside(config))
    plan = group_plan(len(data), config, [len(sample.ids) for sample in replayed], beside)
    if guard:
        _begin(guard, compared, tokenizer, len(plan), config)
        guard.watch(model)
    objective = _Objective(
        groups_with_virtual_tokens(data, lead),
        reference,
        with_virtual_tokens(replayed, lead),
        packing.loss(beside),
        config,
        model.device,
    )
    job = TrainingJob(
        model, objective, plan, config, work, key, progress, stop, config.gradient_checkpointing,
        first_step=_start_check(config) if compared is model else None, guard=guard, source=folder,
    )  # fmt: skip
    model, log = loop.run(job)
    facts = {
        "steps": len(plan),
        "tokens": config.epochs * sum(len(g.prompt) + sum(map(len, g.completions)) for g in data),
        "cut_prompts": sum(g.cut > 0 for g in data),
        "cut_rejected": sum(g.cut_rejected for g in data),
    }
    health = {"health": guard.record()} if guard else {}
    note = layers_note(model, data, packed=config.gradient_checkpointing)
    save(model, folder, out, config, {**facts, "layers": note, "log": list(log), **health})
    shutil.rmtree(work)
    return TrainResult(out, log, seconds=time.monotonic() - began, layers=note, **facts)


def _beside(config: DpoConfig) -> SftConfig:
    """How the rows that a step takes along stand together."""
    tokens, again = config.replay_tokens or 1, config.gradient_checkpointing
    return SftConfig(method=config.method, batch_tokens=tokens, gradient_checkpointing=again)


def _begin(guard: HealthMonitor, model: Any, tokenizer: Any, steps: int, config: DpoConfig) -> None:
    """What is damaged does not enter; when it must, it is watched against itself, or it would be stopped at once."""
    if config.accept_damaged:
        guard.reference = None
    given = guard.reference is not None
    guard.begin(model, tokenizer, steps)
    if given:
        guard.refuse_damaged()


class _Objective:
    """A step's loss is the mean over its groups, one group a forward pass, and that of the rows it takes along."""

    def __init__(
        self,
        data: Sequence[GroupSample],
        reference: Sequence[torch.Tensor] | None,
        replayed: Sequence[Sample],
        loss: Loss,
        config: DpoConfig,
        device: torch.device,
    ) -> None:
        self.data, self.reference, self.replayed, self.loss = data, reference, replayed, loss
        self.config, self.device = config, device

    def __call__(
        self, model: Any, micro: Sequence[int], step: Sequence[Sequence[int]]
    ) -> tuple[torch.Tensor, dict[str, float]]:
        if micro[0] >= len(self.data):
            return self._replay(model, micro, step)
        (i,) = micro
        groups = sum(part[0] < len(self.data) for part in step)
        policy = group_log_probs(model, self.data[i], self.device, packed=self.config.gradient_checkpointing)
        reference = self.reference[i].to(self.device) if self.reference else None
        lengths = [len(answer) for answer in self.data[i].completions]
        loss, figures = losses.group_loss(policy, reference, lengths, self.config)
        return loss / groups, {name: value / groups for name, value in figures.items()}

    def _replay(
        self, model: Any, micro: Sequence[int], step: Sequence[Sequence[int]]
    ) -> tuple[torch.Tensor, dict[str, float]]:
        first = len(self.data)
        trained = sum(sum(self.replayed[i - first].mask) for part in step for i in part if i >= first)
        loss = self.loss(model, [self.replayed[i - first] for i in micro], self.device) / trained
        return self.config.sft_weight * loss, {"replay": float(loss.detach())}


def _start_check(config: DpoConfig) -> Callable[[dict[str, float]], None] | None:
    """Before the first update policy and reference are one model, so the preference part is known: ln 2, or for "ipo"
    its whole margin. Without a reference there is nothing to check."""
    expected = losses.start(config)
    if expected is None:
        return None

    def check(figures: dict[str, float]) -> None:
        if abs(figures["dpo"] - expected) > 0.015 * expected:
            raise JobError(
                f"the preference loss starts at {figures['dpo']:.3f} instead of {f'{expected:.3f}'.lstrip('0')}: "
                "policy and reference differ",
                next="remove the reference cache and run again",
            )

    return check
