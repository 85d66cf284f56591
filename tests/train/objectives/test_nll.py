"""Scores computed again by parts: the same numbers, less held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from steadyhand.models.attention import varlen
from steadyhand.train.objectives import nll
from steadyhand.train.objectives.nll import packed_loss, padded_loss
from steadyhand.train.runner.data import Sample
from tests import tiny

CPU = torch.device("cpu")
ROWS = [Sample(tuple(range(4, 4 + n)), (0, 0, *[1] * (n - 2))) for n in (9, 5, 12)]
Loss = Callable[..., torch.Tensor]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(nll, "AT_ONCE", 4)
    made = tiny.model()
    varlen.use(made)
    return made


def scored(model: Any) -> list[int]:
    """How many positions the output layer itself scores, call by call."""
    rows: list[int] = []
    model.get_output_embeddings().register_forward_hook(lambda layer, given, out: rows.append(out.shape[1]))
    return rows


@pytest.mark.parametrize("loss", [padded_loss, packed_loss])
@pytest.mark.parametrize("bf16", [False, True])
def test_values_and_gradients_are_the_same(model: Any, loss: Loss, bf16: bool) -> None:
    rows, weights = scored(model), list(model.parameters())
    found = []
    for again in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            value = loss(model, ROWS, CPU, again=again)
        parts = torch.autograd.grad(value, weights)
        found.append((value, torch.cat([part.flatten() for part in parts])))
    (plain, left), (parted, right) = found
    assert torch.allclose(plain, parted, rtol=1e-5)
    assert (left - right).norm() < (2e-2 if bf16 else 1e-5) * left.norm()
    assert rows == [20, 0]


def test_a_model_that_scales_its_scores_is_scored_by_itself(model: Any) -> None:
    rows = scored(model)
    model.config.final_logit_softcapping = 30.0
    padded_loss(model, ROWS, CPU, again=True)
    assert rows == [20]


def test_only_the_states_are_kept_for_the_backward_pass(model: Any) -> None:
    words, weight = model.config.vocab_size, model.get_output_embeddings().weight.untyped_storage().data_ptr()
    wide: list[int] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        scores = tensor.shape[-1:] == (words,) and tensor.untyped_storage().data_ptr() != weight
        wide.append(tensor.numel() // words if scores else 0)
        return tensor

    for again, most in ((False, 20), (True, 0)):
        wide.clear()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            padded_loss(model, ROWS, CPU, again=again)
        assert max(wide) == most
