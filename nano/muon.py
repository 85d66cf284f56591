"""Muon as pre-training uses it: only the hidden matrices, each step scaled by sqrt(max(1, rows / columns))."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from steadyhand.train.muon import orthogonalised


class Muon(torch.optim.Optimizer):
    """SGD with Nesterov momentum, orthogonalised (Jordan et al. 2024)."""

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
