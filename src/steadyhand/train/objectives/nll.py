"""-log p of what is trained in some rows, summed, in two ways of equal values and gradients.

The vocabulary is scored only where a trained token is predicted. `again` computes the scores again in the backward
pass, a few positions at a time: of a large vocabulary they are what a forward pass holds most of. Imports torch: import
late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from steadyhand.models.attention import varlen
from steadyhand.train.runner.data import AT_ONCE, Sample

SCALED = ("final_logit_softcapping", "logits_scaling", "logit_scale")  # what a config says of changes after scoring


def padded_loss(model: Any, batch: Sequence[Sample], device: torch.device, *, again: bool = False) -> torch.Tensor:
    """The rows below one another. Padding stands on the right, where causal attention hides it from every real token,
    so no attention mask is needed."""
    width = max(len(sample.ids) for sample in batch)
    ids = torch.tensor([[*sample.ids, *[0] * (width - len(sample.ids))] for sample in batch], device=device)
    trained = torch.tensor([[*sample.mask, *[0] * (width - len(sample.mask))] for sample in batch], device=device) > 0
    return _loss(model, ids, trained, again)


def packed_loss(model: Any, batch: Sequence[Sample], device: torch.device, *, again: bool = False) -> torch.Tensor:
    """The rows behind one another in one sequence: each sees itself only, from position 0 on. `model` must have been
    given to `varlen.use`."""
    ids = torch.tensor([[token for sample in batch for token in sample.ids]], device=device)
    trained = torch.tensor([[on for sample in batch for on in sample.mask]], device=device) > 0
    positions = torch.tensor([[i for sample in batch for i in range(len(sample.ids))]], device=device)
    rows = varlen.lengths([len(sample.ids) for sample in batch], device)
    # no row's first token is trained, so no row predicts the next one's
    return _loss(model, ids, trained, again, attention_mask=rows, position_ids=positions)


def _loss(model: Any, ids: torch.Tensor, trained: torch.Tensor, again: bool, **given: torch.Tensor) -> torch.Tensor:
    chosen, targets = trained.roll(-1, 1), ids[trained]  # predicted one position before; none is trained at 0
    head, losses = model.get_output_embeddings(), list[torch.Tensor]()

    def instead(hidden: torch.Tensor) -> torch.Tensor:
        losses.append(_by_parts(head, hidden, targets))
        return hidden[:0]  # nothing is left to score for the layer itself

    by_parts = again and not any(getattr(_text(model), name, None) for name in SCALED)
    logits = scored(model, chosen, instead if by_parts else None, input_ids=ids, **given)
    return losses[0] if losses else _summed(logits, targets)


def scored(
    model: Any,
    chosen: torch.Tensor,
    instead: Callable[[torch.Tensor], torch.Tensor] | None = None,
    **given: torch.Tensor,
) -> torch.Tensor:
    """Logits (N, vocabulary) of the N `chosen` positions (rows, width): the output layer is handed only those, as one
    row, as whatever a model does to its logits afterwards holds position by position. `instead` changes what the layer
    is handed, where the model's own number format holds."""

    def narrow(_: Any, given: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        hidden = given[0][chosen]
        return ((instead(hidden) if instead else hidden)[None],)

    handle = model.get_output_embeddings().register_forward_pre_hook(narrow)
    try:
        return model(use_cache=False, **given).logits[0]  # type: ignore[no-any-return]
    finally:
        handle.remove()


def _text(model: Any) -> Any:
    return model.config.get_text_config(decoder=True)


def _by_parts(head: Any, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    def part(states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return _summed(head.forward(states), wanted)  # past the hook that this is called from

    pairs = zip(torch.split(hidden, AT_ONCE), torch.split(targets, AT_ONCE), strict=True)
    return torch.stack([checkpoint(part, *pair, use_reentrant=False) for pair in pairs]).sum()


def _summed(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(logits.float(), targets, reduction="sum")
