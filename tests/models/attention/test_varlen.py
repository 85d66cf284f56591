"""Rows behind one another: each is computed as if it were alone, and a model made ready for it answers as before."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.models.attention import varlen
from tests import tiny


@pytest.fixture(scope="module")
def models() -> tuple[Any, Any]:
    """(as it was, made ready)."""
    plain = tiny.model().eval()
    ready = copy.deepcopy(plain)
    varlen.use(ready)
    return plain, ready


def alone(model: Any, row: list[int]) -> torch.Tensor:
    return model(input_ids=torch.tensor([row])).logits[0]  # type: ignore[no-any-return]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.integers(5, 60), min_size=1, max_size=9), min_size=1, max_size=5))
def test_a_row_is_computed_as_if_alone(models: tuple[Any, Any], rows: list[list[int]]) -> None:
    plain, ready = models
    lengths = [len(row) for row in rows]
    with torch.no_grad():
        logits = ready(
            input_ids=torch.tensor([[token for row in rows for token in row]]),
            attention_mask=varlen.lengths(lengths),
            position_ids=torch.tensor([[i for row in rows for i in range(len(row))]]),
        ).logits[0]
        for row, part in zip(rows, logits.split(lengths), strict=True):
            assert torch.allclose(part, alone(plain, row), atol=1e-4)


def test_short_rows_in_bf16_are_near_torchs_own_kernel(
    models: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ready = models
    rows = [5, 17, 30]
    ids = torch.randint(5, 60, (1, sum(rows)), generator=torch.Generator().manual_seed(0))
    positions = torch.tensor([[i for n in rows for i in range(n)]])

    def losses() -> tuple[torch.Tensor, torch.Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            logits = ready(input_ids=ids, attention_mask=varlen.lengths(rows), position_ids=positions).logits[0]
        loss = torch.nn.functional.cross_entropy(logits.float(), ids[0].roll(-1))
        return loss, torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(ready.parameters()))])

    short, short_grad = losses()
    monkeypatch.setattr(varlen, "SHORT", 0)
    fused, fused_grad = losses()
    assert torch.allclose(short, fused, rtol=0.01)
    assert torch.nn.functional.cosine_similarity(short_grad, fused_grad, dim=0) > 0.999


def test_other_masks_and_none_mean_what_they_meant(models: tuple[Any, Any]) -> None:
    ids = torch.tensor([[7, 8, 9, 10], [11, 12, 13, 14]])
    padded = torch.tensor([[0, 0, 1, 1], [1, 1, 1, 1]])
    with torch.no_grad():
        for mask in (None, padded, torch.ones(4, 4, dtype=torch.bool).tril()[None, None]):
            first, second = (model(input_ids=ids, attention_mask=mask).logits for model in models)
            assert torch.equal(first, second)


def test_gradients_reach_every_row(models: tuple[Any, Any]) -> None:
    _, ready = models
    embedded = ready.get_input_embeddings()(torch.tensor([[7, 8, 9, 10, 11]])).detach().requires_grad_()
    out = ready(
        inputs_embeds=embedded,
        attention_mask=varlen.lengths([2, 3]),
        position_ids=torch.tensor([[0, 1, 0, 1, 2]]),
    )
    out.logits[0, 4].sum().backward()
    reached = embedded.grad[0].abs().sum(-1) > 0
    assert reached.tolist() == [False, False, True, True, True]
