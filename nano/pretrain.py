"""Pre-training of steady-nano: `python -m nano.pretrain`. Resumable (kill it at any time), seeded, with time left.

The batch of step s depends on (seed, s) only, so a resumed run sees the data that an uninterrupted one would.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

from nano import corpus, probe
from nano.muon import Muon
from nano.tokenizer import build
from steadyhand.train.precision import has_bfloat16_units

ROWS, LENGTH = 6, 640  # packed rows per step x tokens per row
WARMUP, DECAY = 60, 0.35  # steps; share of the steps over which the rate falls to zero
MUON_RATE, ADAM_RATE = 0.02, 3e-3
SAVE_STEPS, PROBE_STEPS = 50, 400


def new_model(vocabulary: int, eos: int, pad: int) -> Qwen3ForCausalLM:
    """About 5 M parameters; RoPE base 10,000 as contexts are short."""
    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=4096,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        tie_word_embeddings=True,
        eos_token_id=eos,
        pad_token_id=pad,
        bos_token_id=None,
    )
    return Qwen3ForCausalLM(config)


def packed(tokenizer: Any, seed: int, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ids, weights of the *next* token, positions, each (ROWS, LENGTH). Positions restart with each dialogue, from
    which the model derives that dialogues in one row do not see each other."""
    rng = random.Random(f"{seed}-{step}")
    ids = torch.full((ROWS, LENGTH), tokenizer.pad_token_id)
    weights, positions = torch.zeros(ROWS, LENGTH), torch.zeros(ROWS, LENGTH, dtype=torch.long)
    free = [LENGTH] * ROWS
    misses = 0
    while misses < 6:
        row_ids, row_weights = corpus.encode(tokenizer, corpus.make_row(rng))
        fitting = [r for r in range(ROWS) if free[r] >= len(row_ids)]
        if not fitting:
            misses += 1
            continue
        r = min(fitting, key=lambda i: free[i])
        start, end = LENGTH - free[r], LENGTH - free[r] + len(row_ids)
        ids[r, start:end] = torch.tensor(row_ids)
        weights[r, start : end - 1] = torch.tensor(row_weights[1:])
        positions[r, start:end] = torch.arange(len(row_ids))
        free[r] -= len(row_ids)
    return ids, weights, positions


def loss_of(body: Any, head: Any, ids: torch.Tensor, weights: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Weighted mean of the next-token losses; the vocabulary is scored only where a weight is not 0."""
    chosen = weights > 0
    hidden = body(input_ids=ids, position_ids=positions, use_cache=False).last_hidden_state[chosen]
    losses = torch.nn.functional.cross_entropy(head(hidden).float(), ids.roll(-1, 1)[chosen], reduction="none")
    return (losses * weights[chosen]).sum() / weights.sum()


def optimizers_of(model: Qwen3ForCausalLM) -> list[torch.optim.Optimizer]:
    hidden = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [Muon(hidden, MUON_RATE), torch.optim.AdamW(others, ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0)]


def rate_factor(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / WARMUP, (steps - step) / (DECAY * steps))


def save(path: Path, state: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def steps_left(first: int, steps: int) -> Iterator[tuple[int, str]]:
    """Step numbers, with how long the rest will take at the speed so far."""
    began = time.monotonic()
    for step in range(first, steps):
        spent = time.monotonic() - began
        left = spent / max(1, step - first) * (steps - step)
        yield step, f"{100 * step / steps:.1f} % left {left / 60:.0f} min"


def inherit(model: Qwen3ForCausalLM, tokenizer: Any, folder: Path) -> None:
    """Take the weights of the model in `folder`. A token it has too keeps its embedding; a new one starts at the mean
    of the pieces that it used to be."""
    old, old_tokenizer = Qwen3ForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    rows, known = old.get_input_embeddings().weight.detach(), old_tokenizer.get_vocab()
    embedding = model.get_input_embeddings().weight.detach().clone()
    for token, index in tokenizer.get_vocab().items():
        pieces = [known[token]] if token in known else old_tokenizer(tokenizer.decode([index]))["input_ids"]
        embedding[index] = rows[pieces].mean(0)
    others = {name: w for name, w in old.state_dict().items() if "embed" not in name and "lm_head" not in name}
    model.load_state_dict(others, strict=False)
    model.get_input_embeddings().weight.data.copy_(embedding)


def train(
    out: Path, steps: int, seed: int, compiled: bool, threads: int, start: Path | None = None, rate: float = 1.0
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "tokenizer.json").exists():
        build(seed=seed).save_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(out)
    model = new_model(len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id)
    if start:
        inherit(model, tokenizer, start)
    optimizers, checkpoint, first = optimizers_of(model), out / "checkpoint.pt", 0
    rates = [rate * o.param_groups[0]["lr"] for o in optimizers]
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        first = state["step"]
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
    body = torch.compile(model.model) if compiled else model.model
    for step, left in steps_left(first, steps):
        batch = packed(tokenizer, seed, step)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16_units()):
            loss = loss_of(body, model.lm_head, *batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, rate in zip(optimizers, rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate * rate_factor(step, steps)
            optimizer.step()
            optimizer.zero_grad()
        if step % 20 == 0:
            print(f"step {step}/{steps} loss {loss.item():.3f} {left}", flush=True)
        if (step + 1) % SAVE_STEPS == 0 or step + 1 == steps:
            state = {"step": step + 1, "model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers]}
            save(checkpoint, state)
        if (step + 1) % PROBE_STEPS == 0 or step + 1 == steps:
            rates_now = probe.exact_rates(model, tokenizer, rows=24)
            line = {"step": step + 1, "loss": loss.item(), "exact": rates_now}
            print(json.dumps(line), flush=True)
            with (out / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
    export(model, tokenizer, out / "model")


def export(model: Qwen3ForCausalLM, tokenizer: Any, folder: Path) -> None:
    """A plain Hugging Face folder, weights in bf16."""
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    print(f"wrote {folder}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path.home() / ".cache" / "steadyhand" / "nano")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument(
        "--compile", action="store_true", help="torch.compile (needs a C++ compiler), about 1.3x faster"
    )
    parser.add_argument("--start", type=Path, help="begin with the weights of this model folder")
    parser.add_argument("--rate", type=float, default=1.0, help="factor on the learning rates, below 1 with --start")
    given = parser.parse_args()
    train(given.out, given.steps, given.seed, given.compile, given.threads, given.start, given.rate)


if __name__ == "__main__":
    main()
