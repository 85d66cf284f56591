"""Attention for rows that stand one behind the other in one sequence, each seeing itself only.

A dense mask of such a sequence costs the square of its length; here every row is attended to by itself, and all that
works on single tokens (most of a network) sees one long row without padding. Where the rows begin and end travels where
the network expects a ready mask, as integers of four dimensions, which transformers hands on as they are.
Imports torch: import late.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import Any

import torch
from torch.nn.attention.varlen import varlen_attn
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from steadyhand.models.attention.layers import Way, layers_of
from steadyhand.models.attention.masked import attend

NAME = "steadyhand_rowwise"
ENDS = torch.int32  # of a mask that tells rows: no other mask has it
TREE = torch.int64  # of a mask that tells whose each token is, and where it stands
WIDE = 256  # head sizes that FlashAttention has
SHORT = 512  # tokens up to which a row's own square matrix is cheap


def possible(model: Any) -> bool:
    """Whether rows can stand behind one another: attention is all that looks at other tokens."""
    return layers_of(model).way is Way.PACKED


def use(model: Any) -> None:
    """From now on the model takes `lengths` and `tree` as masks, and keeps to its windows under any other mask."""
    ALL_ATTENTION_FUNCTIONS.register(NAME, _attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
    model.set_attn_implementation(NAME)


def lengths(rows: list[int], device: torch.device | str = "cpu") -> torch.Tensor:
    """What stands for a mask of rows of these lengths: where they begin and end, in a view (1, 1, longest, rows + 1)
    without memory of its own, whose height tells the longest row without a look at the device."""
    ends = torch.tensor([0, *accumulate(rows)], dtype=ENDS).to(device, non_blocking=True)
    return ends.expand(1, 1, max(rows), -1)


def tree(owner: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """What stands for the mask of a sequence in which a token sees what is the prompt's (owner 0) and its own, as far
    as a layer's window reaches: owner and position (N each) as (1, 1, 2, N)."""
    return torch.stack([owner, positions]).to(TREE)[None, None]


def _seen(laid: torch.Tensor, window: int | None) -> torch.Tensor:
    """The dense mask of a `tree`: (1, 1, N, N)."""
    owner, place = laid[0, 0]
    near: torch.Tensor = (owner == 0) | (owner == owner[:, None])
    if window:
        near &= place[:, None] - place < window
    return near.tril_()[None, None]


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """query, key, value: 1 heads tokens width. Returns 1 tokens heads width."""
    if attention_mask is not None and attention_mask.dtype == TREE:
        seen = _seen(attention_mask, options.pop("sliding_window", None))
        return attend(module, query, key, value, seen, **options), None
    if attention_mask is None or attention_mask.dtype != ENDS:
        return attend(module, query, key, value, attention_mask, **options), None
    return _rows(module, (query, key, value), attention_mask, options), None


def _rows(
    module: torch.nn.Module, given: tuple[torch.Tensor, ...], mask: torch.Tensor, options: dict[str, Any]
) -> torch.Tensor:
    device, window = given[0].device.type, options.get("sliding_window")
    number = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else given[0].dtype
    quick = number == torch.bfloat16 and not any(options.get(name) is not None for name in ("s_aux", "softcap"))
    quick = quick and not options.get("dropout")
    if quick and device == "cuda" and given[0].shape[-1] <= WIDE:
        return _all_rows(given, mask, options.get("scaling"), window)
    done = []
    rows = mask[0, 0, 0].diff().tolist()
    for part in zip(*(torch.split(x, rows, dim=2) for x in given), strict=True):
        tokens = part[0].shape[2]
        if quick and device == "cpu" and tokens <= min(SHORT, window or SHORT):
            done.append(_short_row(part, number, options.get("scaling")))
        else:
            done.append(attend(module, part[0], part[1], part[2], None, **options))
    return torch.cat(done, dim=1)


def _all_rows(
    given: tuple[torch.Tensor, ...], mask: torch.Tensor, scaling: float | None, window: int | None
) -> torch.Tensor:
    """FlashAttention over rows of any lengths at once, which cards have in bf16 (Dao 2023, arXiv 2307.08691)."""
    query, key, value = (x[0].transpose(0, 1).bfloat16() for x in given)
    ends, longest = mask[0, 0, 0], mask.shape[2]
    seen = varlen_attn(
        query, key, value, ends, ends, longest, longest, scale=scaling, window_size=(window - 1 if window else -1, 0),
        enable_gqa=True,
    )  # fmt: skip
    assert isinstance(seen, torch.Tensor)
    return seen[None]


def _short_row(part: tuple[torch.Tensor, ...], number: torch.dtype, scaling: float | None) -> torch.Tensor:
    """Attention of one short row by plain products in `number`: half the time of torch's fused kernel for processors,
    whose backward pass is slow in bf16, at the price of a matrix of the row's length squared."""
    query, key, value = (x.squeeze(0) for x in part)  # x[0] would fill a gradient with zeros first
    heads, tokens, width = query.shape
    shared = key.shape[0]  # key/value heads, each read by heads / shared query heads
    with torch.autocast("cpu", enabled=False):
        asked = (query * (scaling or width**-0.5)).to(number).reshape(shared, -1, width)
        later = _later(tokens, number).repeat(heads // shared, 1).expand(shared, -1, -1)
        seen = torch.softmax(torch.baddbmm(later, asked, key.to(number).mT), dim=-1)
        mixed = torch.bmm(seen, value.to(number))
    return mixed.reshape(1, heads, tokens, width).transpose(1, 2)


@lru_cache(maxsize=256)
def _later(tokens: int, number: torch.dtype) -> torch.Tensor:
    """0 where a token (row) sees another (column), -inf where that comes later."""
    return torch.full((tokens, tokens), float("-inf"), dtype=number).triu(1)
