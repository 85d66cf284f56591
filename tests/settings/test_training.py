"""Settings that cannot work are refused where they are written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from steadyhand.errors import UsageError
from steadyhand.settings import Settings, filled, resolve
from steadyhand.settings.agree import ContradictionError
from steadyhand.settings.model import MachineSettings
from steadyhand.settings.resolve import all_keys
from steadyhand.settings.training import DpoConfig, PreferenceConfig, SftConfig, TrainConfig


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
    with pytest.raises(ValidationError, match=name):
        kind(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: SftConfig(method="lora", optimizer="muon"), "optimizer"),
        (lambda: SftConfig(method="prefix", gradient_checkpointing=True), "gradient_checkpointing"),
        (lambda: SftConfig(method="prefix", packing="packed"), "packing"),
        (lambda: SftConfig(method="lora", keep_base=0.1), "keep_base"),
        (lambda: DpoConfig(loss="ipo", label_smoothing=0.1), "label_smoothing"),
        (lambda: PreferenceConfig(method="qlora"), "method"),
        (lambda: SftConfig(sharded=True).but(optimizer="muon"), "optimizer"),
    ],
)
def test_values_that_contradict_one_another_are_refused_wherever_a_config_is_made(
    make: Callable[[], TrainConfig], key: str
) -> None:
    with pytest.raises(ContradictionError, match=f"`{key}`") as caught:
        make()
    assert caught.value.next


def test_a_section_takes_what_stands_elsewhere() -> None:
    settings = Settings(seed=7, machine=MachineSettings(workers=3, sharded=True), dpo=DpoConfig(lora_rank=2))
    sft, preference = filled(settings.sft, settings), filled(settings.preference, settings, sharded=False)
    assert (sft.seed, sft.workers, sft.sharded) == (7, 3, True)
    assert (preference.lora_rank, preference.seed) == (2, 7)
    assert filled(settings.dpo, settings, workers=1).truncation == settings.sft.truncation


def test_what_other_keys_say_is_no_key_of_the_section() -> None:
    assert not {"sft.seed", "sft.workers", "dpo.truncation", "preference.lora_rank"} & set(all_keys())
    with pytest.raises(UsageError, match="unknown setting"):
        resolve(flags={"sft.workers": 2}, environ={})
    with pytest.raises(UsageError, match=r"`sft.method`: 'qlora' cannot be trained in parts"):
        resolve(flags={"sft.method": "qlora", "machine.sharded": True}, environ={})
