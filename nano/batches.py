"""The corpus as batches: whole dialogues behind one another. The batch of a step depends on (seed, step) only, so a
resumed run sees the data that an uninterrupted one would, however many processes make it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from nano import corpus
from steadyhand.models.attention import varlen

MISSES = 6  # dialogues that did not fit any more, and a step is full
AHEAD = 8  # batches that each process has ready


@dataclass(frozen=True)
class Batch:
    """Dialogues one behind the other. ids, weights (of the *next* token) and positions: 1 tokens; `rows`: the
    dialogues' lengths, by which each sees itself only."""

    ids: torch.Tensor
    weights: torch.Tensor
    positions: torch.Tensor
    rows: list[int]

    def to(self, device: torch.device) -> Batch:
        ids, weights, positions = (x.to(device, non_blocking=True) for x in (self.ids, self.weights, self.positions))
        return replace(self, ids=ids, weights=weights, positions=positions)

    def loss(self, model: Any) -> torch.Tensor:
        """Weighted mean of the next-token losses; the vocabulary is scored only where a weight is not 0."""
        chosen = self.weights > 0
        hidden = model.model(
            input_ids=self.ids,
            attention_mask=varlen.lengths(self.rows, self.ids.device),
            position_ids=self.positions,
            use_cache=False,
        ).last_hidden_state[chosen]
        targets = self.ids.roll(-1, 1)[chosen]
        losses = torch.nn.functional.cross_entropy(model.lm_head(hidden).float(), targets, reduction="none")
        return (losses * self.weights[chosen]).sum() / self.weights.sum()


def packed(tokenizer: Any, seed: int, step: int, tokens: int) -> Batch:
    """The dialogues of a step: as many as `tokens` hold, drawn by (seed, step). The last one is lengthened by padding,
    which nothing sees and nothing is asked of: every step has one shape."""
    rng = random.Random(f"{seed}-{step}")
    ids: list[int] = []
    weights: list[float] = []
    rows: list[int] = []
    misses = 0
    while misses < MISSES:
        row_ids, row_weights = corpus.encode(tokenizer, corpus.make_row(rng))
        if len(ids) + len(row_ids) > tokens:
            misses += 1
            continue
        ids += row_ids
        weights += [*row_weights[1:], 0.0]
        rows.append(len(row_ids))
    free = tokens - len(ids)
    rows[-1] += free
    positions = [i for length in rows for i in range(length)]
    ids += [tokenizer.pad_token_id] * free
    weights += [0.0] * free
    return Batch(torch.tensor([ids]), torch.tensor([weights]), torch.tensor([positions]), rows)


@dataclass(frozen=True)
class Steps(Dataset[Batch]):
    """The batch of every step, by its number."""

    tokenizer: Any
    seed: int
    tokens: int

    def __getitem__(self, step: int) -> Batch:
        return packed(self.tokenizer, self.seed, step, self.tokens)


def batches(tokenizer: Any, seed: int, tokens: int, steps: range, workers: int) -> Iterable[Batch]:
    """The batches of `steps` in their order, made by so many processes (0: here) while the model learns."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # each process is one of many
    return DataLoader(
        Steps(tokenizer, seed, tokens),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
    )
