"""Reference log-probabilities: computed once, before the first update, and kept on disk by content. Imports torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from steadyhand.settings.training import DpoConfig
from steadyhand.train.objectives.group_logprobs import group_log_probs
from steadyhand.train.runner.data import GroupSample, digest
from steadyhand.train.runner.precision import mixed, precise


def reference_log_probs(
    model: Any, data: Sequence[GroupSample], config: DpoConfig, start: str, cache: Path
) -> list[torch.Tensor]:
    """Of each group: the summed log-probabilities of its answers (R, float32, CPU) under the model as it stands.

    `start` is the fingerprint of the weights it stands for; with the tokens and the number format it names the file.
    They are computed in the way the policy's are: two ways that are equal in exact arithmetic are not in bf16, where an
    8B model's loss would start 2 % off (`bench.gpu`).
    """
    packed = config.gradient_checkpointing
    named = digest(start, mixed(config, model.device.type), config.method, packed, data)
    path = cache / f"reference-{named[:32]}.npz"
    stored = _read(path, [len(group.completions) for group in data])
    if stored is not None:
        return stored
    model.eval()
    with torch.no_grad(), precise(config, model.device):
        fresh = [group_log_probs(model, group, model.device, packed=packed).float().cpu() for group in data]
    _write(path, fresh)
    return fresh


def _read(path: Path, sizes: list[int]) -> list[torch.Tensor] | None:
    if not path.is_file():
        return None
    with np.load(path) as file:
        flat = torch.from_numpy(file["log_probs"])
    return list(torch.split(flat, sizes)) if len(flat) == sum(sizes) else None


def _write(path: Path, values: list[torch.Tensor]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez(file, log_probs=torch.cat(values).numpy())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
