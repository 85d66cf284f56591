"""Our loop gives transformers' greedy answers, and an answer depends on its own prompt alone."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
import torch

from steadyhand.models.backend import Sampling
from steadyhand.models.generation.decode import continue_ids
from steadyhand.models.generation.sampling import choose, uniforms
from tests import tiny


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny.model()


def prompts(count: int = 13) -> list[list[int]]:
    """Three families with long shared beginnings, equal prompts, prefixes of each other, and single tokens."""
    draw = random.Random(1)
    families = [[draw.randrange(3, 330) for _ in range(length)] for length in (80, 50, 0)]
    made = [families[i % 3] + [draw.randrange(3, 330) for _ in range(draw.randint(1, 30))] for i in range(count)]
    return [*made, made[0], made[0][:40], [5], [9]]


def tokens(model: Any, ids: list[list[int]], sampling: Sampling, **options: Any) -> list[list[int]]:
    return [row.tokens for row in continue_ids(model, ids, sampling, (), **options)]


def test_greedy_equals_transformers(model: Any) -> None:
    ids = prompts()
    for found, row in zip(tokens(model, ids, Sampling(max_tokens=16)), ids, strict=True):
        theirs = model.generate(torch.tensor([row]), max_new_tokens=16, min_new_tokens=16, do_sample=False)
        # generate forbids the end-of-turn token up to min_new_tokens; our side has no stop token here
        if 2 not in found:
            assert theirs[0, len(row) :].tolist() == found


@pytest.mark.parametrize("sampling", [Sampling(max_tokens=14), Sampling(1.0, 0.9, 14, 4)])
def test_answers_do_not_depend_on_the_batch(model: Any, sampling: Sampling) -> None:
    ids = prompts()
    together = tokens(model, ids, sampling, batch_size=32)
    assert together == tokens(model, ids, sampling, batch_size=5)
    assert together == tokens(model, ids[::-1], sampling, batch_size=9)[::-1]
    assert together == [tokens(model, [row], sampling)[0] for row in ids]


def test_rows_that_stop_early_leave_the_others_as_they_are(model: Any) -> None:
    ids = prompts()
    whole = tokens(model, ids, Sampling(max_tokens=30))
    stops = [token for token, _ in Counter(token for row in whole for token in row[3:]).most_common(25)]
    for row, found in zip(whole, continue_ids(model, ids, Sampling(max_tokens=30), stops), strict=True):
        end = next((i for i, token in enumerate(row) if token in stops), None)
        assert found.tokens == row[:end]
        assert found.finish == ("length" if end is None else "stop")
    assert len({len(row.tokens) for row in continue_ids(model, ids, Sampling(max_tokens=30), stops)}) > 5


def test_an_answer_longer_than_the_free_slots_is_right(model: Any) -> None:
    from steadyhand.models.generation.kv_cache import GROWTH

    row = prompts()[0]
    found = tokens(model, [row, row[:50]], Sampling(max_tokens=GROWTH + 40))[0]
    logits = model(torch.tensor([row + found])).logits[0]
    assert logits[len(row) - 1 : -1].argmax(-1).tolist() == found


def test_seeds_differ_and_repeat(model: Any) -> None:
    ids = prompts(6)
    runs = [tokens(model, ids, Sampling(1.5, 1.0, 16, seed)) for seed in (0, 0, 1)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_a_full_context_ends_an_answer() -> None:
    small = tiny.model(context=32)
    rows = continue_ids(small, [[5] * 30, [5] * 32, [5] * 40, [5] * 4], Sampling(max_tokens=8), ())
    assert [(len(row.tokens), row.finish) for row in rows] == [
        (2, "length"),
        (0, "length"),
        (0, "length"),
        (8, "length"),
    ]


def test_progress_counts_every_prompt_once(model: Any) -> None:
    seen: list[tuple[int, int]] = []
    continue_ids(model, prompts(6), Sampling(max_tokens=3), (), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i + 1, 10) for i in range(10)]


def test_no_prompts_no_answers(model: Any) -> None:
    assert continue_ids(model, [], Sampling(), ()) == []


def test_draws_follow_the_nucleus_distribution() -> None:
    probabilities = torch.tensor([0.1, 0.4, 0.2, 0.3])
    draws = torch.rand(20_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = probabilities.log().expand(len(draws), -1)
    counts = Counter(choose(rows, Sampling(1.0, 0.85), draws).tolist())
    assert set(counts) == {1, 2, 3}  # .4 + .3 < .85 <= .4 + .3 + .2
    for token, wanted in ((1, 4 / 9), (3, 3 / 9), (2, 2 / 9)):
        assert counts[token] / len(draws) == pytest.approx(wanted, abs=0.015)


def test_extreme_draws_and_narrow_nuclei_stay_inside() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0]]).expand(2, -1)
    edges = torch.tensor([0.0, 1.0 - 1e-16], dtype=torch.float64)
    assert choose(logits, Sampling(1.0, 1e-6), edges).tolist() == [1, 1]
    assert choose(logits, Sampling(1.0, 1.0), edges).tolist() == [1, 0]
    assert choose(logits, Sampling(), None).tolist() == [1, 1]


def test_uniforms_belong_to_seed_and_prompt() -> None:
    assert torch.equal(uniforms(1, "a", 8), uniforms(1, "a", 8))
    assert not torch.equal(uniforms(1, "a", 8), uniforms(2, "a", 8))
    assert not torch.equal(uniforms(1, "a", 8), uniforms(1, "b", 8))
