"""Which side a long row loses, and how rows stand together: what a trained token is predicted from stays the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from steadyhand.chat.render import Renderer
from steadyhand.errors import UsageError
from steadyhand.models.attention import varlen
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.nll import packed_loss, padded_loss
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner.data import Sample, merge_prefixes, samples, sft_plan
from steadyhand.train.runner.inspect import inspect
from tests import tiny

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(tiny.tokenizer())


def cut(side: Any, row: int, renderer: Renderer, short_of: int) -> tuple[Sample, Sample]:
    """A whole row, and the same with a limit `short_of` tokens below its length."""
    rows = [tiny.rows()[row]]
    (whole,) = samples(rows, renderer, SftConfig(method="lora", epochs=1))
    limit = len(whole.ids) - short_of
    (short,) = samples(rows, renderer, SftConfig(method="lora", epochs=1, max_length=limit, truncation=side))
    return whole, short


def test_left_keeps_the_answer_and_right_the_instruction(renderer: Renderer) -> None:
    whole, left = cut("left", 0, renderer, 9)
    assert (left.ids, left.mask, left.cut, left.lost) == (whole.ids[9:], whole.mask[9:], 9, 0)
    assert sum(left.mask) == sum(whole.mask)
    whole, right = cut("right", 0, renderer, 9)
    assert (right.ids, right.mask, right.cut, right.lost) == (whole.ids[:-9], whole.mask[:-9], 0, 9)
    assert right.first == whole.first


def test_a_cut_answer_is_no_lesson_to_stop(renderer: Renderer) -> None:
    """What is left trains exactly as it did in the whole row, and the end of the turn is not among it."""
    whole, right = cut("right", 0, renderer, 1)
    assert whole.ids[-1] == renderer.stop_ids[0]
    assert whole.mask[-1] == 1
    assert renderer.stop_ids[0] not in [t for t, on in zip(right.ids, right.mask, strict=True) if on]
    model = tiny.model()
    without_end = replace(whole, mask=(*whole.mask[:-1], 0))
    assert torch.allclose(padded_loss(model, [right], CPU), padded_loss(model, [without_end], CPU), rtol=1e-5)


def test_a_row_that_fits_is_the_same_from_both_sides(renderer: Renderer) -> None:
    left, right = (
        samples(tiny.rows(), renderer, SftConfig(method="lora", epochs=1, truncation=side))
        for side in ("left", "right")
    )
    assert left == right


def test_a_side_that_leaves_nothing_to_learn_stops_the_run(renderer: Renderer) -> None:
    row = tiny.rows(1)[0]
    (whole,) = samples([row], renderer, SftConfig(method="lora", epochs=1))
    with pytest.raises(UsageError, match=f"card:0: the prompt has {whole.first} tokens") as caught:
        samples([row], renderer, SftConfig(method="lora", epochs=1, max_length=whole.first, truncation="right"))
    assert 'truncation = "left"' in str(caught.value.next)
    (one,) = samples(
        [row], renderer, SftConfig(method="lora", epochs=1, max_length=whole.first + 1, truncation="right")
    )
    assert sum(one.mask) == 1


def test_packed_rows_add_up_to_those_alone(renderer: Renderer) -> None:
    model, data = tiny.model(), samples(tiny.rows(), renderer, SftConfig(method="lora", epochs=1))
    varlen.use(model)
    packed, padded = packed_loss(model, data, CPU), padded_loss(model, data, CPU)
    assert torch.allclose(packed, padded, rtol=1e-5)
    ours, theirs = (torch.autograd.grad(loss, list(model.parameters())) for loss in (packed, padded))
    assert all(torch.allclose(a, b, atol=1e-3, rtol=1e-3) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("method", ["full", "prompt"])
def test_no_packing_changes_the_training(method: Any, tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base")
    config = SftConfig(
        method=method, batch_tokens=4000, epochs=3, save_steps=0, log_steps=1, virtual_tokens=3, precision="float32"
    )
    logs = [
        train_sft(base, tiny.rows(), config.but(packing=way), tmp_path / way).log
        for way in ("none", "nested", "packed")
    ]
    losses = [[row["loss"] for row in log] for log in logs]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)  # a step takes all rows
    assert losses[2] == pytest.approx(losses[0], rel=1e-4)


def test_packed_passes_hold_as_many_tokens_as_they_may() -> None:
    lengths = [10] * 8 + [40] * 2
    plan = sft_plan(lengths, SftConfig(method="lora", epochs=1, batch_tokens=1000, micro_tokens=50, packing="packed"))
    passes = [micro for step in plan for micro in step]
    assert sorted(i for micro in passes for i in micro) == list(range(10))
    assert all(sum(lengths[i] for i in micro) <= 50 for micro in passes)
    assert len(passes) <= 6


def test_rows_that_continue_one_another_stay_apart_when_asked() -> None:
    data = [Sample((1, 2), (0, 1)), Sample((1, 2, 3), (0, 0, 1))]
    assert merge_prefixes(data, SftConfig(method="lora", epochs=1, packing="none")) == data
    assert merge_prefixes(data, SftConfig(method="lora", epochs=1, packing="nested")) == [Sample((1, 2, 3), (0, 1, 1))]


def test_a_prefix_is_not_packed() -> None:
    with pytest.raises(UsageError, match="not between packed ones"):
        SftConfig(epochs=1, method="prefix", packing="packed")


def test_cut_answers_are_counted_and_shown(renderer: Renderer, tmp_path: Path) -> None:
    whole = max(len(sample.ids) for sample in samples(tiny.rows(), renderer, SftConfig(method="lora", epochs=1)))
    config = SftConfig(
        method="lora", max_length=whole - 4, truncation="right", batch_tokens=600, packing="packed", epochs=1
    )
    found = inspect(tiny.rows(), renderer, lambda ids: tiny.tokenizer().decode(ids), config, ["card:0", "card:3"])
    assert (found.truncation, found.packing, found.cut) == ("right", "packed", 0)
    assert found.lost == sum(
        len(s.ids) > whole - 4 for s in samples(tiny.rows(), renderer, SftConfig(method="lora", epochs=1))
    )
    assert found.lost > 0
    assert (found.padding, found.longest) == (0.0, whole)
    assert found.sequences < found.rows
    result = train_sft(tiny.save(tmp_path / "base"), tiny.rows(), config.but(save_steps=0), tmp_path / "out")
    assert (result.cut_answers, result.cut_prompts) == (found.lost, 0)
