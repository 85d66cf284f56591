"""-log p of what is trained in some rows, summed, in two ways of equal values and gradients.

Imports torch: import late. The vocabulary is scored only where a trained token is predicted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional

from steadyhand.models import rowwise
from steadyhand.train.data import Sample


def padded_loss(model: Any, batch: Sequence[Sample], device: torch.device) -> torch.Tensor:
    """The rows below one another. Padding stands on the right, where causal attention hides it from every real token,
    so no attention mask is needed."""
    width = max(len(sample.ids) for sample in batch)
    ids = torch.tensor([[*sample.ids, *[0] * (width - len(sample.ids))] for sample in batch], device=device)
    trained = torch.tensor([[*sample.mask, *[0] * (width - len(sample.mask))] for sample in batch], device=device) > 0
    with _scored(model, trained):
        logits = model(input_ids=ids, use_cache=False).logits
    return _summed(logits[0], ids[trained])


def packed_loss(model: Any, batch: Sequence[Sample], device: torch.device) -> torch.Tensor:
    """The rows behind one another in one sequence: each sees itself only, from position 0 on. `model` must have been
    given to `rowwise.use`."""
    ids = torch.tensor([[token for sample in batch for token in sample.ids]], device=device)
    trained = torch.tensor([[on for sample in batch for on in sample.mask]], device=device) > 0
    positions = torch.tensor([[i for sample in batch for i in range(len(sample.ids))]], device=device)
    rows = rowwise.lengths([len(sample.ids) for sample in batch], device)
    with _scored(model, trained):  # no row's first token is trained, so no row predicts the next one's
        logits = model(input_ids=ids, attention_mask=rows, position_ids=positions, use_cache=False).logits
    return _summed(logits[0], ids[trained])


def _summed(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(logits.float(), targets, reduction="sum")


@contextlib.contextmanager
def _scored(model: Any, trained: torch.Tensor) -> Iterator[None]:
    """Hands the output layer only the positions (rows, width) before `trained` tokens, as one row: whatever a model
    does to its logits afterwards holds position by position."""
    chosen = trained.roll(-1, 1)  # a token is predicted one position before it; none is trained at 0
    handle = model.get_output_embeddings().register_forward_pre_hook(lambda _, given: (given[0][chosen][None],))
    try:
        yield
    finally:
        handle.remove()
