"""Attention for rows that stand one behind the other in one sequence, each seeing itself only.

A dense mask of such a sequence costs the square of its length; here every row is attended to by itself, and all that
works on single tokens (most of a network) sees one long row without padding. The lengths of the rows travel where the
network expects a ready mask, as integers of shape (1, 1, 1, rows): transformers hands four dimensions on as they are.
Imports torch: import late.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

NAME = "steadyhand_rowwise"


def possible(model: Any) -> bool:
    """Whether the model lets its attention be chosen, and every layer sees all that came before."""
    config = model.config.get_text_config(decoder=True)
    layers = getattr(config, "layer_types", None)
    whole = all(kind == "full_attention" for kind in layers) if layers else not getattr(config, "sliding_window", None)
    return bool(whole and model._supports_attention_backend and config._attn_implementation in ("sdpa", NAME))


def use(model: Any) -> None:
    """From now on the model takes `lengths` as a mask; with any other mask, or none, nothing changes."""
    ALL_ATTENTION_FUNCTIONS.register(NAME, _attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
    model.set_attn_implementation(NAME)


def lengths(rows: list[int]) -> torch.Tensor:
    """What stands for a mask of rows of these lengths; it stays on the CPU, where it is read."""
    return torch.tensor(rows)[None, None, None]


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """query, key, value: 1 heads tokens width. Returns 1 tokens heads width."""
    if attention_mask is None or attention_mask.dtype != torch.int64:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)  # type: ignore[no-any-return]
    rows = attention_mask.flatten().tolist()
    parts = zip(*(torch.split(x, rows, dim=2) for x in (query, key, value)), strict=True)
    return torch.cat([sdpa_attention_forward(module, *part, None, **options)[0] for part in parts], dim=1), None
