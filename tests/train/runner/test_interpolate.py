"""The result of a training moved back towards its start: how far, which weights, and that SFT does so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from steadyhand.errors import UsageError
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner import interpolate
from tests import tiny


def test_every_trained_weight_goes_the_share_of_the_way_back() -> None:
    model = torch.nn.Linear(2, 2)
    model.bias.requires_grad_(False)
    start = interpolate.weights(model)
    assert set(start) == {"weight"}
    with torch.no_grad():
        model.weight += 1
        bias = model.bias.clone()
    interpolate.towards(model, start, 0.25)
    assert torch.allclose(model.weight, start["weight"] + 0.75)
    assert torch.equal(model.bias, bias)


def test_fine_tuning_ends_between_base_and_trained(tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base")
    made: dict[float, dict[str, Any]] = {}
    for share in (0.0, 0.5):
        config = SftConfig(epochs=1, method="full", learning_rate=1e-2, batch_tokens=200, keep_base=share)
        train_sft(base, tiny.rows(), config, tmp_path / str(share))
        made[share] = load_file(tmp_path / str(share) / "model.safetensors")
    before = load_file(base / "model.safetensors")
    name = next(name for name in before if name.endswith("q_proj.weight"))
    assert not torch.allclose(made[0.0][name], before[name], atol=1e-3)
    assert torch.allclose(made[0.5][name], (made[0.0][name] + before[name]) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"), [({"keep_base": 1.0}, "less than 1"), ({"keep_base": 0.1}, "adapters")]
)
def test_shares_that_cannot_be_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises((ValidationError, UsageError), match=message):
        SftConfig(method="full" if settings["keep_base"] == 1 else "lora", **settings)  # type: ignore[arg-type]
