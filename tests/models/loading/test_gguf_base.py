"""A GGUF file as a base: the numbers and the tokenizer are the file's, and what it does not keep is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from steadyhand.chat.messages import Message
from steadyhand.errors import PrerequisiteError, SteadyError
from steadyhand.export.gguf import write_gguf
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.models.generation.gguf import load_gguf
from steadyhand.models.loading import gguf_base
from steadyhand.models.loading.gguf_base import LLAMA3, llama3_stretch, note_of, read_header
from steadyhand.models.loading.load import load
from steadyhand.models.loading.overlay import overlaid
from steadyhand.models.loading.resolve import resolve
from tests import tiny

SMOL = Path(__file__).resolve().parents[3] / ".smol" / "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_file_of_whole_numbers_is_the_model_again(model: Path, tmp_path: Path) -> None:
    file = write_gguf(model, tmp_path / "m.gguf", "f32").path
    ours, theirs, prompt = load(model), load(file), tiny.prompts(1)[0]
    assert torch.equal(ours.logits(prompt), theirs.logits(prompt))
    assert (theirs.folder / "tokenizer.json").read_bytes() == (model / "tokenizer.json").read_bytes()
    assert note_of(theirs.folder) == "made from m.gguf (matrices: 15 F32): every number and the tokenizer are kept"
    greedy = Sampling(max_tokens=12)
    assert [one.text for one in ours.generate([prompt], greedy)] == [
        one.text for one in theirs.generate([prompt], greedy)
    ]


def test_a_rounded_file_has_its_own_numbers_and_says_so(model: Path, tmp_path: Path) -> None:
    file = write_gguf(model, tmp_path / "m.gguf", "q5_1").path
    found = load(file)
    want = load_gguf(file, model).model.state_dict()
    assert all(torch.equal(part, want[name]) for name, part in found.model.state_dict().items())
    assert "rounded to Q5_1" in note_of(found.folder)
    assert "quantization_config" not in (found.folder / "config.json").read_text()


@pytest.mark.parametrize("kind", ["yarn", "linear"])
def test_positions_are_stretched_as_the_file_says(kind: str, tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    config["rope_parameters"] |= {"rope_type": kind, "factor": 4.0, "original_max_position_embeddings": 64}
    (base / "config.json").write_text(json.dumps(config))
    ours, theirs = load(base), load(write_gguf(base, tmp_path / "m.gguf", "f32").path)
    prompt = tiny.prompts(1)[0]
    assert torch.allclose(ours.logits(prompt), theirs.logits(prompt), atol=1e-5)
    plain = load(tiny.save(tmp_path / "plain"))
    assert not torch.allclose(plain.logits(prompt), theirs.logits(prompt), atol=1e-2)


def test_llama_3s_table_is_the_one_that_transformers_makes() -> None:
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    rope = {"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, **LLAMA3}
    config = LlamaConfig(hidden_size=256, num_attention_heads=2, head_dim=128, rope_parameters=rope)
    theirs, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    whole = 1 / 5e5 ** (torch.arange(0, 128, 2) / 128)
    assert torch.allclose(whole / theirs, torch.tensor(llama3_stretch(64, 5e5, 8.0)), rtol=1e-4)


def test_a_stretch_that_is_not_known_is_refused(tmp_path: Path) -> None:
    file = header(tmp_path / "m.gguf", scaling="longrope", blocks=1)
    with pytest.raises(PrerequisiteError, match="in a way that is not known here"):
        resolve(file)


def test_a_file_is_unpacked_once_and_again_when_it_changes(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_gguf(model, tmp_path / "m.gguf", "f32").path
    folder = resolve(file)
    (tmp_path / "n.gguf").write_bytes(file.read_bytes())
    with monkeypatch.context() as still:
        still.setattr(gguf_base, "_write", None)
        assert resolve(file) == resolve(str(tmp_path / "n.gguf")) == folder
    assert resolve(write_gguf(tiny.save(tmp_path / "other", 1), file, "f32").path) != folder
    again = overlaid(file, "chatml")
    assert note_of(again) == note_of(folder)  # a template over it changes nothing of where it came from


def header(
    file: Path, architecture: str = "qwen3", kind: str = "model", scaling: str = "", blocks: int | None = None
) -> Path:
    """A file of two small tensors that says little."""
    import gguf

    writer = gguf.GGUFWriter(file, architecture)
    writer.add_type(kind)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["a", "b", "ab", "c"])
    writer.add_token_merges(["a b"])
    if blocks:
        writer.add_embedding_length(32)
        writer.add_block_count(blocks)
        writer.add_head_count(2)
        writer.add_feed_forward_length(32)
        writer.add_vocab_size(4)
        writer.add_tensor("blk.0.attn_norm.weight", torch.zeros(32).numpy())
    if scaling:
        writer.add_string(f"{architecture}.rope.scaling.type", scaling)
    writer.add_tensor("token_embd.weight", torch.zeros(4, 32).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.mark.parametrize(
    ("architecture", "kind", "told"),
    [
        ("steadyarch", "model", "does not read GGUF files of the architecture 'steadyarch'"),
        ("clip", "model", "the vision part of a model"),
        ("qwen3", "mmproj", "the vision part of a model"),
        ("qwen3", "adapter", "no model but the adapter"),
    ],
)
def test_a_file_of_something_else_is_refused_by_name(architecture: str, kind: str, told: str, tmp_path: Path) -> None:
    file = header(tmp_path / "m.gguf", architecture, kind)
    with pytest.raises(PrerequisiteError, match=told) as caught:
        resolve(file)
    assert caught.value.where == str(file)
    assert caught.value.next


def test_a_file_without_its_end_or_its_weights_is_one_error_and_leaves_nothing(
    model: Path, tmp_path: Path, cache: Path
) -> None:
    whole = write_gguf(model, tmp_path / "m.gguf", "f32").path.read_bytes()
    for count in (0, 3, 30, 2000, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.gguf").write_bytes(whole[:count])
        with pytest.raises(PrerequisiteError, match="cut or broken"):
            resolve(tmp_path / "cut.gguf")
    (tmp_path / "none.gguf").write_text("not a model" * 99)
    with pytest.raises(PrerequisiteError, match="cut or broken"):
        resolve(tmp_path / "none.gguf")
    with pytest.raises(PrerequisiteError, match="it has no embedding_length"):
        resolve(header(tmp_path / "empty.gguf"))
    with pytest.raises(PrerequisiteError, match="not those that it promises"):
        resolve(header(tmp_path / "lying.gguf", blocks=99))
    with pytest.raises(PrerequisiteError, match=r"weights are not in the file|cannot read the GGUF file"):
        resolve(header(tmp_path / "few.gguf", blocks=1))
    assert not any((cache / "steadyhand" / "models").iterdir())


@pytest.mark.skipif(not SMOL.is_file(), reason="`make smol` brings SmolLM2-135M-Instruct (93 MB)")
def test_a_real_model_answers_and_calls_with_a_template_of_tools(cache: Path) -> None:
    from steadyhand.chat.probe import usable

    plain = load(SMOL)
    assert read_header(SMOL).kinds == {"Q8_0": 1, "Q4_1": 210}
    assert "rounded to Q4_1, Q8_0" in note_of(plain.folder)
    asked = Prompt((Message("user", "What is the capital of France?"),))
    assert "Paris" in plain.generate([asked], Sampling(max_tokens=16))[0].text
    with pytest.raises(SteadyError, match="never shows the model the tools"):
        usable(plain.renderer.profile, tools=True, named=False, where="smol")
    tooled = load(overlaid(SMOL, "chatml"))
    assert usable(tooled.renderer.profile, tools=True, named=False, where="smol") == ()
    assert tooled.renderer.format.name == "hermes"
