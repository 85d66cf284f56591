"""Settings that cannot work are refused where they are written."""

from __future__ import annotations

import pytest

from steadyhand.errors import UsageError
from steadyhand.train.config import DpoConfig, SftConfig


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (SftConfig, "epochs", 0), (SftConfig, "learning_rate", 0.0), (SftConfig, "batch_tokens", 0),
        (SftConfig, "warmup_ratio", 1.5), (SftConfig, "lora_alpha", -1.0), (SftConfig, "save_steps", -1),
        (SftConfig, "learning_rate", float("nan")), (DpoConfig, "beta", 0.0), (DpoConfig, "label_smoothing", 0.5),
        (DpoConfig, "groups_per_step", 0), (DpoConfig, "sft_weight", -0.1), (DpoConfig, "k", -1),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_named(kind: type[SftConfig | DpoConfig], name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        kind(**{name: value})  # type: ignore[arg-type]


def test_the_defaults_are_valid() -> None:
    assert SftConfig().method == DpoConfig().method == "lora"
    assert DpoConfig().learning_rate < SftConfig().learning_rate
