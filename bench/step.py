"""A step of fine-tuning steady-nano with gradients written out (`models.norms`, `likelihood.cross_entropy`) against the
same step with those that autograd makes of transformers' norms and torch's cross-entropy, in one run.

    python -m bench.step [--rounds 5] [--steps 16]

Steps of about 2,048 tokens of the worked example's rows, packed, in bf16 where the processor has units for it:
forward, backward, clipping and Muon. Rounds alternate, so that a slow minute hits both. Figures: processor seconds of a
step, the median over the rounds, and the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import torch
from torch.nn import functional

from steadyhand.cards.rows import sft_rows
from steadyhand.chat.render import Renderer
from steadyhand.domain.load import load
from steadyhand.models import norms
from steadyhand.models.load import load_tokenizer
from steadyhand.models.load import resolve as find_model
from steadyhand.models.memory import keep_freed_memory
from steadyhand.train import likelihood, packing
from steadyhand.train.config import SftConfig
from steadyhand.train.data import Sample, arranged, samples, sft_plan
from steadyhand.train.model import trainable
from steadyhand.train.muon import Muon, split_parameters
from steadyhand.train.precision import precise

WARMUP = 4  # steps of each round that are not counted
CONFIG = SftConfig(method="full", optimizer="muon", batch_tokens=2048)


@contextmanager
def autograds() -> Iterator[None]:
    """Norms and cross-entropy as they would be without ours."""

    def plain(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(logits.float(), targets, reduction="sum")

    with ExitStack() as stack:
        stack.enter_context(patch.object(norms, "use", lambda model: None))
        stack.enter_context(patch.object(likelihood, "cross_entropy", plain))
        yield


def seconds(data: Sequence[Sample], plan: Sequence[Sequence[Sequence[int]]]) -> float:
    """Processor seconds of one step of `plan` after WARMUP."""
    model, _, _ = trainable("steady-nano", CONFIG)
    loss = packing.loss(packing.settled(model, CONFIG))
    optimizer = Muon(*split_parameters(model), 1e-4)
    began = 0.0
    for number, step in enumerate(plan):
        began = time.process_time() if number == WARMUP else began
        for micro in step:
            with precise(CONFIG, model.device):
                one = loss(model, [data[i] for i in micro], model.device) / 1000
            one.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return (time.process_time() - began) / (len(plan) - WARMUP)


def main() -> int:
    """0 when written-out gradients take less time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=16)
    options = parser.parse_args()
    keep_freed_memory()
    rows = sft_rows(load(Path("examples/uss")), scenarios=True, rehearsal=0.25, seed=0, card_repeats=1)
    config = SftConfig(method="full", batch_tokens=2048, packing="packed")
    data = arranged(samples(rows, Renderer(load_tokenizer(find_model("steady-nano"))), config), config)
    plan = sft_plan([len(sample.ids) for sample in data], config)[: WARMUP + options.steps]
    ours, theirs = [], []
    for _ in range(options.rounds):
        with autograds():
            theirs.append(seconds(data, plan))
        ours.append(seconds(data, plan))
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    print(f"autograd {statistics.median(theirs):.3f} s a step, written out {statistics.median(ours):.3f} s")
    print(f"ratio {statistics.median(ratios):.2f} ({', '.join(f'{one:.2f}' for one in ratios)})")
    return int(statistics.median(ratios) <= 1)


if __name__ == "__main__":
    sys.exit(main())
