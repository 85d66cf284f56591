"""What "auto" comes to for a model, and the number format that goes with the machine."""

from __future__ import annotations

import pytest

from steadyhand.errors import UsageError
from steadyhand.models.attention.varlen import NAME
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.nll import packed_loss, padded_loss
from steadyhand.train.runner import precision
from steadyhand.train.runner.packing import loss, settled
from tests import architectures, tiny


def test_auto_packs_where_the_model_can() -> None:
    model = tiny.model()
    found = settled(model, SftConfig(method="lora", epochs=1))
    assert found.packing == "packed"
    assert model.config._attn_implementation == NAME
    assert loss(found).func is packed_loss  # type: ignore[attr-defined]


def test_a_model_that_cannot_is_padded_and_told_to_pack_is_one_error() -> None:
    model = architectures.model("qwen3_5")
    found = settled(model, SftConfig(method="lora", epochs=1))
    assert (found.packing, model.config._attn_implementation) == ("nested", "sdpa")
    assert loss(found).func is padded_loss  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match=r"cannot stand behind one another.*2 linear_attention"):
        settled(model, SftConfig(method="lora", epochs=1, packing="packed"))


def test_a_prefix_and_what_was_asked_for_are_not_packed() -> None:
    assert settled(tiny.model(), SftConfig(epochs=1, method="prefix")).packing == "nested"
    assert settled(tiny.model(), SftConfig(method="lora", epochs=1, packing="none")).packing == "none"


@pytest.mark.parametrize("units", [True, False])
def test_auto_is_bf16_where_there_are_units(units: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_bfloat16_units", lambda: units)
    assert precision.mixed(SftConfig(method="lora", epochs=1), "cpu") is units
    assert precision.mixed(SftConfig(method="lora", epochs=1), "cuda")
    assert precision.mixed(SftConfig(method="lora", epochs=1).but(precision="bfloat16"), "cpu")
    assert not precision.mixed(SftConfig(method="lora", epochs=1).but(precision="float32"), "cuda")
