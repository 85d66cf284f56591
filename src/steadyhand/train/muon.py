"""Muon: hidden matrices move by their orthogonalised momentum, everything else by AdamW, at one learning rate.

Jordan et al. 2024 (kellerjordan.github.io/posts/muon) for the method and the quintic coefficients; Liu et al. 2025
(arXiv 2502.16982, equation 4) for the scale 0.2 sqrt(max(rows, columns)), which gives a matrix the step size that
AdamW would take, so that one rate serves both. torch.optim.Muon iterates in bf16, which on a processor without bf16
units takes 3-4 times as long as float32; this one does so only where there are such units, and there it takes half as
long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from steadyhand.train.precision import has_bfloat16_units

MOMENTUM, BETAS, EPSILON = 0.95, (0.9, 0.95), 1e-8


def orthogonalised(gradient: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The (rows, columns) matrix with all singular values pushed towards 1 by a Newton-Schulz iteration, computed in
    bf16 where there are units for it."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x: torch.Tensor = gradient / (gradient.norm() + 1e-7)
    x = x.bfloat16() if gradient.is_cuda or has_bfloat16_units() else x
    flip = x.size(0) > x.size(1)
    x = (x.mT if flip else x).contiguous()
    for _ in range(steps):
        gram = x @ x.mT
        polynomial = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.addmm(x, polynomial, x, beta=a)
    return (x.mT if flip else x).to(gradient.dtype)


class Muon(torch.optim.Optimizer):
    """`hidden` are matrices (rows, columns) inside the network; embeddings, norms and biases belong to `others`."""

    def __init__(
        self,
        hidden: Iterable[torch.nn.Parameter],
        others: Iterable[torch.nn.Parameter],
        lr: float,
        weight_decay: float = 0.0,
    ) -> None:
        groups = [{"params": list(hidden), "matrices": True}, {"params": list(others), "matrices": False}]
        super().__init__([g for g in groups if g["params"]], {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            move = self._orthogonal if group["matrices"] else self._adam
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(move(parameter), alpha=-group["lr"])

    def _orthogonal(self, parameter: torch.Tensor) -> torch.Tensor:
        """Nesterov momentum, orthogonalised and scaled."""
        gradient = parameter.grad
        assert gradient is not None
        momentum = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
        momentum.lerp_(gradient, 1 - MOMENTUM)
        scale: float = 0.2 * float(max(parameter.shape)) ** 0.5
        return orthogonalised(gradient.lerp(momentum, MOMENTUM)) * scale

    def _adam(self, parameter: torch.Tensor) -> torch.Tensor:
        """Kingma and Ba 2015, algorithm 1."""
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state.update(count=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
        state["count"] += 1
        state["mean"].lerp_(gradient, 1 - BETAS[0])
        state["square"].lerp_(gradient.square(), 1 - BETAS[1])
        mean = state["mean"] / (1 - BETAS[0] ** state["count"])
        square = state["square"] / (1 - BETAS[1] ** state["count"])
        step: torch.Tensor = mean / (square.sqrt() + EPSILON)
        return step


def split_parameters(model: torch.nn.Module) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
    """(hidden matrices, the rest) of what is trained; the matrices of embeddings and of the head are not hidden."""
    hidden: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    outer = {id(p) for m in model.modules() if isinstance(m, torch.nn.Embedding) for p in m.parameters()}
    head = getattr(model, "get_output_embeddings", lambda: None)()
    outer |= {id(p) for p in head.parameters()} if head is not None else set()
    for parameter in model.parameters():
        if parameter.requires_grad:
            (hidden if parameter.ndim == 2 and id(parameter) not in outer else others).append(parameter)
    return hidden, others
