"""Summed -log p with a gradient made on the way: torch's own values and gradients, however many rows there are."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from steadyhand.train.likelihood import ROWS, cross_entropy


def torchs(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(logits.float(), targets, reduction="sum")


def both(count: int, number: torch.dtype) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """(values, gradients) of torch and of ours."""
    torch.manual_seed(count)
    logits = torch.randn(count, 11, dtype=number) * 3
    targets = torch.randint(0, 11, (count,))
    values, gradients = [], []
    for loss in (torchs, cross_entropy):
        x = logits.clone().requires_grad_()
        value = loss(x, targets)
        torch.autograd.backward(value / 7)
        assert x.grad is not None
        values.append(value)
        gradients.append(x.grad)
    return values, gradients


@pytest.mark.parametrize("count", [1, ROWS, ROWS + 1, 3 * ROWS - 5])
def test_values_and_gradients_are_torchs(count: int) -> None:
    values, gradients = both(count, torch.float32)
    torch.testing.assert_close(values[0], values[1])
    torch.testing.assert_close(gradients[0], gradients[1])


def test_in_bf16_gradients_are_rounded_once_more() -> None:
    values, gradients = both(ROWS + 3, torch.bfloat16)
    torch.testing.assert_close(values[0], values[1])
    assert gradients[1].dtype == torch.bfloat16
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1.6e-2, atol=1e-3)


def test_without_a_gradient_there_is_only_a_value() -> None:
    with torch.no_grad():
        value = cross_entropy(torch.zeros(4, 8), torch.zeros(4, dtype=torch.long))
    assert value.item() == pytest.approx(4 * torch.log(torch.tensor(8.0)).item())
