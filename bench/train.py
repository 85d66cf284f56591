"""Fine-tuning steps of steady-nano on the worked example's rows: ours against TRL's SFTTrainer, in one run.

    python -m bench.train [--rounds 3] [--steps 30]

Both train all weights but the embeddings with AdamW, on the same rows in the same order, about 2,048 tokens a step, the
same targets, in bf16 where the processor has units for it. TRL pads (its padding-free mode needs flash attention, which
a CPU has not); rows that continue one another stand alone there. Rounds alternate, so that a slow minute hits both.
Each round's first steps warm up and are not counted. Figures: trained tokens (targets) per second.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from steadyhand.cards.rows import sft_rows
from steadyhand.chat.render import Renderer
from steadyhand.datasets.folder import load
from steadyhand.domain.rows import Row
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.remote_code import CLOSED
from steadyhand.models.loading.resolve import resolve as find_model
from steadyhand.settings.training import SftConfig
from steadyhand.train.runner.data import Sample, merge_prefixes, samples, sft_plan

TOKENS, WARMUP, BAR = 2048, 5, 1.3
CONFIG = SftConfig(epochs=1, method="full", batch_tokens=TOKENS, save_steps=0, learning_rate=1e-4)


def ours(rows: Sequence[Row], targets: list[int]) -> float:
    """Targets per second; `targets` of every step."""
    from steadyhand.train.objectives.sft import train_sft

    at: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        train_sft("steady-nano", rows, CONFIG, Path(folder) / "model", lambda *_: at.append(time.perf_counter()))
    return sum(targets[WARMUP:]) / (at[-1] - at[WARMUP - 1])


def trl(data: Sequence[Sample], size: int) -> float:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from steadyhand.train.runner.precision import has_bfloat16_units

    at: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            at.append(time.perf_counter())

    folder = find_model("steady-nano")
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="sdpa", use_safetensors=True, **CLOSED)
    model.get_input_embeddings().requires_grad_(False)
    labels = [[t if on else -100 for t, on in zip(s.ids, s.mask, strict=True)] for s in data]
    table = Dataset.from_dict({"input_ids": [list(s.ids) for s in data], "labels": labels})
    with tempfile.TemporaryDirectory() as out:
        config = SFTConfig(
            output_dir=out, per_device_train_batch_size=size, num_train_epochs=1, learning_rate=1e-4, max_length=None,
            use_cpu=True, bf16=has_bfloat16_units(), save_strategy="no", report_to="none", disable_tqdm=True,
            gradient_checkpointing=False, train_sampling_strategy="sequential", dataloader_pin_memory=False,
        )  # fmt: skip
        SFTTrainer(
            model, args=config, train_dataset=table, processing_class=load_tokenizer(folder), callbacks=[Clock()]
        ).train()
    counts = [sum(sum(s.mask) for s in data[i : i + size]) for i in range(0, len(data), size)]
    return sum(counts[WARMUP:]) / (at[-1] - at[WARMUP - 1])


def main() -> int:
    """0 when ours is at least BAR times as fast."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30)
    options = parser.parse_args()
    renderer = Renderer(load_tokenizer(find_model("steady-nano")))
    domain = load(Path(__file__).parents[1] / "examples" / "uss")
    rows = sft_rows(domain, scenarios=True, rehearsal=0.25, seed=0, card_repeats=4)
    rows = rows[: options.steps * TOKENS // 200]
    data = samples(rows, renderer, CONFIG)
    merged = merge_prefixes(data, CONFIG)
    steps = sft_plan([len(s.ids) for s in merged], CONFIG)
    targets = [sum(sum(merged[i].mask) for part in step for i in part) for step in steps]
    size = round(TOKENS / statistics.mean(len(s.ids) for s in data))
    sides: dict[str, Callable[[], float]] = {"ours": lambda: ours(rows, targets), "trl": lambda: trl(data, size)}
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, run in sides.items():
            found[name].append(run())
            print(f"{name}: {found[name][-1]:.0f} targets/s", flush=True)
    ratios = [a / b for a, b in zip(found["ours"], found["trl"], strict=True)]
    rounds = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"{len(rows)} rows; ours / TRL: {statistics.median(ratios):.2f} times (bar {BAR}; rounds {rounds})")
    return int(statistics.median(ratios) < BAR)


if __name__ == "__main__":
    sys.exit(main())
