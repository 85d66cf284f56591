"""Our decode loop against transformers' `generate` on one model, in one run: 64 prompts behind a shared prefix.

    python -m bench.generate [--model FOLDER] [--prefix 400] [--prompts 64] [--tokens 64] [--batch 32] [--threads 1]

Without a model: Qwen3 with random weights, 6 layers x 256, 2,048 tokens (5 M parameters). Stop tokens are off, so
that both sides decode equally many tokens. Prints seconds per prompt and the ratio (theirs / ours, above 1 is faster).
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM

from steadyhand.models.backend import Sampling
from steadyhand.models.generation.decode import continue_ids
from steadyhand.models.loading.remote_code import CLOSED


def random_model() -> Any:
    """A 5 M Qwen3 whose logits are far apart, so that both sides choose the same tokens."""
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=2048, hidden_size=256, intermediate_size=768, num_hidden_layers=6, num_attention_heads=4,
        num_key_value_heads=2, head_dim=64, tie_word_embeddings=True, max_position_embeddings=4096,
        initializer_range=0.15, eos_token_id=None, bos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    return Qwen3ForCausalLM(config)


def prompts(count: int, prefix: int, vocabulary: int) -> list[list[int]]:
    """Random ids: a shared prefix, then 10 to 60 tokens of a prompt's own."""
    draw = random.Random(0)
    shared = [draw.randrange(3, vocabulary) for _ in range(prefix)]
    return [shared + [draw.randrange(3, vocabulary) for _ in range(draw.randint(10, 60))] for _ in range(count)]


def theirs(model: Any, ids: list[list[int]], tokens: int, batch: int) -> list[list[int]]:
    """transformers' generate on left-padded batches of prompts of near length."""
    out: dict[int, list[int]] = {}
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for at in range(0, len(order), batch):
        part = order[at : at + batch]
        width = max(len(ids[i]) for i in part)
        rows = torch.tensor([[0] * (width - len(ids[i])) + ids[i] for i in part])
        mask = torch.tensor([[0] * (width - len(ids[i])) + [1] * len(ids[i]) for i in part])
        done = model.generate(
            rows, attention_mask=mask, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False, pad_token_id=0
        )
        out |= {i: done[row, width:].tolist() for row, i in enumerate(part)}
    return [out[i] for i in range(len(ids))]


def timed(name: str, work: Callable[[], list[list[int]]], count: int) -> tuple[float, list[list[int]]]:
    began = time.perf_counter()
    result = work()
    seconds = (time.perf_counter() - began) / count
    print(f"{name:38} {seconds * 1000:8.1f} ms per prompt")
    return seconds, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    for name, default in (("prefix", 400), ("prompts", 64), ("tokens", 64), ("batch", 32), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    model = (
        AutoModelForCausalLM.from_pretrained(asked.model, dtype=torch.float32, use_safetensors=True, **CLOSED)
        if asked.model
        else random_model()
    )
    model.eval().generation_config.eos_token_id = None
    ids = prompts(asked.prompts, asked.prefix, model.config.vocab_size)
    sampling = Sampling(max_tokens=asked.tokens)
    continue_ids(model, ids[:2], sampling, ())  # both sides warm
    theirs(model, ids[:2], 4, 2)

    def own() -> list[list[int]]:
        return [row.tokens for row in continue_ids(model, ids, sampling, (), batch_size=asked.batch)]

    ours, a = timed("steadyhand", own, len(ids))
    batched, b = timed("transformers, same batch size", lambda: theirs(model, ids, asked.tokens, asked.batch), len(ids))
    single, _ = timed("transformers, one by one", lambda: theirs(model, ids, asked.tokens, 1), len(ids))
    same = sum(x == y for x, y in zip(a, b, strict=True))
    print(f"ratio to batched {batched / ours:.2f}, to one by one {single / ours:.2f}; {same}/{len(ids)} answers equal")


if __name__ == "__main__":
    main()
