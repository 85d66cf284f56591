"""What a model's loss is on rows that it was not trained on. Imports torch: import late."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch

from steadyhand.chat.render import Renderer
from steadyhand.domain.rows import Row
from steadyhand.errors import JobError
from steadyhand.models.loading.adapters import virtual_ids
from steadyhand.models.loading.load import load_tokenizer, load_weights
from steadyhand.settings.training import SftConfig
from steadyhand.train.runner import packing
from steadyhand.train.runner.data import merge_prefixes, samples, sft_plan, with_virtual_tokens


def held_out_loss(folder: Path, rows: Sequence[Row], config: SftConfig) -> float:
    """-log p of an answer's token in nats, the mean over all answers' tokens of `rows`, rendered and put together as
    training with `config` would. Raises UsageError for a row that could not be trained, JobError for no finite loss.
    """
    model, tokenizer = load_weights(folder, device=config.device).eval(), load_tokenizer(folder)
    config = packing.settled(model, config.but(epochs=1, gradient_checkpointing=False))
    data = with_virtual_tokens(merge_prefixes(samples(rows, Renderer(tokenizer), config), config), virtual_ids(model))
    plan = sft_plan([len(sample.ids) for sample in data], config)
    add, total = packing.loss(config), 0.0
    with torch.no_grad():
        for micro in (part for step in plan for part in step):
            total += float(add(model, [data[i] for i in micro], model.device))
    loss = total / sum(sum(sample.mask) for sample in data)
    if not math.isfinite(loss):
        raise JobError(f"the loss on held-out rows is {loss}", where=str(folder), next="lower the learning rate")
    return loss
