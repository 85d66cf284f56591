"""Muon: hidden matrices move by their orthogonalised momentum, everything else by AdamW, at one learning rate.

Jordan et al. 2024 (kellerjordan.github.io/posts/muon) for the method and the quintic coefficients; Liu et al. 2025
(arXiv 2502.16982, equation 4) for the scale 0.2 sqrt(max(rows, columns)), which gives a matrix the step size that
AdamW would take, so that one rate serves both. torch.optim.Muon iterates in bf16, which on a processor without bf16
units takes 3-4 times as long as float32; this one does so only where there are such units, and there it takes half as
long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch

from steadyhand.train.runner.precision import has_bfloat16_units

MOMENTUM, BETAS, EPSILON = 0.95, (0.9, 0.95), 1e-8
STACKED = 8_000_000  # numbers: more fill any processor alone, and their copies would cost memory


def orthogonalised(gradient: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The matrices (..., rows, columns) with all singular values pushed towards 1 by a Newton-Schulz iteration,
    computed in bf16 where there are units for it."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x: torch.Tensor = gradient / (torch.linalg.matrix_norm(gradient, keepdim=True) + 1e-7)
    x = x.bfloat16() if gradient.is_cuda or has_bfloat16_units() else x
    flip = x.size(-2) > x.size(-1)
    x = (x.mT if flip else x).reshape(-1, *sorted(gradient.shape[-2:])).contiguous()
    for _ in range(steps):
        gram = x @ x.mT
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, polynomial, x, beta=a)
    return (x.mT if flip else x).to(gradient.dtype).reshape(gradient.shape)


def alike(parameters: Iterable[torch.nn.Parameter]) -> Iterator[list[torch.nn.Parameter]]:
    """Those with a gradient, by shape and at most `STACKED` numbers together: many small products in one call."""
    by_shape: dict[torch.Size, list[torch.nn.Parameter]] = {}
    for parameter in parameters:
        if parameter.grad is not None:
            by_shape.setdefault(parameter.shape, []).append(parameter)
    for shape, matrices in by_shape.items():
        size = max(1, STACKED // shape.numel())
        yield from (matrices[i : i + size] for i in range(0, len(matrices), size))


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
            for parameters in alike(group["params"]):
                moves = self._orthogonal(parameters) if group["matrices"] else map(self._adam, parameters)
                for parameter, move in zip(parameters, moves, strict=True):
                    if group["weight_decay"]:
                        parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(move, alpha=-group["lr"])

    def _orthogonal(self, parameters: Sequence[torch.nn.Parameter]) -> torch.Tensor:
        """Nesterov momentum of matrices of one shape, orthogonalised and scaled."""
        scale: float = 0.2 * float(max(parameters[0].shape)) ** 0.5
        return orthogonalised(torch.stack([self._ahead(parameter) for parameter in parameters])) * scale

    def _ahead(self, parameter: torch.nn.Parameter) -> torch.Tensor:
        gradient = parameter.grad
        assert gradient is not None
        momentum: torch.Tensor = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
        momentum.lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(momentum, MOMENTUM)

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
