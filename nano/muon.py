"""Muon for the hidden matrices: momentum, then the nearest orthogonal matrix by a Newton-Schulz iteration.

Jordan et al. 2024 (kellerjordan.github.io/posts/muon), quintic coefficients (3.4445, -4.7750, 2.0315). torch.optim.Muon
does the same in bf16, which on a processor without bf16 units takes 3-4 times as long as fp32; hence this one.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch


def orthogonalised(gradient: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The (rows, columns) matrix with all singular values pushed towards 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x: torch.Tensor = gradient / (gradient.norm() + 1e-7)
    flip = x.size(0) > x.size(1)
    x = x.mT if flip else x
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if flip else x


class Muon(torch.optim.Optimizer):
    """SGD with Nesterov momentum, orthogonalised; the step is scaled by sqrt(max(1, rows / columns))."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                buffer = state.setdefault("momentum", torch.zeros_like(parameter))
                buffer.lerp_(parameter.grad, 1 - group["momentum"])
                update = orthogonalised(parameter.grad.lerp(buffer, group["momentum"]))
                scale = max(1.0, parameter.size(0) / parameter.size(1)) ** 0.5
                parameter.add_(update, alpha=-group["lr"] * scale)
