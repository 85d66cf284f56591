"""Between two checkpoints: the ends are the checkpoints, the middle is the mean."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

from nano.average import average
from nano.pretrain import export, new_model
from steadyhand.models.loading.resolve import resolve


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    tokenizer, folders = AutoTokenizer.from_pretrained(resolve("steady-nano")), []
    for seed in (1, 2):
        torch.manual_seed(seed)
        folders.append(tmp_path_factory.mktemp("ends") / str(seed))
        export(new_model(64, 1, 0), tokenizer, folders[-1])
    return folders[0], folders[1]


@pytest.mark.parametrize("share", [0.0, 0.65, 1.0])
def test_every_weight_lies_on_the_line(ends: tuple[Path, Path], tmp_path: Path, share: float) -> None:
    average(*ends, share, tmp_path)
    first, second, found = (load_file(folder / "model.safetensors") for folder in (*ends, tmp_path))
    for name, value in found.items():
        wanted = (1 - share) * first[name].float() + share * second[name].float()
        assert torch.allclose(value.float(), wanted, atol=2e-3)
    assert (tmp_path / "tokenizer.json").read_bytes() == (ends[1] / "tokenizer.json").read_bytes()


def test_checkpoints_of_different_tokenizers_are_refused(ends: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(ValueError, match="different tokenizers"):
        average(ends[0], other, 0.5, tmp_path / "out")
