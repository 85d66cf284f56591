"""RMS normalisation with its backward pass written out: fewer passes over memory than autograd makes of the operations
of transformers' layers, for the same values and gradients (`python -m bench.step`). Imports torch: import late.

Zhang and Sennrich 2019 (arXiv 1910.07467, equation 4): y = w x / r, r = sqrt(mean(x^2) + epsilon). With n = x / r and
g = w dy the gradient is dx = (g - n mean(g n)) / r, and dw sums dy n over all positions.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch


class _Norm(torch.autograd.Function):
    """x: any shape, its last dimension that of the weight. Computed in float32, whatever x is."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        wide = x.float()
        inverse = torch.rsqrt(wide.square().mean(-1, keepdim=True) + epsilon)
        normal = wide * inverse
        ctx.save_for_backward(normal, inverse, weight)
        ctx.number = x.dtype
        return weight * normal.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *given: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None]:
        normal, inverse, weight = ctx.saved_tensors
        gradient = given[0].float()
        for_weight = None
        if ctx.needs_input_grad[1]:
            for_weight = (gradient * normal).flatten(0, -2).sum(0).to(weight.dtype)
        if not ctx.needs_input_grad[0]:
            return None, for_weight, None
        pulled = gradient * weight
        along = (pulled * normal).mean(-1, keepdim=True)
        return torch.addcmul(pulled, normal, along, value=-1).mul_(inverse).to(ctx.number), for_weight, None


def use(model: torch.nn.Module) -> None:
    """From now on the model's RMS norms are these; a layer that computes anything else stays as it is."""
    for module in model.modules():
        if _same(module):
            module.forward = MethodType(_forward, module)


def _forward(module: Any, hidden_states: torch.Tensor) -> torch.Tensor:
    normal: torch.Tensor = _Norm.apply(hidden_states, module.weight, module.variance_epsilon)  # type: ignore[no-untyped-call]
    return normal


def _same(module: Any) -> bool:
    """Whether a layer's name says that it is one, and its answer to some numbers is the same to the bit."""
    weight = getattr(module, "weight", None)
    named = type(module).__name__.endswith("RMSNorm") and hasattr(module, "variance_epsilon")
    if not named or weight is None or weight.is_meta:
        return False
    sample = torch.linspace(-2, 2, weight.shape[-1], device=weight.device, dtype=weight.dtype)[None]
    with torch.no_grad():
        return torch.equal(module(sample), _forward(module, sample))
