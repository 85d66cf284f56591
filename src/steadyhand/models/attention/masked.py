"""Attention under a mask as models mean it: with a window, with sinks (gpt-oss), with capped scores (Gemma 2).

A window is told by position: the last query stands where the last key stands. Imports torch: import late.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    **options: Any,
) -> torch.Tensor:
    """query: R heads T width; key, value: R heads S width; mask: None (causal), true where seen, or added to the
    scores. `options` has `sliding_window`, `s_aux` and `softcap` where a layer has them. Returns R T heads width."""
    window = options.get("sliding_window")
    asked, seen = query.shape[2], key.shape[2]
    if mask is not None and mask.shape[-1] > seen:
        mask = mask[..., :seen]
    if (window and seen > window) or (mask is None and 1 < asked < seen):
        mask = within(mask, asked, seen, window, query.device)
    if options.get("s_aux") is None and options.get("softcap") is None:
        done: torch.Tensor = sdpa_attention_forward(module, query, key, value, mask, **options | {"softcap": None})[0]
        return done
    return _by_scores(module, (query, key, value), mask, options)


def within(mask: torch.Tensor | None, asked: int, seen: int, window: int | None, device: torch.device) -> torch.Tensor:
    """`mask` without what lies `window` tokens or more before a query (T S), or after it when there is no mask yet."""
    distance = torch.arange(seen - asked, seen, device=device)[:, None] - torch.arange(seen, device=device)
    near = distance < (window or seen)
    if mask is None:
        return (near & (distance >= 0))[None, None]
    if mask.dtype == torch.bool:
        return mask & near
    return mask.masked_fill(~near, torch.finfo(mask.dtype).min)


def _by_scores(
    module: torch.nn.Module,
    given: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    mask: torch.Tensor | None,
    options: dict[str, Any],
) -> torch.Tensor:
    """All scores at once: a cap bends them (Gemma Team 2024, arXiv 2408.00118, section 2), a sink is one more key
    without a value (OpenAI 2025, arXiv 2508.10925, section 2.2)."""
    groups = int(getattr(module, "num_key_value_groups", 1))
    query, key, value = given[0], repeat_kv(given[1], groups), repeat_kv(given[2], groups)
    scores = query @ key.mT * (options.get("scaling") or query.shape[-1] ** -0.5)
    cap, sinks = options.get("softcap"), options.get("s_aux")
    scores = scores if cap is None else torch.tanh(scores / cap) * cap
    if mask is None and query.shape[2] > 1:
        mask = within(None, query.shape[2], key.shape[2], None, query.device)
    if mask is not None:
        lowest = torch.finfo(scores.dtype).min
        scores = scores.masked_fill(~mask, lowest) if mask.dtype == torch.bool else scores + mask
    if sinks is not None:
        extra = sinks.reshape(1, -1, 1, 1).expand(len(scores), -1, scores.shape[2], 1)
        scores = torch.cat([scores, extra.to(scores.dtype)], dim=-1)
    shares = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)[..., : key.shape[2]]
    shares = torch.nn.functional.dropout(shares, options.get("dropout") or 0.0, module.training)
    mixed: torch.Tensor = shares @ value
    return mixed.transpose(1, 2).contiguous()
