"""On every architecture: what is computed together equals plain full sequences, one at a time and with the model's own
attention, in values and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from steadyhand.models.attention import varlen
from steadyhand.models.attention.layers import Way, layers_of
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.group_logprobs import group_log_probs
from steadyhand.train.runner import packing
from steadyhand.train.runner.data import GroupSample, Sample
from tests import architectures

CPU = torch.device("cpu")
DRAW = torch.Generator().manual_seed(3)


def tokens(count: int) -> tuple[int, ...]:
    return tuple(torch.randint(3, 330, (count,), generator=DRAW).tolist())


GROUPS = (
    GroupSample(tokens(3 * architectures.WINDOW + 2), (tokens(5), tokens(2 * architectures.WINDOW), tokens(1))),
    GroupSample(tokens(2), (tokens(12), tokens(3))),  # shorter than a window, and than a convolution
    GroupSample(tokens(11), (tokens(1), tokens(1))),
)
ROWS = [
    Sample(ids, (0,) * half + (1,) * (len(ids) - half))
    for ids, half in ((tokens(3), 1), (tokens(29), 15), (tokens(17), 4))
]


def plain_log_probs(model: Any, group: GroupSample) -> torch.Tensor:
    found = []
    for answer in group.completions:
        ids = torch.tensor([[*group.prompt, *answer]])
        log_probs = model(input_ids=ids, use_cache=False).logits[0, :-1].log_softmax(-1)
        found.append(log_probs.gather(1, ids[0, 1:, None])[len(group.prompt) - 1 :].sum())
    return torch.stack(found)


def plain_loss(model: Any, rows: list[Sample]) -> torch.Tensor:
    total = torch.zeros(())
    for row in rows:
        ids, trained = torch.tensor([row.ids]), torch.tensor(row.mask[1:]).bool()
        log_probs = model(input_ids=ids, use_cache=False).logits[0, :-1].log_softmax(-1)
        total = total - log_probs.gather(1, ids[0, 1:, None])[:, 0][trained].sum()
    return total


def gradients(value: torch.Tensor, model: Any) -> torch.Tensor:
    """Of a mixture of the values, by names of weights that both ways have."""
    weight = torch.tensor([1.0, -0.4, 0.3])[: value.numel()].reshape(value.shape)
    parts = torch.autograd.grad((value * weight).sum(), list(model.parameters()), allow_unused=True)
    return torch.cat([torch.zeros(1) if part is None else part.flatten() for part in parts])


def assert_equal(one: tuple[torch.Tensor, Any], other: tuple[torch.Tensor, Any]) -> None:
    """Values (with the models that they are of) and their gradients."""
    assert torch.allclose(one[0], other[0], atol=1e-4, rtol=1e-5)
    left, right = gradients(*one), gradients(*other)
    assert (left - right).norm() < 1e-4 * right.norm()


def pair(name: str) -> tuple[Any, Any]:
    """(as transformers has it, as it is loaded)."""
    plain, ready = architectures.model(name), architectures.model(name)
    layers = layers_of(ready)
    if layers.way is not Way.FULL and not layers.plain:
        varlen.use(ready)
    return plain, ready


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", architectures.NAMES)
def test_a_group_equals_full_sequences(name: str, packed: bool) -> None:
    plain, ready = pair(name)
    for group in GROUPS:
        ours, theirs = group_log_probs(ready, group, CPU, packed=packed), plain_log_probs(plain, group)
        assert_equal((ours, ready), (theirs, plain))


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("name", architectures.NAMES)
def test_rows_together_equal_rows_alone(name: str, again: bool) -> None:
    plain, ready = pair(name)
    config = packing.settled(ready, SftConfig(method="full", epochs=1, gradient_checkpointing=again))
    assert (config.packing == "packed") is (layers_of(ready).way is Way.PACKED)
    if again:
        ready.activation_checkpointing_enable()
        ready.train()
    assert_equal((packing.loss(config)(ready, ROWS, CPU), ready), (plain_loss(plain, ROWS), plain))


@pytest.mark.parametrize("name", ["gemma3", "gemma4", "gpt_oss", "qwen3_5", "nemotron_h", "llama4"])
def test_a_group_whose_activations_are_computed_again_equals_full_sequences(name: str) -> None:
    plain, ready = pair(name)
    ready.activation_checkpointing_enable()
    ready.train()
    ours = group_log_probs(ready, GROUPS[0], CPU, packed=True)
    assert_equal((ours, ready), (plain_log_probs(plain, GROUPS[0]), plain))


@pytest.mark.parametrize("name", ["mistral", "phi3"])
def test_a_window_that_no_list_of_layers_names_is_found_and_kept_to(name: str) -> None:
    """Without it the values beyond the window are others: those that were once computed in silence."""
    plain, ready = pair(name)
    assert getattr(plain.config, "layer_types", None) is None
    assert set(layers_of(ready).windows) == {architectures.WINDOW}
    blind = architectures.model(name)
    blind.config.sliding_window = None
    wrong = group_log_probs(blind, GROUPS[0], CPU)
    assert not torch.allclose(wrong, plain_log_probs(plain, GROUPS[0]), atol=1e-2)
