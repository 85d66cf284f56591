"""Norms with a gradient written out: the values of transformers' layers to the bit, and autograd's gradients."""

from __future__ import annotations

import copy

import pytest
import torch
from transformers.models.qwen3.modeling_qwen3 import Qwen3RMSNorm

from steadyhand.models import norms
from tests import tiny


class OtherRMSNorm(Qwen3RMSNorm):  # type: ignore[misc]
    """As Gemma's: the weight counts from 1."""

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        normal: torch.Tensor = super().forward(hidden_states) + super().forward(hidden_states) / self.weight
        return normal


def layers(width: int = 8) -> tuple[torch.nn.Module, torch.nn.Module]:
    torch.manual_seed(0)
    plain = Qwen3RMSNorm(width)
    plain.weight.data.uniform_(0.5, 2.0)
    quick = torch.nn.Sequential(copy.deepcopy(plain))
    norms.use(quick)
    return plain, quick


@pytest.mark.parametrize("number", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1, 5, 8), (2, 3, 4, 8)])
def test_values_and_gradients_are_those_of_the_layer(number: torch.dtype, shape: tuple[int, ...]) -> None:
    plain, quick = layers()
    given = torch.randn(shape, dtype=number)
    pull = torch.randn(shape)
    found = []
    for layer in (plain, quick):
        x = given.clone().requires_grad_()
        y = layer(x)
        (y * pull).sum().backward()
        found.append((y, x.grad, next(layer.parameters()).grad))
    assert torch.equal(found[0][0], found[1][0])
    rtol, atol = (1e-5, 1e-6) if number == torch.float32 else (2e-2, 1e-2)
    for a, b in zip(found[0][1:], found[1][1:], strict=True):
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


def test_gradients_are_those_of_differences() -> None:
    """In float64 nothing hides behind rounding; float32 inside the layer does, hence the coarse step."""
    _, quick = layers()
    x = torch.randn(3, 8)
    at = x.clone().requires_grad_()
    (quick(at) ** 2).sum().backward()
    step = torch.zeros_like(x)
    step[1, 2] = 1e-2
    with torch.no_grad():
        slope = ((quick(x + step) ** 2).sum() - (quick(x - step) ** 2).sum()) / 2e-2
    torch.testing.assert_close(slope, at.grad[1, 2], rtol=2e-2, atol=1e-2)  # type: ignore[index]


def test_a_frozen_weight_gets_no_gradient_and_another_kind_of_norm_stays() -> None:
    _, quick = layers()
    next(quick.parameters()).requires_grad_(False)
    x = torch.randn(2, 8, requires_grad=True)
    quick(x).sum().backward()
    assert next(quick.parameters()).grad is None
    assert x.grad is not None
    other = torch.nn.Sequential(OtherRMSNorm(8))
    norms.use(other)
    assert "forward" not in vars(other[0])


def test_a_whole_model_answers_alike_and_can_be_copied() -> None:
    model, ids = tiny.model().eval(), torch.arange(12)[None]
    before = model(ids).logits
    norms.use(model)
    assert sum("forward" in vars(module) for module in model.modules()) == 4 * 2 + 1
    assert torch.equal(model(ids).logits, before)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.model.norm.weight.mul_(2)
    assert not torch.equal(other(ids).logits, before)
    assert torch.equal(model(ids).logits, before)
