"""The arithmetic of memory against what autograd, the gradients and the optimizer really hold."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

import pytest
import torch

from steadyhand.errors import PrerequisiteError
from steadyhand.models.loading.adapters import virtual_ids
from steadyhand.models.loading.load import load_tokenizer, load_weights
from steadyhand.models.loading.resolve import resolve
from steadyhand.settings.training import DpoConfig, SftConfig
from steadyhand.train.objectives.group_logprobs import group_log_probs
from steadyhand.train.objectives.nll import padded_loss
from steadyhand.train.runner.adapters import with_adapter
from steadyhand.train.runner.data import GroupSample, Sample, with_virtual_tokens
from steadyhand.train.runner.memory_estimate import (
    QWEN3_8B,
    ModelShape,
    activation_bytes,
    dpo_footprint,
    sft_footprint,
    trained_weights,
)
from steadyhand.train.runner.muon import Muon, split_parameters

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def nano() -> ModelShape:
    return ModelShape.of("steady-nano", json.loads((resolve("steady-nano") / "config.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def model() -> Any:
    made = load_weights(resolve("steady-nano")).train()
    made.requires_grad_(True)
    made.get_input_embeddings().requires_grad_(False)
    return made


def kept(model: Any, compute: Any) -> tuple[int, torch.Tensor]:
    """Bytes of all tensors that autograd keeps for the backward pass, each storage once, weights left out."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    sizes: dict[int, int] = {}
    alive = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)  # a freed storage's address would be used again
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = compute()
    return sum(sizes.values()), result


def test_a_step_of_fine_tuning_keeps_what_was_counted(nano: ModelShape, model: Any) -> None:
    config = SftConfig(epochs=1, method="full", batch_tokens=512, max_length=128, optimizer="muon", precision="float32")
    data = [Sample(tuple(range(10, 138)), (0,) * 64 + (1,) * 64) for _ in range(4)]
    found, loss = kept(model, lambda: padded_loss(model, data, CPU))
    plan = sft_footprint(nano, config, "cpu")
    # of the three arrays of logits one is kept for the backward pass; the others live before and in it
    assert found == pytest.approx(plan.parts["activations"] + plan.parts["logits"] / 3, rel=0.05)
    optimizer = Muon(*split_parameters(model), 1e-9)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    gradients = sum(p.grad.nbytes for p in model.parameters() if p.grad is not None)
    states = sum(t.nbytes for state in optimizer.state.values() for t in state.values() if isinstance(t, torch.Tensor))
    assert gradients == pytest.approx(plan.parts["gradients"], rel=0.005)
    assert states == pytest.approx(plan.parts["optimizer"], rel=0.005)
    assert sum(p.nbytes for p in model.parameters()) == pytest.approx(plan.parts["weights"], rel=0.005)
    model.zero_grad()


def test_a_group_of_preference_training_keeps_what_was_counted(nano: ModelShape, model: Any) -> None:
    config = DpoConfig(epochs=1, method="full", max_length=320, max_completion=32, k=3, precision="float32")
    group = GroupSample(tuple(range(10, 298)), tuple(tuple(range(20 + k, 52 + k)) for k in range(4)))
    found, _ = kept(model, lambda: group_log_probs(model, group, CPU))
    plan = dpo_footprint(nano, config, "cpu")
    assert found == pytest.approx(plan.parts["activations"] + plan.parts["logits"] / 3, rel=0.15)


def test_a_group_whose_activations_are_computed_again_keeps_what_was_counted(nano: ModelShape, model: Any) -> None:
    config = DpoConfig(
        epochs=1,
        method="full",
        max_length=320,
        max_completion=32,
        k=3,
        gradient_checkpointing=True,
        precision="float32",
    )
    group = GroupSample(tuple(range(10, 298)), tuple(tuple(range(20 + k, 52 + k)) for k in range(4)))
    model.activation_checkpointing_enable({"use_reentrant": False})
    model.train()
    found, _ = kept(model, lambda: group_log_probs(model, group, CPU, packed=True))
    model.activation_checkpointing_disable()
    model.eval()
    plan = dpo_footprint(nano, config, "cpu")
    inside = (288 + 4 * 32) * activation_bytes(nano, mixed=False)  # of the layer under way, which is not kept
    assert found == pytest.approx(plan.parts["activations"] - inside + plan.parts["logits"] / 3, rel=0.15)


def test_less_is_held_where_less_is_asked_for(nano: ModelShape) -> None:
    full = SftConfig(epochs=1, method="full", precision="float32", batch_tokens=8192)
    plain = sft_footprint(nano, full, "cpu")
    assert (
        sft_footprint(nano, full.but(gradient_checkpointing=True), "cpu").parts["activations"]
        < plain.parts["activations"] / 4
    )
    assert (
        sft_footprint(nano, full.but(micro_tokens=2048), "cpu").parts["activations"] == plain.parts["activations"] // 4
    )
    assert sft_footprint(nano, full.but(optimizer="muon"), "cpu").parts["optimizer"] < plain.parts["optimizer"]
    with_embeddings = trained_weights(nano, full.but(train_embeddings=True))
    assert with_embeddings - trained_weights(nano, full) == nano.vocabulary * 256


def test_the_shape_of_the_eight_billion_model_adds_up() -> None:
    plan = sft_footprint(
        QWEN3_8B, SftConfig(epochs=1, method="lora", lora_rank=16, gradient_checkpointing=True), "cuda"
    )
    assert plan.parameters == pytest.approx(8.19e9, rel=0.001)  # its card says 8.2 B, 6.95 B of them not embeddings
    assert QWEN3_8B.linear == pytest.approx(6.95e9, rel=0.001)
    assert plan.parts["weights"] == pytest.approx(2 * 8.19e9 + 4 * plan.trained, rel=0.001)
    assert any("on an H200" in note for note in plan.assumed)


def test_both_trainings_of_the_preset_fit_its_card() -> None:
    lora: dict[str, Any] = {"method": "lora", "lora_rank": 16, "max_length": 4096, "gradient_checkpointing": True}
    taught = sft_footprint(QWEN3_8B, SftConfig(**lora, batch_tokens=16384, micro_tokens=4096), "cuda")
    aligned = dpo_footprint(QWEN3_8B, DpoConfig(**lora), "cuda")
    assert max(taught.total, aligned.total) < 24e9
    assert dpo_footprint(QWEN3_8B, DpoConfig(**lora).but(gradient_checkpointing=False), "cuda").total > 60e9


def test_a_model_of_unknown_shape_says_so() -> None:
    with pytest.raises(PrerequisiteError, match="no 'intermediate_size'"):
        ModelShape.of(
            "x", {"num_attention_heads": 2, "hidden_size": 4, "num_hidden_layers": 1, "num_key_value_heads": 1}
        )


METHODS: list[Any] = ["lora", "dora", "ia3", "prefix", "prompt"]


class Held:
    """A tensor that a graph keeps; gone with the graph, unlike the tensor's address."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


def alive(model: Any, compute: Any) -> int:
    """As `kept`, without what is freed during the pass: weights' norms of dora, for instance."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    held: weakref.WeakSet[Held] = weakref.WeakSet()

    def pack(tensor: torch.Tensor) -> Held:
        holder = Held(tensor)
        held.add(holder)
        return holder

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda holder: holder.tensor):
        loss = compute()
    gc.collect()
    sizes = {h.tensor.untyped_storage().data_ptr(): h.tensor.untyped_storage().nbytes() for h in held}
    assert loss.requires_grad
    return sum(size for address, size in sizes.items() if address not in own)


@pytest.mark.parametrize("method", METHODS)
def test_every_adapter_is_counted(method: Any, nano: ModelShape) -> None:
    home = resolve("steady-nano")
    config = SftConfig(
        epochs=1, method=method, batch_tokens=512, max_length=128, virtual_tokens=8, lora_rank=4, precision="float32"
    )
    adapted = with_adapter(load_weights(home), load_tokenizer(home), config).train()
    plan = sft_footprint(nano, config, "cpu")
    trained = [p for p in adapted.parameters() if p.requires_grad]
    assert sum(p.numel() for p in trained) == plan.trained == trained_weights(nano, config)
    assert sum(p.nbytes for p in adapted.parameters()) == pytest.approx(plan.parts["weights"], rel=0.005)
    data = with_virtual_tokens(
        [Sample(tuple(range(10, 138)), (0,) * 64 + (1,) * 64) for _ in range(4)], virtual_ids(adapted)
    )
    found = alive(adapted, lambda: padded_loss(adapted, data, CPU))
    counted = plan.parts["activations"] + plan.parts["logits"] / 3
    assert 0.6 * counted < found < 1.02 * counted


def test_four_bits_make_the_weights_small_and_need_a_card(nano: ModelShape) -> None:
    config = SftConfig(
        epochs=1, method="qlora", lora_rank=16, max_length=4096, batch_tokens=4096, gradient_checkpointing=True
    )
    plan, plain = (sft_footprint(QWEN3_8B, config.but(method=m), "cuda") for m in ("qlora", "lora"))
    assert plan.trained == plain.trained
    assert plan.parts["weights"] == pytest.approx(6.95e9 * 4.127 / 8 + 2 * 1.24e9 + 4 * plan.trained, rel=0.01)
    assert plan.total < plain.total - 9e9
    with pytest.raises(PrerequisiteError, match="needs a CUDA device"):
        sft_footprint(nano, config, "cpu")
