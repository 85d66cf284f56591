"""Attention for answers behind one prompt (`shared_prefix`) by FlexAttention: of a group's square mask only the blocks
that anything sees are computed, where a dense mask is computed whole (Dong et al. 2024, arXiv 2412.05496).

Used on CUDA alone, and only where a trial on the device gives the values and gradients of the dense mask. The block
mask travels where the network expects a ready mask: transformers hands it on as it is. Imports torch: import late.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import torch
from torch.nn import functional
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from steadyhand.models.attention import varlen
from steadyhand.models.attention.layers import layers_of

NAME = "steadyhand_behind"
TRIAL = (150, 40, 33)  # tokens of a prompt and two answers: more than one block, and none of them full


def possible(model: Any, device: torch.device) -> bool:
    """Whether a group's attention can be computed by blocks here; the first call on a card takes its trial (seconds:
    the kernel is compiled)."""
    config = model.config.get_text_config(decoder=True)
    if config._attn_implementation == NAME:
        return True
    if device.type != "cuda" or not (varlen.possible(model) and layers_of(model).plain):
        return False
    heads, shared = config.num_attention_heads, config.num_key_value_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    numbers = {torch.bfloat16, model.dtype}  # what mixed precision computes in, and what any other does
    return all(_proven(device, heads, shared, width, number) for number in numbers)


def use(model: Any) -> None:
    """From now on the model takes block masks; with any other mask, or none, it does what it did."""
    if model.config.get_text_config(decoder=True)._attn_implementation == NAME:
        return
    varlen.use(model)
    ALL_ATTENTION_FUNCTIONS.register(NAME, _attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
    model.set_attn_implementation(NAME)


def mask(owner: torch.Tensor) -> BlockMask:
    """Of a sequence whose tokens belong to `owner` (T): a token sees what is the prompt's (0) or its own, up to it."""

    def seen(row: Any, head: Any, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        return (query >= key) & ((owner[key] == 0) | (owner[key] == owner[query]))

    return create_block_mask(seen, None, None, len(owner), len(owner), device=owner.device)


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | BlockMask | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """query, key, value: 1 heads T width. Returns 1 T heads width."""
    if not isinstance(attention_mask, BlockMask):
        plain = ALL_ATTENTION_FUNCTIONS[varlen.NAME]
        return plain(module, query, key, value, attention_mask, **options)  # type: ignore[no-any-return]
    kind = query.device.type
    number = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else value.dtype
    query, key, value = (part.to(number) for part in (query, key, value))  # autocast leaves FlexAttention alone
    done = _by_blocks(query, key, value, attention_mask, options.get("scaling"))
    return done.transpose(1, 2).contiguous(), None


def _by_blocks(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, blocks: BlockMask, scaling: float | None
) -> torch.Tensor:
    kernel = _compiled() if query.is_cuda else flex_attention
    return kernel(  # type: ignore[no-any-return]
        query, key, value, block_mask=blocks, scale=scaling, enable_gqa=query.shape[1] != key.shape[1]
    )


@cache
def _compiled() -> Any:
    return torch.compile(flex_attention, dynamic=True)  # one kernel for all lengths


@cache
def _proven(device: torch.device, heads: int, shared: int, width: int, number: torch.dtype) -> bool:
    """Whether both give the same values and gradients on some numbers, within the format's precision. Whatever a
    compiler raises means no, and is told."""
    try:
        with torch.enable_grad(), torch.autocast(device.type, enabled=False):
            if _alike(device, heads, shared, width, number):
                return True
        why = "its values differ"
    except Exception as error:  # noqa: BLE001
        why = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
    warnings.warn(f"a group's attention takes a dense mask: FlexAttention does not work here ({why})", stacklevel=2)
    return False


def _alike(device: torch.device, heads: int, shared: int, width: int, number: torch.dtype) -> bool:
    owner = torch.tensor([k for k, length in enumerate(TRIAL) for _ in range(length)], device=device)
    dense = ((owner == 0) | (owner == owner[:, None])).tril()[None, None]
    draw = torch.Generator(device).manual_seed(0)
    sizes = [(1, count, len(owner), width) for count in (heads, shared, shared)]
    query, key, value = (
        torch.randn(size, generator=draw, device=device, dtype=number).requires_grad_() for size in sizes
    )
    blocks = _by_blocks(query, key, value, mask(owner), None)
    whole = functional.scaled_dot_product_attention(query, key, value, dense, enable_gqa=heads != shared)
    weight = torch.randn(whole.shape, generator=draw, device=device, dtype=number)
    left, right = (torch.autograd.grad((out * weight).sum(), (query, key, value)) for out in (blocks, whole))
    close = 4 * torch.finfo(number).eps ** 0.75
    pairs = [(blocks, whole), *zip(left, right, strict=True)]
    return all(float((a - b).detach().norm()) <= close * float(b.detach().norm()) for a, b in pairs)
