"""Log-probabilities of the answers of a group behind one prompt that is computed once, in two ways. Both are exact:
values and gradients equal those of full sequences, for P + (K + 1) C instead of 2K (P + C) tokens.

`cached`: the prompt runs once with its key/value cache kept in the graph; the cache is expanded to K + 1 rows and all
answers run as one batch against it. `packed`: prompt and answers are one sequence, in which an answer sees the prompt
and itself; no cache is needed, so that activations can be computed again in the backward pass (a cache rules it out).
Legend of shapes: R = K + 1 answers (the chosen one first), P prompt tokens, C answer tokens, V vocabulary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steadyhand.train.runner.data import GroupSample

if TYPE_CHECKING:
    import torch


def group_log_probs(model: Any, group: GroupSample, device: torch.device, *, packed: bool = False) -> torch.Tensor:
    """log p(answer | prompt), summed over the answer's tokens, of each answer of the group: R, float32."""
    return (_packed if packed else _cached)(model, group, device)


def _cached(model: Any, group: GroupSample, device: torch.device) -> torch.Tensor:
    import torch
    from torch.nn import functional

    prompt = torch.tensor([group.prompt], device=device)
    out = model(input_ids=prompt, use_cache=True, logits_to_keep=1)
    total = _first(out.logits[0, -1], group)
    width = max(len(ids) for ids in group.completions) - 1
    if not width:
        return total
    answers = torch.tensor([[*ids, *[0] * (width + 1 - len(ids))] for ids in group.completions], device=device)
    logits = _behind(model, out.past_key_values, answers[:, :-1], len(group.prompt))
    lengths = torch.tensor([len(ids) for ids in group.completions], device=device)
    real = torch.arange(1, width + 1, device=device) < lengths[:, None]
    losses = functional.cross_entropy(logits[real].float(), answers[:, 1:][real], reduction="none")
    return total.index_add(0, real.nonzero()[:, 0], -losses)


def _first(logits: torch.Tensor, group: GroupSample) -> torch.Tensor:
    """The log-probability of each answer's first token, which the prompt's last position (V) predicts: R."""
    import torch

    return torch.log_softmax(logits.float(), dim=-1)[[ids[0] for ids in group.completions]]


def _behind(model: Any, cache: Any, ids: torch.Tensor, past: int) -> torch.Tensor:
    """Logits R C V of the answers behind the cached prompt; padding on the right is hidden by causality."""
    import torch

    rows, width = ids.shape
    for layer in cache.layers:  # a view: the rows share the prompt's keys, and its gradient sums over them
        layer.keys, layer.values = (x.expand(rows, -1, -1, -1) for x in (layer.keys, layer.values))
    seen = torch.ones(width, past + width, dtype=torch.bool, device=ids.device).tril(past)
    positions = torch.arange(past, past + width, device=ids.device)[None]
    out = model(
        input_ids=ids, attention_mask=seen[None, None], position_ids=positions, past_key_values=cache, use_cache=True
    )
    return out.logits  # type: ignore[no-any-return]


def _packed(model: Any, group: GroupSample, device: torch.device) -> torch.Tensor:
    import torch
    from torch.nn import functional

    from steadyhand.models.attention.shared_prefix import behind

    past = len(group.prompt)
    laid = behind(group.prompt, [ids[:-1] for ids in group.completions], device)
    out = model(
        input_ids=laid.ids, attention_mask=laid.mask(model), position_ids=laid.positions, use_cache=False,
        logits_to_keep=laid.ids.shape[1] - past + 1,
    )  # fmt: skip
    total = _first(out.logits[0, 0], group)
    targets = torch.tensor([token for answer in group.completions for token in answer[1:]], device=device).long()
    losses = functional.cross_entropy(out.logits[0, 1:].float(), targets, reduction="none")
    return total.index_add(0, laid.owner[past:] - 1, -losses)
