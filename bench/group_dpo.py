"""Preference training of steady-nano on the same groups: ours against TRL's DPOTrainer and ms-swift's, in one run.

    python -m bench.group_dpo [--rounds 2] [--groups 16] [--shapes "5x1000 5x4000"] [--swift PYTHON]

A group is one prompt of P tokens, a chosen answer and K rejected ones of about 48. Ours computes the prompt once; TRL
gets the K pairs as it wants them, a group in a forward pass, and computes every prompt 2K times (and again for its
reference, as ours does once). All train all weights but the embeddings with AdamW, in bf16 where the processor has
units for it, without recomputing activations, one group a step. Each side is a process of its own, which trains on one
short group before the clock starts. Figures: processor seconds of a group and the peak of resident memory.

ms-swift cannot be installed beside our TRL: `--swift` names the Python of an environment with it (pip install ms-swift)
and adds its side (`group_swift`), which computes the reference of every step anew, as it does nothing else.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steadyhand.chat.messages import Message
from steadyhand.chat.render import Renderer
from steadyhand.domain.rows import Group, Rejected
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.remote_code import CLOSED
from steadyhand.models.loading.resolve import resolve

SHAPES = [(k, prompt) for prompt in (250, 1000, 4000) for k in (1, 3, 5)]
BARS = {(1, 1000): 1.7, (5, 1000): 6.0, (5, 4000): 8.0}  # TRL's processor seconds / ours, at least
RATE, LONGEST = 1e-5, 8192
WORDS = re.findall(r"\w+", "the service rates every host that a report names and says how sure it is")


def groups(count: int, k: int, prompt: int) -> list[Group]:
    renderer = Renderer(load_tokenizer(resolve("steady-nano")))
    made = []
    for number in range(count):
        text = _text(renderer, prompt, number)
        answers = [f"the answer number {number} {i} is {' '.join(WORDS[i : i + 8])}." for i in range(k + 1)]
        raw = [renderer.completion_text((Message("user", text),), (), Message("assistant", a)) for a in answers]
        made.append(
            Group(
                f"g{number}#1", (Message("user", text),), (), Message("assistant", answers[0]),
                tuple(Rejected(one, "no_call", "model") for one in raw[1:]), "common", "none",
            )
        )  # fmt: skip
    return made


def _text(renderer: Renderer, tokens: int, number: int) -> str:
    """Words whose rendered prompt has just about so many tokens."""
    words = [f"question {number}:"]
    while len(renderer.prompt((Message("user", " ".join(words)),), ()).ids) < tokens:
        words += [WORDS[(number + i) % len(WORDS)] for i in range(8)]
    return " ".join(words)


def ours(made: list[Group], k: int) -> None:
    from steadyhand.settings.training import DpoConfig
    from steadyhand.train.objectives.dpo import train_dpo

    config = DpoConfig(
        epochs=1,
        method="full",
        learning_rate=RATE,
        groups_per_step=1,
        k=k,
        sft_weight=0.0,
        max_length=LONGEST,
        save_steps=0,
    )
    with tempfile.TemporaryDirectory() as folder:
        train_dpo("steady-nano", made, config, Path(folder) / "model")


def pairs(made: Sequence[Group], renderer: Renderer) -> list[dict[str, str]]:
    """The groups as TRL wants them: a pair for every rejected answer."""
    return [
        {
            "prompt": renderer.prompt(group.messages, ()).text,
            "chosen": renderer.completion_text(group.messages, (), group.chosen),
            "rejected": one.text,
        }
        for group in made
        for one in group.rejected
    ]


def trl(made: list[Group], k: int) -> None:
    from datasets import Dataset, disable_progress_bars
    from transformers import AutoModelForCausalLM
    from trl import DPOConfig, DPOTrainer

    from steadyhand.train.runner.precision import has_bfloat16_units

    disable_progress_bars()
    folder = resolve("steady-nano")
    tokenizer = load_tokenizer(folder)
    rows = pairs(made, Renderer(tokenizer))
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="sdpa", use_safetensors=True, **CLOSED)
    model.get_input_embeddings().requires_grad_(False)
    with tempfile.TemporaryDirectory() as out:
        args = DPOConfig(
            output_dir=out, per_device_train_batch_size=k, num_train_epochs=1, learning_rate=RATE, max_length=LONGEST,
            use_cpu=True, bf16=has_bfloat16_units(), gradient_checkpointing=False, save_strategy="no",
            report_to="none", disable_tqdm=True, dataloader_pin_memory=False,
        )  # fmt: skip
        DPOTrainer(model, args=args, train_dataset=Dataset.from_list(rows), processing_class=tokenizer).train()


SIDES = {"ours": ours, "trl": trl}


def measured(side: str, k: int, prompt: int, count: int) -> dict[str, float]:
    """Of one side, in this process: processor seconds of a group, and the peak of resident memory in MB."""
    SIDES[side](groups(1, 1, 32), 1)
    made = groups(count, k, prompt)
    began = time.process_time()
    SIDES[side](made, k)
    spent = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": spent / count, "peak": peak / 1e6}


def asked(side: str, k: int, prompt: int, count: int, swift: str) -> dict[str, float]:
    if side == "swift":
        return asked_swift(swift, k, prompt, count)
    words = [sys.executable, "-m", "bench.group_dpo", "--side", side, "--k", str(k), "--prompt", str(prompt)]
    done = subprocess.run([*words, "--groups", str(count)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def asked_swift(python: str, k: int, prompt: int, count: int) -> dict[str, float]:
    """The same pairs in a process of the other Python."""
    renderer, base = Renderer(load_tokenizer(resolve("steady-nano"))), resolve("steady-nano")
    with tempfile.TemporaryDirectory() as folder:
        for name, made in (("warm", groups(1, 1, 32)), ("pairs", groups(count, k, prompt))):
            text = "\n".join(json.dumps(pair) for pair in pairs(made, renderer))
            (Path(folder) / f"{name}.jsonl").write_text(text, "utf-8")
        words = [python, str(Path(__file__).with_name("group_swift.py")), str(base), folder, str(k)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": found["seconds"] / count, "peak": found["peak"]}


def main() -> int:
    """0 when every bar of BARS is reached and no peak of ours is above TRL's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--groups", type=int, default=16)
    parser.add_argument("--shapes", default=" ".join(f"{k}x{prompt}" for k, prompt in SHAPES), help="K x tokens")
    parser.add_argument("--swift", default="", metavar="PYTHON", help="of an environment with ms-swift")
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--k", type=int, default=1)
    parser.add_argument("--prompt", type=int, default=250)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(measured(options.side, options.k, options.prompt, options.groups)))
        return 0
    sides = ["trl", *["swift"] * bool(options.swift), "ours"]
    heads = ["K", "prompt", *(f"{one}, s a group" for one in sides), "TRL / ours (rounds)", "bar"]
    print(f"| {' | '.join([*heads, *(f'{one}, peak MB' for one in sides)])} |")
    print("|---" * (len(heads) + len(sides)) + "|")
    shapes = [[int(part) for part in shape.split("x")] for shape in options.shapes.split()]
    return int(not all([_line(k, prompt, sides, options) for k, prompt in shapes]))


def _line(k: int, prompt: int, sides: Sequence[str], options: Any) -> bool:
    count = max(2, options.groups // 2) if prompt > 1000 else options.groups
    rounds = [{side: asked(side, k, prompt, count, options.swift) for side in sides} for _ in range(options.rounds)]
    ratios = [one["trl"]["seconds"] / one["ours"]["seconds"] for one in rounds]
    mean = {s: statistics.mean(one[s]["seconds"] for one in rounds) for s in sides}
    peak = {s: max(one[s]["peak"] for one in rounds) for s in sides}
    bar, ratio = BARS.get((k, prompt)), statistics.median(ratios)
    told = ", ".join(f"{one:.2f}" for one in ratios)
    times = (f"{mean[s]:.2f}" for s in sides)
    cells = [k, prompt, *times, f"{ratio:.2f} ({told})", bar or "", *(f"{peak[s]:.0f}" for s in sides)]
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
    return ratio >= (bar or 0) and peak["ours"] <= peak["trl"]


if __name__ == "__main__":
    sys.exit(main())
