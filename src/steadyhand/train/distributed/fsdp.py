"""One model in parts: every member of a team holds a slice of each weight, of its gradient and of its optimizer state,
and has a layer whole only while it computes it (fully sharded data parallel, Zhao et al. 2023, arXiv 2304.11277, by
torch's `fully_shard`). All members must do the same forward and backward passes in the same order. Imports torch:
import late.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard

from steadyhand.train.distributed import data_parallel

_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)  # gathered where only the first member has it


def split(model: Any) -> None:
    """Leaves this member its slices of `model`, which all members have whole and alike until now."""
    mesh = init_device_mesh(model.device.type, (data_parallel.me().size,))
    names = set(model._no_split_modules or ())
    for layer in [module for module in model.modules() if type(module).__name__ in names]:
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    for part in _parts(model):  # the parts of a step's loss are summed, not averaged
        part.set_gradient_divide_factor(1.0)
        part.set_force_sum_reduction_for_comms(True)


def is_split(model: Any) -> bool:
    return isinstance(model, FSDPModule)


@contextlib.contextmanager
def whole(model: Any) -> Iterator[None]:
    """All weights at every member, so that one of them may compute alone; the others wait at the end."""
    if not is_split(model):
        yield
        return
    inner = [part for part in _parts(model) if part is not model]
    for part in _parts(model):
        part.unshard()
    for part in inner:
        part.set_reshard_after_forward(False, recurse=False)
    try:
        yield
    finally:
        distributed.barrier()
        for part in inner:
            part.set_reshard_after_forward(True, recurse=False)
        for part in _parts(model):
            part.reshard()


def weights(model: Any) -> dict[str, torch.Tensor]:
    """All weights by name, on the CPU of the first member; others get none."""
    return dict(get_model_state_dict(model, options=_WHOLE))  # type: ignore[arg-type]


def save_optimizer(model: Any, optimizer: torch.optim.Optimizer, path: Path) -> None:
    state = get_optimizer_state_dict(model, optimizer, options=_WHOLE)
    if not data_parallel.me().rank:
        torch.save(state, path)


def load_optimizer(model: Any, optimizer: torch.optim.Optimizer, path: Path) -> None:
    state = torch.load(path, map_location="cpu", weights_only=True)
    set_optimizer_state_dict(model, optimizer, state, options=_WHOLE)


def _parts(model: Any) -> list[FSDPModule]:
    return [module for module in model.modules() if isinstance(module, FSDPModule)]
