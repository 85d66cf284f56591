"""How rows stand together in a forward pass: what "auto" comes to for a model, and the loss that goes with it.

Imports torch: import late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from steadyhand.errors import UsageError
from steadyhand.models.attention import varlen
from steadyhand.models.attention.layers import layers_of
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.nll import packed_loss, padded_loss
from steadyhand.train.runner.data import Sample, resolve_packing

Loss = Callable[[Any, Sequence[Sample], torch.device], torch.Tensor]


def settled(model: Any, config: SftConfig) -> SftConfig:
    """The settings with the packing that this model can have, and the model made ready for it. Raises UsageError when
    it was told to pack and cannot."""
    way = resolve_packing(config)
    if way == "packed" and not varlen.possible(model):
        if config.packing == "packed":
            what = f"rows of this model cannot stand behind one another ({layers_of(model).told()})"
            raise UsageError(what, next='set packing = "nested"')
        way = "nested"
    if way == "packed":
        varlen.use(model)
    return config.but(packing=way)


def loss(config: SftConfig) -> Loss:
    way = packed_loss if config.packing == "packed" else padded_loss
    return partial(way, again=config.gradient_checkpointing)
