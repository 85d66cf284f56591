"""An adapter is put on the weights that it was trained on, wherever and in however many files they lie, and on no
others of the same shape."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from steadyhand.errors import PrerequisiteError
from steadyhand.models.loading.adapter_base import NOTE
from steadyhand.models.loading.load import load, load_weights
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.sft import train_sft
from tests import tiny


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    config = SftConfig(epochs=1, method="lora", batch_tokens=600, save_steps=0)
    return train_sft(tiny.save(tmp_path / "base"), tiny.rows(2), config, tmp_path / "adapter").folder


def test_other_weights_of_the_same_shape_are_refused(adapter: Path, tmp_path: Path) -> None:
    load(adapter, device="cpu")
    tiny.save(tmp_path / "base", seed=1)
    with pytest.raises(PrerequisiteError, match="other weights than its base has now") as caught:
        load(adapter, device="cpu")
    assert caught.value.where == str(tmp_path / "base")
    assert caught.value.next
    (adapter / NOTE).unlink()  # as adapters of other programs come
    load(adapter, device="cpu")


def test_the_same_weights_in_more_files_and_at_another_place_are_the_base(adapter: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    load_weights(tmp_path / "base", device="cpu").save_pretrained(moved, max_shard_size="100KB")
    for path in (tmp_path / "base").iterdir():
        if path.suffix != ".safetensors" and not (moved / path.name).exists():
            shutil.copyfile(path, moved / path.name)
    assert len(list(moved.glob("*.safetensors"))) > 1
    config = adapter / "adapter_config.json"
    config.write_text(config.read_text("utf-8").replace(str(tmp_path / "base"), str(moved)), "utf-8")
    shutil.rmtree(tmp_path / "base")
    load(adapter, device="cpu")


def test_a_note_that_is_no_json_is_an_error(adapter: Path) -> None:
    (adapter / NOTE).write_text("{", "utf-8")
    with pytest.raises(PrerequisiteError, match="not JSON"):
        load(adapter, device="cpu")
