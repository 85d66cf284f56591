"""Supervised fine-tuning: cross-entropy on what the assistant writes, rendered as serving renders it.

The loss of an optimizer step is the mean over its trained tokens, however it is split into forward passes.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.domain.rows import Row
from steadyhand.errors import PrerequisiteError
from steadyhand.models.loading.adapters import virtual_ids
from steadyhand.settings.training import SftConfig
from steadyhand.train.distributed.data_parallel import together
from steadyhand.train.runner.data import Sample, digest, merge_prefixes, samples, sft_plan, with_virtual_tokens
from steadyhand.train.runner.job import Figures, TrainingJob
from steadyhand.train.runner.result import TrainingProgress, TrainResult, work_folder

if TYPE_CHECKING:
    import torch

    from steadyhand.train.monitoring.health_monitor import HealthMonitor
    from steadyhand.train.runner.packing import Loss


ABOVE_CHANCE = 3.5  # nats above guessing's loss: where no model starts on rows that it can read


@together
def train_sft(
    model_folder: str | Path,
    rows: Sequence[Row],
    config: SftConfig,
    out: Path,
    progress: TrainingProgress | None = None,
    *,
    stop: Callable[[], bool] | None = None,
    guard: HealthMonitor | None = None,
    share: float = 1.0,
) -> TrainResult:
    """Trains the model of `model_folder` (a folder, "steady-nano" or a hub id) on `rows` and puts it at `out`.

    Continues at the last complete checkpoint of the same job. `stop` is asked after every step; when it says so a
    checkpoint is saved and KeyboardInterrupt raised. `guard` asks the model under way; it changes no weight.
    `share` below 1 pauses after that share of the steps, the schedule being that of the whole training: a call with a
    larger one goes on there, step for step as if there had been no pause. Raises
    PrerequisiteError (model; a template that loses the tools of a row; with a guard also a tokenizer of another model),
    UsageError (a row that cannot be trained) and JobError (damage, loss not finite, disk or memory full).
    """
    from steadyhand.chat.probe import usable
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.fingerprint import fingerprint
    from steadyhand.train.runner import interpolate, loop, packing
    from steadyhand.train.runner.model import before, save, trainable

    began = time.monotonic()
    model, tokenizer, folder = trainable(model_folder, config)
    config = packing.settled(model, config)
    start = interpolate.weights(model) if config.keep_base else {}
    renderer = Renderer(tokenizer)
    usable(renderer.profile, tools=any(row.tools for row in rows), named=renderer.named, where=str(folder))
    data = merge_prefixes(samples(rows, renderer, config), config)
    plan = sft_plan([len(sample.ids) for sample in data], config)
    done = steps_of(share, len(plan))
    settings = config.but(save_steps=0, log_steps=1, workers=1)  # neither changes the result
    work = work_folder(out)
    if guard:
        guard.begin(before(model, folder), tokenizer, len(plan))
        guard.watch(model)
    job = TrainingJob(
        model=model,
        objective=_Objective(with_virtual_tokens(data, virtual_ids(model)), packing.loss(config), model.device),
        plan=plan,
        config=config,
        work=work,
        key=digest("sft", fingerprint(folder), settings, data),
        progress=progress,
        stop=stop,
        gradient_checkpointing=config.gradient_checkpointing,
        first_step=_better_than_chance(folder, len(tokenizer)) if guard else None,
        guard=guard,
        until=done if done < len(plan) else None,
        source=folder,
    )
    model, log = loop.run(job)
    interpolate.towards(model, start, config.keep_base)
    tokens = config.epochs * sum(len(sample.ids) for sample in data)
    cut, lost = sum(sample.cut > 0 for sample in data), sum(sample.lost > 0 for sample in data)
    facts = {"steps": len(plan), "done": done, "tokens": tokens, "cut_prompts": cut, "cut_answers": lost}
    save(model, folder, out, config, facts | {"log": list(log)} | ({"health": guard.record()} if guard else {}))
    if done == len(plan):
        shutil.rmtree(work)
    return TrainResult(out, log, len(plan), time.monotonic() - began, tokens, cut, cut_answers=lost)


def steps_of(share: float, total: int) -> int:
    """How many of `total` steps a training that pauses after `share` of them takes: at least one."""
    return min(total, max(1, math.ceil(share * total)))


def _better_than_chance(folder: Path, tokens: int) -> Callable[[Figures], None]:
    """A model that is given the ids of another one's tokenizer is sure of the wrong tokens, and worse than one that
    knows nothing: that one's loss is ln(tokens), with weights as they are usually drawn at random .8 more, and with
    ones drawn twenty times as wide 3."""

    def check(figures: Figures) -> None:
        chance = math.log(tokens)
        if figures["loss"] > chance + ABOVE_CHANCE:
            raise PrerequisiteError(
                f"the model finds the training rows less likely than chance: the loss starts at {figures['loss']:.1f}, "
                f"guessing among {tokens:,} tokens is {chance:.1f}",
                where=str(folder),
                next="use the tokenizer that came with the model, and weights that belong to its config.json",
            )

    return check


class _Objective:
    """The step's loss, one forward pass at a time."""

    def __init__(self, data: Sequence[Sample], loss: Loss, device: torch.device) -> None:
        self.data, self.loss, self.device = data, loss, device

    def __call__(
        self, model: Any, micro: Sequence[int], step: Sequence[Sequence[int]]
    ) -> tuple[torch.Tensor, dict[str, float]]:
        trained = sum(sum(self.data[i].mask) for part in step for i in part)
        return self.loss(model, [self.data[i] for i in micro], self.device) / trained, {}
