"""Muon as pre-training uses it: only the hidden matrices, each step scaled by sqrt(max(1, rows / columns))."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from steadyhand.train.runner.muon import alike, orthogonalised


class Muon(torch.optim.Optimizer):
    """SGD with Nesterov momentum, orthogonalised (Jordan et al. 2024)."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameters in alike(group["params"]):
                ahead = torch.stack([self._ahead(parameter, group["momentum"]) for parameter in parameters])
                scale = max(1.0, ahead.size(1) / ahead.size(2)) ** 0.5
                for parameter, update in zip(parameters, orthogonalised(ahead), strict=True):
                    parameter.add_(update, alpha=-group["lr"] * scale)

    def _ahead(self, parameter: torch.nn.Parameter, momentum: float) -> torch.Tensor:
        assert parameter.grad is not None
        buffer: torch.Tensor = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
        buffer.lerp_(parameter.grad, 1 - momentum)
        return parameter.grad.lerp(buffer, momentum)
