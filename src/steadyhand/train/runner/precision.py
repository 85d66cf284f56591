"""The number format that a training computes in. Imports torch: import late."""

from __future__ import annotations

import contextlib
from functools import cache

import torch

from steadyhand.settings.training import TrainConfig


@cache
def has_bfloat16_units() -> bool:
    """Whether this processor multiplies bf16 matrices in hardware (AMX or AVX-512 BF16); without, they take longer
    than float32."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("amx_bf16") or able.get("avx512_bf16"))


def mixed(config: TrainConfig, device: str) -> bool:
    """Whether matrix products are computed in bf16 on `device` ("cpu", "cuda"), from weights in float32."""
    if config.precision == "auto":
        return device != "cpu" or has_bfloat16_units()
    return config.precision == "bfloat16"


def precise(config: TrainConfig, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """The number format that the Trainer computes in, for figures that must equal its own."""
    return torch.autocast(device.type, torch.bfloat16) if mixed(config, device.type) else contextlib.nullcontext()
