"""FlexAttention on a group's block mask is exact: values and gradients of the dense mask."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from steadyhand.models.attention import flex
from steadyhand.models.attention.shared_prefix import behind
from steadyhand.train.objectives.group_logprobs import group_log_probs
from steadyhand.train.runner.data import GroupSample
from tests import tiny

CPU = torch.device("cpu")
GROUP = GroupSample(tuple(i % 300 + 4 for i in range(200)), ((9, 2, 7, 2), (2,), tuple(range(20, 60)), (8, 2)))


def gradients(total: torch.Tensor, model: Any) -> torch.Tensor:
    return torch.cat([part.flatten() for part in torch.autograd.grad(total.sum(), list(model.parameters()))])


@pytest.fixture
def backward(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch refuses FlexAttention's backward pass on the CPU because no compiled kernel has one; its plain form has."""
    monkeypatch.setattr("torch.nn.attention.flex_attention._validate_device", lambda *_: None)


@pytest.mark.usefixtures("backward")
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.filterwarnings(
    "ignore:The .grad attribute of a Tensor", "ignore:.*is deprecated and will be removed in v6"
)
@pytest.mark.parametrize("again", [False, True], ids=["kept", "computed again"])
def test_blocks_give_what_the_dense_mask_gives(monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    model = tiny.model()
    dense = group_log_probs(model, GROUP, CPU, packed=True)
    expected = gradients(dense, model)
    monkeypatch.setattr(flex, "possible", lambda *_: True)
    if again:
        model.train()
        model.gradient_checkpointing_enable({"use_reentrant": False})
    calls: list[Any] = []
    plain = flex._by_blocks

    def counted(*given: Any) -> torch.Tensor:
        calls.append(given)
        return plain(*given)

    monkeypatch.setattr(flex, "_by_blocks", counted)
    blocks = group_log_probs(model, GROUP, CPU, packed=True)
    assert torch.allclose(blocks, dense, atol=1e-4)
    assert (gradients(blocks, model) - expected).norm() < 1e-4 * expected.norm()
    assert len(calls) == 2 * (1 + again)  # layers, in the backward pass once more


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@torch.no_grad()
def test_a_model_that_takes_blocks_takes_other_masks_as_before() -> None:
    model = tiny.model()
    laid = behind(GROUP.prompt, GROUP.completions, CPU)
    before = model(input_ids=laid.ids, attention_mask=laid.seen, position_ids=laid.positions).logits
    plain = model(input_ids=laid.ids).logits
    flex.use(model)
    flex.use(model)
    assert torch.equal(model(input_ids=laid.ids, attention_mask=laid.seen, position_ids=laid.positions).logits, before)
    assert torch.equal(model(input_ids=laid.ids).logits, plain)
    blocks = model(input_ids=laid.ids, attention_mask=flex.mask(laid.owner), position_ids=laid.positions).logits
    assert torch.allclose(blocks, before, atol=1e-4)


def test_the_cpu_keeps_its_dense_mask() -> None:
    model = tiny.model()
    laid = behind(GROUP.prompt, GROUP.completions, CPU)
    assert torch.equal(laid.mask(model), laid.seen)
    assert model.config._attn_implementation == "sdpa"


@pytest.mark.usefixtures("backward")
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_the_trial_tells_a_kernel_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    flex._proven.cache_clear()
    assert flex._proven(CPU, 4, 2, 16, torch.float32)
    flex._proven.cache_clear()
    monkeypatch.setattr(flex, "mask", lambda owner: None)  # sees everything
    with pytest.warns(UserWarning, match="its values differ"):
        assert not flex._proven(CPU, 4, 2, 16, torch.float32)
    flex._proven.cache_clear()
    monkeypatch.setattr(flex, "_by_blocks", lambda *_: 1 / 0)
    with pytest.warns(UserWarning, match="ZeroDivisionError"):
        assert not flex._proven(CPU, 4, 2, 16, torch.float32)
    flex._proven.cache_clear()
