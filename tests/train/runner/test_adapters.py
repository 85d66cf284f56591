"""Each method is trained, saved, read back, gone on with, and merged where it can be; what cannot work says so."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.models.backend import Sampling
from steadyhand.models.loading.adapters import VIRTUAL, identity, kind_of
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load, load_weights
from steadyhand.models.loading.resolve import resolve
from steadyhand.settings.training import DpoConfig, SftConfig
from steadyhand.train.objectives.dpo import train_dpo
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner.adapters import with_adapter
from steadyhand.train.runner.merge import merge, merge_or_keep
from tests import architectures, tiny

RATES: dict[Any, float] = {"lora": 1e-2, "dora": 1e-2, "ia3": 3e-2, "prefix": 3e-2, "prompt": 3e-2}
MERGED = ["lora", "dora", "ia3"]
NO_OP = ["lora", "dora", "ia3"]


def sft(method: Any, **changes: Any) -> SftConfig:
    plain = SftConfig(
        method=method, learning_rate=RATES[method], batch_tokens=600, epochs=6, save_steps=0, log_steps=1,
        virtual_tokens=4, warmup_ratio=0.0,
    )  # fmt: skip
    return plain.but(**changes)


def dpo(method: Any, **changes: Any) -> DpoConfig:
    plain = DpoConfig(
        k=0,
        method=method,
        learning_rate=3e-3,
        groups_per_step=3,
        epochs=3,
        log_steps=1,
        virtual_tokens=4,
        precision="float32",
    )
    return plain.but(**changes)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("trained")
    return {method: train_sft(base, tiny.rows(), sft(method), home / method).folder for method in RATES}


@pytest.mark.parametrize("method", RATES)
def test_a_method_learns_and_is_read_back(method: str, trained: dict[str, Path], base: Path) -> None:
    log = json.loads((trained[method] / "training.json").read_text())["log"]
    first, last = (sum(row["loss"] for row in part) for part in (log[:2], log[-2:]))
    assert last < (0.8 if method in ("lora", "dora") else 0.999) * first
    assert kind_of(trained[method]) == method
    prompt = tiny.prompts(1)[0]
    model = load(trained[method], device="cpu")
    assert (model.logits(prompt) - load(base, device="cpu").logits(prompt)).abs().max() > 0.05
    assert len(model.generate(tiny.prompts(2), Sampling(max_tokens=4))) == 2


def test_all_answer_differently_and_have_names_of_their_own(trained: dict[str, Path]) -> None:
    assert len({fingerprint(folder) for folder in trained.values()}) == len(trained)
    config = json.loads((trained["lora"] / "adapter_config.json").read_text())
    assert identity(config) == [8, 16.0]  # what older fingerprints of adapters were made of
    assert identity(config | {"use_dora": True}) != identity(config)


@pytest.mark.parametrize("method", NO_OP)
def test_adapters_start_as_a_no_op(method: Any, base: Path) -> None:
    made = with_adapter(load_weights(base, device="cpu"), tiny.tokenizer(), sft(method)).eval()
    ids = torch.tensor([list(range(30, 60))])
    with torch.no_grad():
        assert torch.allclose(
            made(input_ids=ids).logits, load_weights(base, device="cpu")(input_ids=ids).logits, atol=1e-4
        )


@pytest.mark.parametrize("method", MERGED)
def test_merged_answers_as_the_adapter(method: str, trained: dict[str, Path], tmp_path: Path) -> None:
    prompts = tiny.prompts(4)
    report = merge(trained[method], tmp_path / "merged", prompts)
    assert report.merged
    assert report.max_logit_diff < 1e-3
    assert report.argmax_agreement == 1.0
    assert kind_of(report.folder) is None
    before, after = (
        load(f, device="cpu").generate(prompts, Sampling(max_tokens=8)) for f in (trained[method], report.folder)
    )
    assert before == after


@pytest.mark.parametrize("method", VIRTUAL)
def test_virtual_tokens_are_kept_beside_their_base(method: str, trained: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"a {method} cannot be merged") as caught:
        merge(trained[method], tmp_path / "out", tiny.prompts(1))
    assert "beside its base" in str(caught.value.next)
    assert not (tmp_path / "out").exists()
    report = merge_or_keep(trained[method], tmp_path / "out", tiny.prompts(2))
    assert (report.merged, report.max_logit_diff) == (False, 0.0)
    assert fingerprint(report.folder) == fingerprint(trained[method])


@pytest.mark.parametrize("method", RATES)
def test_preference_training_starts_at_ln_2_where_it_must(
    method: Any, trained: dict[str, Path], base: Path, tmp_path: Path
) -> None:
    """An adapter that goes on is its own reference; fresh virtual tokens differ from the reference, the base."""
    on = train_dpo(trained[method], tiny.groups(), dpo(method), tmp_path / "on").log
    assert on[0]["dpo"] == pytest.approx(math.log(2), abs=1e-5)
    assert on[-1]["dpo"] < on[0]["dpo"]
    anew = train_dpo(base, tiny.groups(), dpo(method), tmp_path / "anew").log
    assert (abs(anew[0]["dpo"] - math.log(2)) < 1e-5) == (method in NO_OP)
    assert kind_of(tmp_path / "anew") == method


@pytest.mark.parametrize("method", ["dora", "ia3", "prompt"])
def test_activations_computed_again_change_nothing(method: Any, base: Path, tmp_path: Path) -> None:
    config = sft(method, epochs=1)
    plain = train_sft(base, tiny.rows(), config, tmp_path / "a")
    slow = train_sft(base, tiny.rows(), config.but(gradient_checkpointing=True), tmp_path / "b")
    assert [row["loss"] for row in slow.log] == pytest.approx([row["loss"] for row in plain.log], rel=1e-5)


def test_packed_groups_behind_virtual_tokens_equal_cached_ones(trained: dict[str, Path], tmp_path: Path) -> None:
    plain, packed = (
        train_dpo(trained["prompt"], tiny.groups(), dpo("prompt", gradient_checkpointing=on), tmp_path / str(on))
        for on in (False, True)
    )
    for name in ("loss", "grad_norm"):
        assert [row[name] for row in packed.log] == pytest.approx([row[name] for row in plain.log], rel=1e-3)


@pytest.mark.parametrize("method", ["prefix", "ia3"])
def test_a_stopped_training_goes_on_to_the_same_adapter(method: Any, base: Path, tmp_path: Path) -> None:
    config = sft(method, epochs=2, save_steps=1)
    whole = train_sft(base, tiny.rows(), config, tmp_path / "whole")
    asked = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        train_sft(base, tiny.rows(), config, tmp_path / "out", stop=lambda: next(asked))
    seen: list[int] = []
    resumed = train_sft(base, tiny.rows(), config, tmp_path / "out", lambda done, *_: seen.append(done))
    assert seen[0] == 3
    assert fingerprint(resumed.folder) == fingerprint(whole.folder)


def test_an_adapter_is_gone_on_with_by_its_own_method_only(trained: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a dora adapter, and method 'ia3' would put another on top"):
        train_sft(trained["dora"], tiny.rows(), sft("ia3"), tmp_path / "out")
    with pytest.raises(UsageError, match="has a prefix, which cannot be merged"):
        train_sft(trained["prefix"], tiny.rows(), SftConfig(epochs=1, method="full"), tmp_path / "out")
    whole = train_sft(trained["ia3"], tiny.rows(), sft("ia3").but(method="full", epochs=1), tmp_path / "full")
    assert kind_of(whole.folder) is None


def test_qlora_without_a_card_is_one_clear_error(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("steadyhand.models.loading.quantized.find_spec", lambda _: None)
    with pytest.raises(PrerequisiteError, match="needs a CUDA device and bitsandbytes") as caught:
        train_sft(base, tiny.rows(), sft("lora").but(method="qlora"), tmp_path / "out")
    assert 'method = "lora"' in str(caught.value.next)
    assert not (tmp_path / "out").exists()


def test_a_prefix_and_activations_computed_again_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="key/value cache"):
        SftConfig(epochs=1, method="prefix", gradient_checkpointing=True)
    with pytest.raises(ValidationError, match="virtual_tokens"):
        SftConfig(epochs=1, method="prompt", virtual_tokens=0)


def test_a_model_without_the_layers_of_ia3_says_so() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    other = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=8, n_layer=1, n_head=2, n_positions=32))
    with pytest.raises(PrerequisiteError, match="no layers for method 'ia3'"):
        with_adapter(other, tiny.tokenizer(), sft("ia3"))


def test_the_embedded_base_takes_every_method() -> None:
    home = resolve("steady-nano")
    for method in RATES:
        made = with_adapter(load_weights(home, device="cpu"), tiny.tokenizer(), sft(method))
        assert 0 < sum(p.numel() for p in made.parameters() if p.requires_grad) < 500_000


@pytest.mark.parametrize(("method", "name"), [("prefix", "qwen3_5"), ("prefix", "gemma3"), ("prompt", "gemma4")])
def test_virtual_tokens_are_refused_where_layers_do_not_take_them(method: Any, name: str) -> None:
    model = architectures.model(name)
    with pytest.raises(UsageError, match=r"a prefix stands before full attention alone|one for every layer"):
        with_adapter(model, tiny.tokenizer(), SftConfig(method=method, epochs=1))
