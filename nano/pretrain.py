"""Pre-training of steady-nano: `python -m nano.pretrain`. Resumable (kill it at any time), seeded, with time left.

On a card it sees some thirty times as many tokens in ten minutes as two cores do in three hours.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

from nano import probe
from nano.batches import batches
from nano.muon import Muon
from nano.tokenizer import build
from steadyhand.models.attention import varlen
from steadyhand.models.loading.remote_code import CLOSED
from steadyhand.train.runner.precision import has_bfloat16_units

WARMUP, DECAY = 60, 0.35  # steps; share of the steps over which the rate falls to zero
MUON_RATE, ADAM_RATE = 0.02, 3e-3
LAYERS = 6


@dataclass(frozen=True)
class Scale:
    """How large a training is: tokens of a step, steps, and after how many it is saved and probed; processes that make
    the rows."""

    tokens: int
    steps: int
    save_steps: int
    probe_steps: int
    workers: int = 0


SCALES = {  # two to three hours on two cores, ten minutes on a card
    "cpu": Scale(3840, 8000, save_steps=50, probe_steps=400),
    "cuda": Scale(131_072, 8000, save_steps=500, probe_steps=8000, workers=max(1, (os.cpu_count() or 2) - 4)),
}


def new_model(vocabulary: int, eos: int, pad: int, layers: int = LAYERS) -> Qwen3ForCausalLM:
    """About 5 M parameters with six layers; RoPE base 10,000 as contexts are short."""
    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=layers,
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
    of the pieces that it used to be. Layers beyond its own are copies that add nothing yet (LLaMA Pro, Wu et al. 2024,
    section 3.2): the deeper model begins as the same function."""
    old, old_tokenizer = (
        Qwen3ForCausalLM.from_pretrained(folder, use_safetensors=True, **CLOSED),
        AutoTokenizer.from_pretrained(folder, **CLOSED),
    )
    rows, known = old.get_input_embeddings().weight.detach(), old_tokenizer.get_vocab()
    embedding = model.get_input_embeddings().weight.detach().clone()
    for token, index in tokenizer.get_vocab().items():
        pieces = [known[token]] if token in known else old_tokenizer(tokenizer.decode([index]))["input_ids"]
        embedding[index] = rows[pieces].mean(0)
    model.model.norm.load_state_dict(old.model.norm.state_dict())
    model.get_input_embeddings().weight.data.copy_(embedding)
    sources = [i * len(old.model.layers) // len(model.model.layers) for i in range(len(model.model.layers))]
    for layer, source, before in zip(model.model.layers, sources, [-1, *sources], strict=False):
        layer.load_state_dict(old.model.layers[source].state_dict())
        if source == before:
            layer.self_attn.o_proj.weight.data.zero_()
            layer.mlp.down_proj.weight.data.zero_()


def train(
    out: Path,
    scale: Scale,
    seed: int,
    threads: int,
    start: Path | None = None,
    rate: float = 1.0,
    layers: int = LAYERS,
    device: str = "cpu",
) -> None:
    steps = scale.steps
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "tokenizer.json").exists():
        build(seed=seed).save_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(out, **CLOSED)
    model = new_model(len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id, layers)
    if start:
        inherit(model, tokenizer, start)
    model.to(device)
    optimizers, checkpoint, first = optimizers_of(model), out / "checkpoint.pt", 0
    rates = [rate * o.param_groups[0]["lr"] for o in optimizers]
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        first = state["step"]
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
    make_quick(model)
    made = batches(tokenizer, seed, scale.tokens, range(first, steps), scale.workers)
    for (step, left), batch in zip(steps_left(first, steps), made, strict=True):
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda" or has_bfloat16_units()):
            loss = batch.to(model.device).loss(model)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, rate in zip(optimizers, rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate * rate_factor(step, steps)
            optimizer.step()
            optimizer.zero_grad()
        if step % (scale.save_steps // 2) == 0:
            print(f"step {step}/{steps} loss {loss.item():.3f} {left}", flush=True)
        if (step + 1) % scale.save_steps == 0 or step + 1 == steps:
            state = {"step": step + 1, "model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers]}
            save(checkpoint, state)
        if (step + 1) % scale.probe_steps == 0 or step + 1 == steps:
            with torch.compiler.set_stance("force_eager"):  # rows of all lengths
                rates_now = probe.exact_rates(model, tokenizer, rows=24)
            line = {"step": step + 1, "loss": loss.item(), "exact": rates_now}
            print(json.dumps(line), flush=True)
            with (out / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
    export(model, tokenizer, out / "model")


def make_quick(model: Qwen3ForCausalLM) -> None:
    """Rows are attended to one by one; on a card the body is compiled as well, which fuses its many small steps."""
    varlen.use(model)
    if model.device.type == "cuda":
        model.model.compile()


def export(model: Qwen3ForCausalLM, tokenizer: Any, folder: Path) -> None:
    """A plain Hugging Face folder, weights in bf16."""
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    print(f"wrote {folder}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path.home() / ".cache" / "steadyhand" / "nano")
    parser.add_argument("--device", choices=SCALES, default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, help="default: as many as suit the device")
    parser.add_argument("--tokens", type=int, help="of a step; default: as many as suit the device")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--start", type=Path, help="begin with the weights of this model folder")
    parser.add_argument("--rate", type=float, default=1.0, help="factor on the learning rates, below 1 with --start")
    parser.add_argument(
        "--layers", type=int, default=LAYERS, help="with more than --start has, copies that add nothing yet"
    )
    given = parser.parse_args()
    scale = SCALES[given.device]
    scale = replace(scale, steps=given.steps or scale.steps, tokens=given.tokens or scale.tokens)
    train(given.out, scale, given.seed, given.threads, given.start, given.rate, given.layers, given.device)


if __name__ == "__main__":
    main()
