"""Weights between those that a training started from and those that it ended with.

Wortsman et al. 2022 ("Robust fine-tuning of zero-shot models", equation 1): the straight line between both keeps much
of what was known before at little cost to what was learned. Knows nothing of data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of every trained parameter, by name."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


@torch.no_grad()
def towards(model: Any, start: Mapping[str, torch.Tensor], share: float) -> None:
    """Moves each parameter of `start` by `share` (0: stays, 1: goes back) of the way to its value there."""
    parameters = dict(model.named_parameters())
    for name, value in start.items():
        parameters[name].lerp_(value, share)
