"""The tokenizer's promises, the loss weights, and that a killed pre-training goes on to the same weights."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nano import batches, corpus, identifiers, pretrain, probe
from nano.tokenizer import FIXED, build
from steadyhand.models.attention import varlen


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return build(rows=800, seed=1)


@given(text=st.text(max_size=80))
def test_any_text_comes_back(tokenizer: Any, text: str) -> None:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == text


@given(seed=st.integers(0, 10_000))
def test_an_identifier_is_spelt_the_same_everywhere(tokenizer: Any, seed: int) -> None:
    name = identifiers.domain(random.Random(seed))
    alone = tokenizer(name, add_special_tokens=False)["input_ids"]
    for before, after in ((" ", " "), ('"', '"}}\n'), ("检查", "。"), ('": "', '", "')):
        ids = tokenizer(before + name + after, add_special_tokens=False)["input_ids"]
        assert any(ids[i : i + len(alone)] == alone for i in range(len(ids)))


def test_fixed_texts_are_single_tokens(tokenizer: Any) -> None:
    assert all(len(tokenizer(text, add_special_tokens=False)["input_ids"]) == 1 for text in FIXED)


def test_only_assistant_tokens_count_fully(tokenizer: Any) -> None:
    for index in range(60):
        ids, weights = corpus.encode(tokenizer, corpus.make_row(random.Random(index)))
        full = tokenizer.decode([i for i, w in zip(ids, weights, strict=True) if w == 1.0])
        assert "<|im_start|>" not in full
        assert full.endswith("<|im_end|>")
        assert "<think>" in full


def test_a_step_is_filled_with_whole_dialogues(tokenizer: Any) -> None:
    batch = batches.packed(tokenizer, seed=1, step=0, tokens=3840)
    start = tokenizer.convert_tokens_to_ids("<|im_start|>")
    assert sum(batch.rows) == batch.ids.shape[1] == 3840
    assert int((batch.ids == tokenizer.pad_token_id).sum()) < 400
    firsts = (batch.positions == 0)[0]
    assert int(firsts.sum()) == len(batch.rows)
    assert set(batch.ids[0][firsts].tolist()) == {start}
    last = torch.tensor(batch.rows).cumsum(0) - 1
    assert float(batch.weights[0][last].sum()) == 0  # none predicts the next dialogue
    assert float(batch.weights.sum()) > 0
    assert torch.equal(batch.ids, batches.packed(tokenizer, seed=1, step=0, tokens=3840).ids)


def test_the_loss_is_that_of_the_dialogues_alone() -> None:
    torch.manual_seed(0)
    model = small_model(100)
    rows = [torch.randint(3, 100, (1, n)) for n in (9, 14)]
    weights = [torch.rand(1, n) for n in (9, 14)]
    for row in weights:
        row[0, -1] = 0
    positions = torch.cat([torch.arange(9), torch.arange(14)])[None]
    batch = batches.Batch(torch.cat(rows, 1), torch.cat(weights, 1), positions, [9, 14])
    expected = torch.zeros(())
    for ids, weight in zip(rows, weights, strict=True):
        logits = model(input_ids=ids).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        expected += (losses * weight[0, :-1]).sum()
    varlen.use(model)
    assert torch.allclose(batch.loss(model), expected / batch.weights.sum(), rtol=1e-4)


def small_model(vocabulary: int) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    return Qwen3ForCausalLM(
        Qwen3Config(vocab_size=vocabulary, num_key_value_heads=1, head_dim=16, tie_word_embeddings=True, **shape)
    )


def test_a_resumed_pretraining_ends_at_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrain, "new_model", lambda vocabulary, eos, pad, layers: small_model(vocabulary))
    monkeypatch.setattr(pretrain, "build", lambda seed: build(rows=300, seed=seed))
    monkeypatch.setattr(probe, "exact_rates", lambda *_, **__: {})
    scale = pretrain.Scale(tokens=1536, steps=4, save_steps=2, probe_steps=400)
    pretrain.train(tmp_path / "whole", scale, seed=3, threads=1)

    class KilledError(Exception):
        pass

    real, calls = batches.packed, []

    def dies_at_third_step(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 3:
            raise KilledError
        return real(*given)

    monkeypatch.setattr(batches, "packed", dies_at_third_step)
    with pytest.raises(KilledError):
        pretrain.train(tmp_path / "killed", scale, seed=3, threads=1)
    monkeypatch.setattr(batches, "packed", real)
    pretrain.train(tmp_path / "killed", scale, seed=3, threads=1)
    whole, resumed = ((tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("whole", "killed"))
    assert whole == resumed


def test_a_deeper_model_begins_as_the_one_that_it_inherits(tokenizer: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    size = (len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id)
    old, deeper = pretrain.new_model(*size, 2), pretrain.new_model(*size, 3)
    old.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    pretrain.inherit(deeper, tokenizer, tmp_path)
    ids = torch.tensor([tokenizer("check 8.8.8.8 and evil.com", add_special_tokens=False)["input_ids"]])
    with torch.inference_mode():
        assert torch.equal(deeper(input_ids=ids).logits, old(input_ids=ids).logits)
    deeper(input_ids=ids, labels=ids).loss.backward()
    added = deeper.model.layers[1].mlp.down_proj.weight
    assert not added.any()
    assert added.grad.any()  # and it learns
