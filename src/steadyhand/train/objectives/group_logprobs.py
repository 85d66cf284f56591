"""Log-probabilities of the answers of a group behind one prompt, in three ways. All are exact: values and gradients
equal those of full sequences; the first two take P + (K + 1) C instead of 2K (P + C) tokens.

`cached`: the prompt runs once with what its layers keep left in the graph (keys, values, states); that is expanded to
K + 1 rows and all answers run as one batch behind it. `packed`: prompt and answers are one sequence, in which an answer
sees the prompt and itself; no cache is needed, so that activations can be computed again in the backward pass (a cache
rules it out). `full`: (K + 1) (P + C) tokens, for layers that allow neither (`models.attention.layers`).
Legend of shapes: R = K + 1 answers (the chosen one first), P prompt tokens, C answer tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from steadyhand.train.runner.data import GroupSample

if TYPE_CHECKING:
    import torch


def group_log_probs(model: Any, group: GroupSample, device: torch.device, *, packed: bool = False) -> torch.Tensor:
    """log p(answer | prompt), summed over the answer's tokens, of each answer of the group: R, float32. `packed` where
    activations are computed again."""
    if _alone(model, packed):
        return _full(model, group, device)
    return (_packed if packed else _cached)(model, group, device)


def layers_note(model: Any, groups: Sequence[GroupSample], *, packed: bool) -> str:
    """What it costs, in tokens, that the model's layers rule sharing a prompt out; empty when they do not."""
    from steadyhand.models.attention.layers import layers_of

    if not _alone(model, packed):
        return ""
    shared = sum(len(group.prompt) + sum(map(len, group.completions)) for group in groups)
    alone = sum(len(group.completions) * (len(group.prompt) + max(map(len, group.completions))) for group in groups)
    why = layers_of(model).why or "a state cannot be shared where activations are computed again"
    return f"every answer is computed behind a prompt of its own, {alone / shared:.1f} times the tokens: {why}"


def _alone(model: Any, packed: bool) -> bool:
    from steadyhand.models.attention.layers import Way, layers_of

    way = layers_of(model).way
    return way is Way.FULL or (way is Way.STATE and packed)


def _cached(model: Any, group: GroupSample, device: torch.device) -> torch.Tensor:
    import torch

    from steadyhand.models.attention.states import new_cache

    prompt = torch.tensor([group.prompt], device=device)
    out = model(input_ids=prompt, past_key_values=new_cache(model), use_cache=True, logits_to_keep=1)
    total = _first(out.logits[0, -1], group)
    answers, real = _below(group.completions, device)
    if answers.shape[1] == 1:
        return total
    logits = _behind(model, out.past_key_values, answers, len(group.prompt))[:, :-1]
    return total.index_add(0, real[:, 1:].nonzero()[:, 0], -_losses(logits[real[:, 1:]], answers[:, 1:][real[:, 1:]]))


def _below(rows: Sequence[Sequence[int]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows below one another with zeros behind them, and which tokens are real: R, longest."""
    import torch

    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows], device=device)
    lengths = torch.tensor([len(row) for row in rows], device=device)
    return ids, torch.arange(width, device=device) < lengths[:, None]


def _losses(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    from torch.nn import functional

    return functional.cross_entropy(logits.float(), targets, reduction="none")


def _first(logits: torch.Tensor, group: GroupSample) -> torch.Tensor:
    """The log-probability of each answer's first token, which the prompt's last position (V) predicts: R."""
    import torch

    return torch.log_softmax(logits.float(), dim=-1)[[ids[0] for ids in group.completions]]


def _behind(model: Any, cache: Any, ids: torch.Tensor, past: int) -> torch.Tensor:
    """Logits R C V of the answers behind the cached prompt; padding on the right is hidden by causality. The answers'
    last tokens, which predict nothing, are computed along: a pass of one token would write into states."""
    import torch

    from steadyhand.models.attention.states import shared

    rows, width = ids.shape
    seen = torch.ones(width, past + width, dtype=torch.bool, device=ids.device).tril(past)
    positions = torch.arange(past, past + width, device=ids.device)[None]
    out = model(
        input_ids=ids, attention_mask=seen[None, None], position_ids=positions, past_key_values=shared(cache, rows),
        use_cache=True,
    )  # fmt: skip
    return out.logits  # type: ignore[no-any-return]


def _packed(model: Any, group: GroupSample, device: torch.device) -> torch.Tensor:
    import torch

    from steadyhand.models.attention.shared_prefix import behind
    from steadyhand.train.objectives.nll import scored

    past = len(group.prompt)
    laid = behind(group.prompt, [ids[:-1] for ids in group.completions], device)
    chosen = torch.arange(laid.ids.shape[1], device=device)[None] >= past - 1
    logits = scored(
        model, chosen, input_ids=laid.ids, attention_mask=laid.mask(model), position_ids=laid.positions
    )  # fmt: skip
    total = _first(logits[0], group)
    targets = torch.tensor([token for answer in group.completions for token in answer[1:]], device=device).long()
    return total.index_add(0, laid.owner[past:] - 1, -_losses(logits[1:], targets))


def _full(model: Any, group: GroupSample, device: torch.device) -> torch.Tensor:
    import torch

    from steadyhand.train.objectives.nll import scored

    ids, real = _below([(*group.prompt, *answer) for answer in group.completions], device)
    answers = real.clone()
    answers[:, : len(group.prompt)] = False
    losses = _losses(scored(model, answers.roll(-1, 1), input_ids=ids), ids[answers])
    return torch.zeros(len(ids), device=device).index_add(0, answers.nonzero()[:, 0], -losses)
