"""A GGUF file is the model: bit by bit where the format allows, and in the eyes of another reader."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGUFReader, quants
from safetensors.torch import load_file

from steadyhand.errors import JobError, PrerequisiteError
from steadyhand.export import gguf as module
from steadyhand.export.gguf import write_gguf
from steadyhand.models.generation.gguf import load_gguf
from steadyhand.models.loading.load import load
from steadyhand.models.loading.quiet import quiet
from steadyhand.models.loading.resolve import resolve
from steadyhand.models.loading.weights import Weights
from tests import architectures, tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


def test_another_program_reads_the_same_model(model: Path, tmp_path: Path) -> None:
    """transformers has a reader of its own (which takes the head size from the configuration only)."""
    from transformers import AutoModelForCausalLM

    report = write_gguf(model, tmp_path / "m.gguf", "f32", name="m")
    assert (report.error, report.tokenizer, report.bytes) == (0.0, "gpt-2", (tmp_path / "m.gguf").stat().st_size)
    ours = load(model)
    with quiet():
        theirs = AutoModelForCausalLM.from_pretrained(
            tmp_path, gguf_file="m.gguf", dtype=torch.float32, config=ours.model.config
        ).eval()
    for prompt in tiny.prompts(3):
        ids = torch.tensor([ours.renderer.prompt(prompt.messages, prompt.tools).ids])
        with torch.inference_mode():
            assert torch.allclose(theirs(input_ids=ids).logits[0], ours.logits(prompt), atol=1e-4)


LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("llama", {}), ("llama", {"rope_parameters": LLAMA3}), ("llama", {"num_key_value_heads": 4, "head_dim": None}),
        ("llama", {"tie_word_embeddings": False}), ("mistral_full", {}), ("qwen2", {}),
    ],
    ids=["llama", "llama 3.1", "as many keys as heads", "a head of its own", "mistral", "qwen2"],
)  # fmt: skip
def test_every_architecture_reads_back_as_the_same_model(
    name: str, other: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By transformers' own reader, which a GGUF base goes through, and by ours of rounded weights."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    base = tmp_path / "base"
    with quiet():
        architectures.model(name, **other).save_pretrained(base)
        tiny.tokenizer().save_pretrained(base)
    assert write_gguf(base, tmp_path / "m.gguf", "f32", name="m").error == 0.0
    ours, theirs = load(base), load(tmp_path / "m.gguf")
    again = load_gguf(tmp_path / "m.gguf", base)
    for prompt in tiny.prompts(2):
        assert torch.allclose(ours.logits(prompt), theirs.logits(prompt), atol=1e-4)
        assert torch.equal(ours.logits(prompt), again.logits(prompt))
    report = write_gguf(base, tmp_path / "q.gguf", "q8_0")
    assert 0 < report.error < 1e-2


@pytest.mark.parametrize("biased", ["attention_bias", "mlp_bias"])
def test_biases_that_the_other_reader_drops_are_refused(biased: str, tmp_path: Path) -> None:
    with quiet():
        architectures.model("llama", **{biased: True}).save_pretrained(tmp_path / "base")
        tiny.tokenizer().save_pretrained(tmp_path / "base")
    with pytest.raises(PrerequisiteError, match="without biases only"):
        write_gguf(tmp_path / "base", tmp_path / "m.gguf", "f32")


def test_a_file_with_biases_that_the_reader_drops_is_no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    base = tmp_path / "base"
    with quiet():
        architectures.model("llama", attention_bias=True).save_pretrained(base)
        tiny.tokenizer().save_pretrained(base)
    monkeypatch.setattr(module, "_architecture", lambda *_: "llama")  # as another program writes it
    write_gguf(base, tmp_path / "m.gguf", "f32", name="m")
    with pytest.raises(PrerequisiteError, match="biases, which transformers' reader of Llama drops"):
        load(tmp_path / "m.gguf")


def test_the_embedded_model_keeps_every_weight_and_its_tokenizer_is_not_pretended(tmp_path: Path) -> None:
    folder = resolve("steady-nano")
    report = write_gguf(folder, tmp_path / "nano.gguf", "bf16")
    source = load_file(folder / "model.safetensors")
    assert (report.error, report.tensors, report.tokenizer) == (0.0, len(source), None)
    reader = GGUFReader(tmp_path / "nano.gguf")
    found = {tensor.name: tensor for tensor in reader.tensors}
    embedding = found["token_embd.weight"]
    assert list(embedding.shape) == [256, 3835]  # GGUF counts the fastest axis first
    wanted = source["model.embed_tokens.weight"]
    assert np.array_equal(embedding.data.view(np.uint16).ravel(), wanted.view(torch.uint16).numpy().ravel())
    norm = found["blk.5.attn_q_norm.weight"]
    assert np.array_equal(norm.data, source["model.layers.5.self_attn.q_norm.weight"].float().numpy())
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert fields["tokenizer.ggml.model"] == "none"
    assert fields["tokenizer.huggingface.json"] == (folder / "tokenizer.json").read_text("utf-8")
    assert fields["qwen3.attention.key_length"] == 64
    assert (fields["qwen3.rope.freq_base"], fields["qwen3.context_length"]) == (10000.0, 4096)


def test_a_text_tokenizer_is_whole(model: Path, tmp_path: Path) -> None:
    write_gguf(model, tmp_path / "m.gguf", "f32")
    fields = {name: field.contents() for name, field in GGUFReader(tmp_path / "m.gguf").fields.items()}
    tokenizer = tiny.tokenizer()
    tokens = fields["tokenizer.ggml.tokens"]
    assert len(tokens) == 340
    assert [tokens[i] for i in range(len(tokenizer))] == tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    assert fields["tokenizer.ggml.eos_token_id"] == tokenizer.eos_token_id
    assert fields["tokenizer.chat_template"] == tiny.TEMPLATE
    assert fields["tokenizer.ggml.merges"][0] == " ".join(
        json.loads((model / "tokenizer.json").read_text("utf-8"))["model"]["merges"][0]
    )


@pytest.mark.parametrize(("kind", "low", "high"), [("f16", 1e-6, 1e-3), ("q8_0", 1e-3, 1e-2), ("q4_0", 0.03, 0.15)])
def test_the_error_of_a_smaller_format_is_measured(
    model: Path, tmp_path: Path, kind: module.Kind, low: float, high: float
) -> None:
    report = write_gguf(model, tmp_path / "m.gguf", kind)
    assert low < report.error < high
    off = total = 0.0
    weights = Weights(model)
    table = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.layers.0.mlp.up_proj.weight": "blk.0.ffn_up.weight",
    }
    found = {tensor.name: tensor for tensor in GGUFReader(tmp_path / "m.gguf").tensors}
    for source, name in table.items():
        exact = weights.array(source, "float32")
        numbers = quants.dequantize(found[name].data, found[name].tensor_type).reshape(exact.shape)
        off, total = off + float(((numbers - exact) ** 2).sum()), total + float((exact**2).sum())
    assert low < (off / total) ** 0.5 < high


def test_rows_that_no_block_divides_stay_whole_numbers(tmp_path: Path) -> None:
    class Package:
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    assert module._kind_of(Package, (8, 40), "q8_0") == "f16"
    assert module._kind_of(Package, (8, 64), "q8_0") == "q8_0"
    assert module._kind_of(Package, (64,), "q8_0") == "f32"


def test_a_file_that_does_not_read_back_is_refused(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = module._write_tensors

    def spoiled(
        package: object, writer: object, weights: Weights, tensors: list[module._Tensor], stretch: object
    ) -> None:
        other = [t for t in tensors if t.shape == tensors[-1].shape]  # two norms change places
        swapped = dict(zip(other, reversed(other), strict=True))
        write(package, writer, weights, [replace(t, source=swapped.get(t, t).source) for t in tensors], ())

    monkeypatch.setattr(module, "_write_tensors", spoiled)
    monkeypatch.setattr(Weights, "array", _numbered(Weights.array))
    with pytest.raises(JobError, match="does not hold"):
        write_gguf(model, tmp_path / "m.gguf", "f32")


def _numbered(array: Any) -> Any:
    """Norms of a fresh model are all ones: give each tensor a number of its own."""
    return lambda self, name, form: array(self, name, form) + np.float32(len(name) + sum(map(ord, name)) % 97)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architectures": ["Olmo3ForCausalLM"]}, "not Olmo3ForCausalLM"),
        ({"use_sliding_window": True, "sliding_window": 8}, "without a sliding window only"),
        ({"rope_parameters": {"rope_type": "longrope", "rope_theta": 1e4}}, "longrope"),
    ],
)
def test_what_gguf_cannot_hold_says_so(model: Path, tmp_path: Path, change: dict[str, object], message: str) -> None:
    import shutil

    other = shutil.copytree(model, tmp_path / "other")
    config = json.loads((other / "config.json").read_text("utf-8"))
    (other / "config.json").write_text(json.dumps(config | change), "utf-8")
    with pytest.raises(PrerequisiteError, match=message):
        write_gguf(other, tmp_path / "m.gguf")
