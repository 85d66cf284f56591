"""Exactness on held-out rows, by family, in one forward pass each: greedy decoding gives the reference answer if and
only if the arg-max at every reference position is the reference token."""

from __future__ import annotations

import random
from typing import Any

import torch

from nano import casework, corpus, errands, free, reason, systems, talk, tooluse, world
from nano.rows import Generator


def families() -> dict[str, Generator]:
    pairs = [
        *tooluse.GENERATORS,
        *casework.GENERATORS,
        *errands.GENERATORS,
        *reason.GENERATORS,
        *world.GENERATORS,
        *talk.GENERATORS,
        *systems.GENERATORS,
        *free.GENERATORS,
    ]
    return {make.__name__: make for _, make in pairs}


@torch.inference_mode()
def is_exact(model: Any, tokenizer: Any, row: dict[str, Any]) -> bool:
    """Whether what follows the reasoning in the last assistant turn would be generated exactly as in the row."""
    ids, _ = corpus.encode(tokenizer, row)
    marks = corpus.marks_of(tokenizer)
    start = len(ids) - 1 - ids[::-1].index(marks["start"]) + 3
    end = ids.index(marks["end"], start) + 1
    start = ids.index(marks["thought"], start, end) + 1
    predicted = model(input_ids=torch.tensor([ids], device=model.device)).logits[0, start - 1 : end - 1].argmax(-1)
    return bool(predicted.tolist() == ids[start:end])


def exact_rates(model: Any, tokenizer: Any, rows: int, seed: int = 99) -> dict[str, float]:
    """Share of held-out rows (unseen phrasings, unseen tools) whose last turn is exact, per family."""
    rates = {}
    for name, make in families().items():
        rng = random.Random(f"{seed}-{name}")
        drawn = [make(rng, "zh" if i % 2 else "en", True) for i in range(rows)]
        rates[name] = sum(is_exact(model, tokenizer, row) for row in drawn) / rows
    return rates
