"""Supervised fine-tuning: cross-entropy on what the assistant writes, rendered as serving renders it.

The loss of an optimiser step is the mean over its trained tokens, however it is split into forward passes.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.domain.rows import Row
from steadyhand.models.adapters import virtual_ids
from steadyhand.train.config import SftConfig
from steadyhand.train.data import Sample, arranged, digest, led, samples, sft_plan
from steadyhand.train.result import Progress, TrainResult, work_folder

if TYPE_CHECKING:
    import torch

    from steadyhand.train.guard import Guard


def train_sft(
    model_folder: str | Path,
    rows: Sequence[Row],
    config: SftConfig,
    out: Path,
    progress: Progress | None = None,
    *,
    stop: Callable[[], bool] | None = None,
    guard: Guard | None = None,
) -> TrainResult:
    """Trains the model of `model_folder` (a folder, "steady-nano" or a hub id) on `rows` and puts it at `out`.

    Continues at the last complete checkpoint of the same job. `stop` is asked after every step; when it says so a
    checkpoint is saved and KeyboardInterrupt raised. `guard` asks the model under way; it changes no weight. Raises
    PrerequisiteError (model), UsageError (a row that cannot be trained) and JobError (damage, loss not finite, disk or
    memory full).
    """
    from steadyhand.chat.render import Renderer
    from steadyhand.models.load import fingerprint
    from steadyhand.train import blend, loop
    from steadyhand.train.model import before, save, trainable

    began = time.monotonic()
    model, tokenizer, folder = trainable(model_folder, config)
    start = blend.weights(model) if config.keep_base else {}
    data = arranged(samples(rows, Renderer(tokenizer), config), config)
    plan = sft_plan([len(sample.ids) for sample in data], config)
    settings = replace(config, save_steps=0, log_steps=1)  # neither changes the result
    work = work_folder(out)
    if guard:
        guard.begin(before(model, folder), tokenizer, len(plan))
        guard.watch(model)
    job = loop.Job(
        model=model,
        objective=_Objective(led(data, virtual_ids(model)), model.device, packed=config.packing == "packed"),
        plan=plan,
        config=config,
        work=work,
        key=digest("sft", fingerprint(folder), settings, data),
        progress=progress,
        stop=stop,
        gradient_checkpointing=config.gradient_checkpointing,
        guard=guard,
        source=folder,
    )
    log = loop.run(job)
    blend.towards(model, start, config.keep_base)
    tokens = config.epochs * sum(len(sample.ids) for sample in data)
    cut, lost = sum(sample.cut > 0 for sample in data), sum(sample.lost > 0 for sample in data)
    facts = {"steps": len(plan), "tokens": tokens, "cut_prompts": cut, "cut_answers": lost, "log": list(log)}
    save(model, folder, out, config, facts | ({"health": guard.record()} if guard else {}))
    shutil.rmtree(work)
    return TrainResult(out, log, len(plan), time.monotonic() - began, tokens, cut, cut_answers=lost)


class _Objective:
    """The step's loss, one padded or packed forward pass at a time."""

    def __init__(self, data: Sequence[Sample], device: torch.device, *, packed: bool) -> None:
        self.data, self.device, self.loss = data, device, packed_loss if packed else token_loss

    def __call__(
        self, model: Any, micro: Sequence[int], step: Sequence[Sequence[int]]
    ) -> tuple[torch.Tensor, dict[str, float]]:
        trained = sum(sum(self.data[i].mask) for part in step for i in part)
        return self.loss(model, [self.data[i] for i in micro], self.device) / trained, {}


def token_loss(model: Any, batch: Sequence[Sample], device: torch.device) -> torch.Tensor:
    """The sum of -log p over the trained tokens of `batch`.

    Padding stands on the right, where causal attention hides it from every real token, so no attention mask is
    needed. The vocabulary is scored only where a trained token is predicted.
    """
    import torch
    from torch.nn import functional

    width = max(len(sample.ids) for sample in batch)
    ids = torch.tensor([[*sample.ids, *[0] * (width - len(sample.ids))] for sample in batch], device=device)
    trained = torch.tensor([[*sample.mask, *[0] * (width - len(sample.mask))] for sample in batch], device=device) > 0
    with _scored(model, trained.roll(-1, 1)):  # a token is predicted one position before it; none is trained at 0
        logits = model(input_ids=ids, use_cache=False).logits
    loss: torch.Tensor = functional.cross_entropy(logits[0].float(), ids[trained], reduction="sum")
    return loss


def packed_loss(model: Any, batch: Sequence[Sample], device: torch.device) -> torch.Tensor:
    """As `token_loss`, with all rows behind one another in one sequence: each sees itself only, from position 0 on."""
    import torch
    from torch.nn import functional

    ids = torch.tensor([[token for sample in batch for token in sample.ids]], device=device)
    trained = torch.tensor([[on for sample in batch for on in sample.mask]], device=device) > 0
    owner = torch.tensor([i for i, sample in enumerate(batch) for _ in sample.ids], device=device)
    positions = torch.tensor([[i for sample in batch for i in range(len(sample.ids))]], device=device)
    seen = (owner == owner[:, None]).tril()[None, None]
    with _scored(model, trained.roll(-1, 1)):  # no row's first token is trained, so no row predicts the next one's
        logits = model(input_ids=ids, attention_mask=seen, position_ids=positions, use_cache=False).logits
    loss: torch.Tensor = functional.cross_entropy(logits[0].float(), ids[trained], reduction="sum")
    return loss


@contextlib.contextmanager
def _scored(model: Any, chosen: torch.Tensor) -> Iterator[None]:
    """Hands the output layer the `chosen` positions (rows, width) only, as one row: whatever a model does to its
    logits afterwards holds position by position."""
    handle = model.get_output_embeddings().register_forward_pre_hook(lambda _, given: (given[0][chosen][None],))
    try:
        yield
    finally:
        handle.remove()
