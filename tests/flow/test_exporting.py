"""A finished run, a model or an adapter becomes a folder that can be handed on, or nothing is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.flow.exporting import PARITY, export_model
from steadyhand.flow.run import publish_report
from steadyhand.models.backend import Sampling
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load
from steadyhand.settings.training import Method, SftConfig
from steadyhand.train.objectives.sft import train_sft
from tests import tiny
from tests.flow import world

METHODS: tuple[Method, ...] = ("ia3", "prompt")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> world.Finished:
    return world.finished(tmp_path_factory)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from steadyhand.settings.training import SftConfig
    from steadyhand.train.objectives.sft import train_sft

    folder = tmp_path_factory.mktemp("adapter")
    config = SftConfig(epochs=1, method="lora", learning_rate=1e-2, batch_tokens=600, save_steps=0)
    return train_sft(tiny.save(folder / "base"), tiny.rows(), config, folder / "tuned").folder


def test_a_run_is_handed_on_with_its_evaluation(done: world.Finished, tmp_path: Path) -> None:
    run = done.copy(tmp_path / "run")
    publish_report(done.context, run)
    made = export_model(str(run), tmp_path / "out", ["safetensors", "adapter", "gguf"], kind="f32", name="agent")
    merged = done.context.artifact("merge") / "model"
    assert fingerprint(tmp_path / "out" / "model") == fingerprint(merged)
    assert (made.parity.argmax_agreement, made.name) == (1.0, "agent")
    assert made.gguf is not None
    assert made.gguf.error == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(made.files) == {
        "README.md", "SHA256SUMS", "adapter", "agent-f32.gguf", "model", "serve-sglang.sh",
        "serve-vllm.sh", "verdict.json",
    }  # fmt: skip
    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    metric = next(
        iter(json.loads((run / "report" / "report.json").read_text("utf-8"))["evaluations"]["dpo"]["metrics"])
    )
    assert f"| {metric} |" in card
    assert "Verdict: **" in card
    assert made.commands[0] in card
    script = (tmp_path / "out" / "serve-vllm.sh").read_text("utf-8")
    assert (
        "--served-model-name agent --max-model-len 2048 --enable-auto-tool-choice --tool-call-parser hermes" in script
    )


def test_an_adapter_is_merged_and_answers_as_before(adapter: Path, tmp_path: Path) -> None:
    made = export_model(str(adapter), tmp_path / "merged", ["safetensors"])
    assert made.parity.kl < 1e-6
    before, after = (
        load(folder).generate(PARITY, Sampling(max_tokens=8)) for folder in (adapter, tmp_path / "merged" / "model")
    )
    assert [a.text for a in before] == [b.text for b in after]
    alone = export_model(str(adapter), tmp_path / "alone", ["adapter"], name="a")
    assert "--enable-lora --max-lora-rank 8 --lora-modules a=adapter" in alone.commands[0]
    assert not (tmp_path / "alone" / "model").exists()


def test_what_cannot_be_exported_leaves_nothing(tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base")
    with pytest.raises(UsageError, match="there is no adapter"):
        export_model(str(base), tmp_path / "out", ["adapter"])
    with pytest.raises(UsageError, match="not an empty folder"):
        export_model(str(base), base, ["safetensors"])
    config = json.loads((base / "config.json").read_text("utf-8"))
    other = shutil.copytree(base, tmp_path / "other")
    (other / "config.json").write_text(json.dumps(config | {"architectures": ["OtherForCausalLM"]}), "utf-8")
    with pytest.raises(PrerequisiteError, match="not OtherForCausalLM"):
        export_model(str(other), tmp_path / "out", ["gguf"])
    with pytest.raises(PrerequisiteError):
        export_model(str(tmp_path / "nowhere"), tmp_path / "out", ["safetensors"])
    assert {path.name for path in tmp_path.iterdir()} == {"base", "other"}


def test_adapters_that_are_not_lora_say_what_serves_them(tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base")
    made = {
        method: train_sft(base, tiny.rows(), SftConfig(method=method, epochs=1, save_steps=0), tmp_path / method).folder
        for method in METHODS
    }
    alone = export_model(str(made["ia3"]), tmp_path / "alone", ["adapter"])
    assert alone.commands == ()
    assert alone.files["adapter"].startswith("ia3 adapter of ")
    assert any("vLLM serves LoRA adapters only" in note for note in alone.notes)
    whole = export_model(str(made["ia3"]), tmp_path / "whole", ["safetensors"])
    assert whole.parity.kl < 1e-6
    with pytest.raises(UsageError, match="a prompt cannot be merged"):
        export_model(str(made["prompt"]), tmp_path / "out", ["safetensors"])
    assert not (tmp_path / "out").exists()
