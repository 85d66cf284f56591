"""The tokenizer's promises, the loss weights, and that a killed pre-training goes on to the same weights."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nano import corpus, identifiers, pretrain, probe
from nano.tokenizer import FIXED, build


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


def test_packed_rows_restart_positions(tokenizer: Any) -> None:
    ids, weights, positions = pretrain.packed(tokenizer, seed=1, step=0)
    start = tokenizer.convert_tokens_to_ids("<|im_start|>")
    assert bool((ids[positions == 0] != start).logical_and(ids[positions == 0] != tokenizer.pad_token_id).sum() == 0)
    assert float(weights.sum()) > 0
    again = pretrain.packed(tokenizer, seed=1, step=0)
    assert torch.equal(ids, again[0])


def test_dialogues_in_one_row_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    model = small_model(100)
    first, second = torch.randint(3, 100, (1, 9)), torch.randint(3, 100, (1, 14))
    positions = torch.cat([torch.arange(9), torch.arange(14)])[None]
    both = model(input_ids=torch.cat([first, second], 1), position_ids=positions, use_cache=False).logits[0, 9:]
    alone = model(input_ids=second).logits[0]
    assert torch.allclose(both, alone, atol=1e-5)


def small_model(vocabulary: int) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    return Qwen3ForCausalLM(
        Qwen3Config(vocab_size=vocabulary, num_key_value_heads=1, head_dim=16, tie_word_embeddings=True, **shape)
    )


def test_a_resumed_pretraining_ends_at_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrain, "new_model", lambda vocabulary, eos, pad: small_model(vocabulary))
    monkeypatch.setattr(pretrain, "build", lambda seed: build(rows=300, seed=seed))
    monkeypatch.setattr(probe, "exact_rates", lambda *_, **__: {})
    monkeypatch.setattr(pretrain, "SAVE_STEPS", 2)
    monkeypatch.setattr(pretrain, "LENGTH", 256)
    pretrain.train(tmp_path / "whole", steps=4, seed=3, compiled=False, threads=1)

    class KilledError(Exception):
        pass

    real, calls = pretrain.packed, []

    def dies_at_third_step(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 3:
            raise KilledError
        return real(*given)

    monkeypatch.setattr(pretrain, "packed", dies_at_third_step)
    with pytest.raises(KilledError):
        pretrain.train(tmp_path / "killed", steps=4, seed=3, compiled=False, threads=1)
    monkeypatch.setattr(pretrain, "packed", real)
    pretrain.train(tmp_path / "killed", steps=4, seed=3, compiled=False, threads=1)
    whole, resumed = ((tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("whole", "killed"))
    assert whole == resumed
