"""The weights of a GGUF file answer as the model of which they are, rounded as the file says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from steadyhand.errors import PrerequisiteError
from steadyhand.export.gguf import write_gguf
from steadyhand.models.generation.gguf import load_gguf
from steadyhand.models.loading.load import load
from tests import tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


def test_whole_weights_answer_alike_and_rounded_ones_by_their_error(model: Path, tmp_path: Path) -> None:
    ours, prompt = load(model), tiny.prompts(1)[0]
    off = {}
    for kind in ("f32", "q8_0", "q4_0"):
        report = write_gguf(model, tmp_path / f"{kind}.gguf", kind)
        theirs = load_gguf(report.path, model)
        off[kind] = float((theirs.logits(prompt) - ours.logits(prompt)).abs().max())
        assert theirs.fingerprint == load_gguf(report.path, model).fingerprint != ours.fingerprint
    assert off["f32"] < 1e-5 < off["q8_0"] < off["q4_0"]


def test_every_weight_is_the_one_that_the_file_holds(model: Path, tmp_path: Path) -> None:
    report = write_gguf(model, tmp_path / "m.gguf", "q5_1")
    whole, rounded = load(model).model.state_dict(), load_gguf(report.path, model).model.state_dict()
    off = sum(
        float((rounded[name] - whole[name]).double().square().sum()) for name in whole if name != "lm_head.weight"
    )
    total = sum(float(whole[name].double().square().sum()) for name in whole if name != "lm_head.weight")
    assert (off / total) ** 0.5 == pytest.approx(report.error, rel=1e-3)
    assert not torch.equal(rounded["model.embed_tokens.weight"], whole["model.embed_tokens.weight"])


def test_a_file_that_is_none_or_of_another_model_is_one_error(model: Path, tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_text("nothing", "utf-8")
    with pytest.raises(PrerequisiteError, match="cannot be read"):
        load_gguf(tmp_path / "no.gguf", model)
    other = write_gguf(tiny.save(tmp_path / "other", vocabulary=360), tmp_path / "other.gguf", "f32")
    with pytest.raises(PrerequisiteError, match=r"another shape|cannot be read"):
        load_gguf(other.path, model)
