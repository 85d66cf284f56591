"""What loads, and the one clear error of what does not."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import constants

from steadyhand.errors import PrerequisiteError
from steadyhand.ledger import digests, keys
from steadyhand.models.attention.layers import layers_of
from steadyhand.models.attention.varlen import NAME
from steadyhand.models.backend import Sampling
from steadyhand.models.loading import resolve as resolving
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load
from steadyhand.models.loading.quiet import quiet
from steadyhand.models.loading.resolve import resolve
from tests import architectures, tiny


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("model"))


def copy(source: Path, target: Path, *, without: str = "") -> Path:
    target.mkdir()
    for path in source.iterdir():
        if path.name != without:
            (target / path.name).write_bytes(path.read_bytes())
    return target


def adapter(base: Path, folder: Path, **config: object) -> Path:
    from peft import LoraConfig, get_peft_model

    lora = LoraConfig(target_modules="all-linear", r=2, task_type="CAUSAL_LM")
    with quiet():
        model = get_peft_model(tiny.model(), lora)
    torch.manual_seed(3)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    model.peft_config["default"].base_model_name_or_path = str(base)
    with quiet():
        model.save_pretrained(folder, save_embedding_layers=False)
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    return folder


def test_a_local_folder_answers_quietly_in_float32(saved: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = load(saved)
    done = model.generate(tiny.prompts(3), Sampling(max_tokens=4))
    assert len(done) == 3
    assert all(0 < item.completion_tokens <= 4 and len(item.prompt_hash) == 64 for item in done)
    assert model.model.dtype == torch.float32
    assert capfd.readouterr() == ("", "")


def test_dtype_is_taken_and_checked(saved: Path) -> None:
    assert load(saved, dtype="bfloat16").model.dtype == torch.bfloat16
    with pytest.raises(PrerequisiteError, match="no such number format: int3"):
        load(saved, dtype="int3")


def test_an_adapter_is_put_on_its_base(saved: Path, tmp_path: Path) -> None:
    tuned, base = load(adapter(saved, tmp_path / "a")), load(saved)
    prompt = tiny.prompts(1)[0]
    assert not torch.allclose(tuned.logits(prompt), base.logits(prompt), atol=0.1)
    assert tuned.fingerprint != base.fingerprint


def test_an_adapter_without_its_base_says_so(saved: Path, tmp_path: Path) -> None:
    lost = adapter(saved, tmp_path / "a", base_model_name_or_path=str(tmp_path / "gone"))
    with pytest.raises(PrerequisiteError, match=r"adapter's base model is missing") as caught:
        load(lost)
    assert "base_model_name_or_path" in str(caught.value)


def test_an_adapter_of_another_shape_says_so(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match="does not fit its base"):
        load(adapter(saved, tmp_path / "a", r=3))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("config.json", "not a model"),
        ("model.safetensors", "without weights"),
        ("chat_template.jinja", "no chat template"),
    ],
)
def test_a_missing_file_is_named(saved: Path, tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(PrerequisiteError, match=says) as caught:
        load(copy(saved, tmp_path / "m", without=name))
    assert caught.value.next


def test_a_tokenizer_that_is_missing_or_broken_is_an_error(saved: Path, tmp_path: Path) -> None:
    broken = copy(saved, tmp_path / "m")
    (broken / "tokenizer.json").write_text("{")
    with pytest.raises(PrerequisiteError, match="tokenizer cannot be read"):
        load(broken)


def test_a_tokenizer_larger_than_the_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match=r"the tokenizer has 3[0-9]+ tokens, the model 300"):
        load(tiny.save(tmp_path / "m", vocabulary=300))


def test_damaged_or_missing_weights_are_errors_and_never_random(saved: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    cut = copy(saved, tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((saved / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(PrerequisiteError, match="weights cannot be read"):
        load(cut)
    weights = load_file(saved / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    fewer = copy(saved, tmp_path / "fewer")
    save_file(weights, fewer / "model.safetensors", {"format": "pt"})
    with pytest.raises(PrerequisiteError, match=r"1 weights are missing.*layers\.1\.mlp\.up_proj"):
        load(fewer)


def with_config(saved: Path, folder: Path, **given: object) -> Path:
    made = copy(saved, folder)
    config = json.loads((made / "config.json").read_text())
    (made / "config.json").write_text(json.dumps(config | given))
    return made


def test_a_model_is_loaded_with_its_windows(saved: Path, tmp_path: Path) -> None:
    kinds = {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 16, "use_sliding_window": True}
    found = load(with_config(saved, tmp_path / "m", **kinds))
    assert layers_of(found.model).windows == (16,)
    assert found.model.config._attn_implementation == NAME
    assert layers_of(load(saved).model).plain


def test_a_model_whose_tokens_see_what_comes_next_is_refused(tmp_path: Path) -> None:
    with quiet():
        architectures.model("gemma3", use_bidirectional_attention=True).save_pretrained(tmp_path / "m")
        tiny.tokenizer().save_pretrained(tmp_path / "m")
    with pytest.raises(PrerequisiteError, match="tokens see what comes after them") as caught:
        load(tmp_path / "m")
    assert caught.value.where == str(tmp_path / "m")


@pytest.mark.parametrize("name", ["no such folder", "./missing", "a/b/c", ""])
def test_a_name_that_is_neither_folder_nor_hub_id(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(PrerequisiteError, match="not a model") as caught:
        resolve(name)
    assert caught.value.exit_code == 3


def test_an_unreachable_hub_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(PrerequisiteError, match="Nobody/no-such-model") as caught:
        load("Nobody/no-such-model")
    assert "hf download Nobody/no-such-model --local-dir" in str(caught.value)


def test_the_built_in_name_means_the_packaged_folder(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "steadyhand.models").mkdir()
    folder = copy(saved, tmp_path / "steadyhand.models" / "nano")
    monkeypatch.setattr(resolving, "resources", SimpleNamespace(files=lambda package: tmp_path / package))
    assert resolve("steady-nano") == folder


def test_the_fingerprint_follows_all_that_answers_follow_from(saved: Path, tmp_path: Path) -> None:
    same = copy(saved, tmp_path / "same", without="generation_config.json")
    (same / "notes.txt").write_text("hello")
    config = json.loads((same / "config.json").read_text())
    rewritten = {**dict(reversed(config.items())), "transformers_version": "9.0", "dtype": "float16", "pad": None}
    (same / "config.json").write_text(json.dumps(rewritten))
    assert fingerprint(same) == fingerprint(saved)
    for name in ("model.safetensors", "chat_template.jinja", "tokenizer.json"):
        other = copy(saved, tmp_path / name)
        (other / name).write_bytes((other / name).read_bytes() + b" ")
        assert fingerprint(other) != fingerprint(saved)
    (same / "additional_chat_templates").mkdir()
    (same / "additional_chat_templates" / "tool_use.jinja").write_text("x")
    assert fingerprint(same) != fingerprint(saved)
    (same / "additional_chat_templates" / "tool_use.jinja").unlink()
    for change in ({"rms_norm_eps": 0.1}, {"rope_parameters": {"rope_theta": 7.0, "rope_type": "default"}}):
        (same / "config.json").write_text(json.dumps(config | change))
        assert fingerprint(same) != fingerprint(saved)
        assert fingerprint(same, config=False) == fingerprint(saved, config=False)


def test_large_weights_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every `--plan` would read all of a base of 16 GB."""
    folder = tiny.save(tmp_path / "m")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b" " * digests.SMALL)
    monkeypatch.setattr(digests, "SETTLED", -1.0)
    before = fingerprint(folder)
    monkeypatch.setattr(digests, "file_digest", lambda path: pytest.fail("read again") if path == weights else "0" * 64)
    with pytest.raises(pytest.fail.Exception), digests.whole():
        fingerprint(folder)
    monkeypatch.setattr(digests, "file_digest", lambda path: keys.file_digest(path) if path != weights else "0" * 64)
    assert fingerprint(folder) == before


@pytest.mark.parametrize("text", ["{broken", "[]"])
def test_a_broken_tokenizer_file_has_no_fingerprint(saved: Path, tmp_path: Path, text: str) -> None:
    broken = copy(saved, tmp_path / "broken")
    (broken / "tokenizer_config.json").write_text(text)
    with pytest.raises(PrerequisiteError, match="JSON") as caught:
        fingerprint(broken)
    assert "tokenizer_config.json" in str(caught.value)
