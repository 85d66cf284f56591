"""On every architecture: greedy answers of many prompts together are those of one full sequence after the other."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch

from steadyhand.models.attention import varlen
from steadyhand.models.attention.layers import Way, layers_of
from steadyhand.models.backend import Sampling
from steadyhand.models.generation.decode import continue_ids
from tests import architectures


def prompts() -> list[list[int]]:
    """Two families with beginnings longer than a window, prompts that are the beginning of others, single tokens."""
    draw = random.Random(5)
    families = [[draw.randrange(3, 330) for _ in range(length)] for length in (30, 12)]
    made = [families[i % 2] + [draw.randrange(3, 330) for _ in range(draw.choice([1, 2, 9, 9]))] for i in range(8)]
    return [*made, made[0] + [7, 8, 9], made[0] + [7, 8, 11, 12], made[0], made[0][:20], [5], [9]]


def plain(model: Any, ids: list[int], count: int) -> list[int]:
    """Without any cache, each token from all before it."""
    new: list[int] = []
    for _ in range(count):
        logits = model(input_ids=torch.tensor([[*ids, *new]]), use_cache=False).logits
        new.append(int(logits[0, -1].argmax()))
    return new


@pytest.mark.parametrize("name", architectures.NAMES)
@torch.no_grad()
def test_greedy_answers_equal_full_sequences(name: str) -> None:
    model, own = architectures.model(name), architectures.model(name)
    layers = layers_of(model)
    if layers.way is not Way.FULL and not layers.plain:
        varlen.use(model)
    ids = prompts()
    whole = [plain(own, row, 10) for row in ids]
    for size in (32, 3):
        found = continue_ids(model, ids, Sampling(max_tokens=10), (), batch_size=size)
        assert [row.tokens for row in found] == whole


@pytest.mark.parametrize("name", ["gemma3", "qwen3_5", "lfm2", "llama4"])
def test_drawn_answers_do_not_depend_on_the_batch_nor_rows_on_those_that_stop(name: str) -> None:
    model = architectures.model(name)
    if layers_of(model).windows:
        varlen.use(model)
    ids, sampling = prompts(), Sampling(1.0, 0.9, 10, 4)
    stops = list(range(3, 30))
    together = [(row.tokens, row.finish) for row in continue_ids(model, ids, sampling, stops)]
    alone = [(row.tokens, row.finish) for one in ids for row in continue_ids(model, [one], sampling, stops)]
    assert together == alone
    assert len({len(tokens) for tokens, _ in together}) > 3
