"""Muon: orthogonal steps for hidden matrices, AdamW for the rest, and a training that resumes to the same weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from steadyhand.errors import UsageError
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner import muon
from steadyhand.train.runner.muon import Muon, alike, orthogonalised, split_parameters
from tests import tiny

CONFIG = SftConfig(
    method="full",
    train_embeddings=True,  # those of the random model know nothing that could be kept
    optimizer="muon",
    learning_rate=3e-3,
    batch_tokens=300,
    epochs=6,
    save_steps=0,
    log_steps=1,
)


def test_orthogonalised_has_singular_values_near_one() -> None:
    torch.manual_seed(0)
    for shape in ((40, 24), (24, 40), (3, 24, 40)):
        values = torch.linalg.svdvals(orthogonalised(torch.randn(shape)))
        assert float(values.min()) > 0.5
        assert float(values.max()) < 1.4


def test_matrices_of_one_shape_go_together_and_come_out_as_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    stack = torch.randn(4, 24, 40).mT * torch.tensor([1e-3, 1.0, 7.0, 1e3])[:, None, None]
    alone = torch.stack([orthogonalised(matrix) for matrix in stack])
    assert torch.allclose(orthogonalised(stack), alone, atol=0.02)  # bf16, where there are units
    parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in ((2, 3), (3, 2), (2, 3), (2, 3), (2, 3))]
    for parameter in parameters[:4]:
        parameter.grad = torch.ones_like(parameter)
    monkeypatch.setattr(muon, "STACKED", 12)
    together = [[id(parameter) for parameter in some] for some in alike(parameters)]
    a, b, c, d = (id(parameter) for parameter in parameters[:4])
    assert together == [[a, c], [d], [b]]


def test_a_matrix_moves_as_far_as_adam_would_move_it() -> None:
    torch.manual_seed(0)
    matrix = torch.nn.Parameter(torch.zeros(64, 256))
    matrix.grad = torch.randn(64, 256)
    Muon([matrix], [], lr=0.01).step()
    rms = float(matrix.detach().square().mean().sqrt())
    assert rms == pytest.approx(0.2 * 0.01, rel=0.3)  # a fifth of the rate, the root mean square of AdamW's steps


def test_the_rest_moves_as_torch_s_adamw() -> None:
    torch.manual_seed(0)
    start, gradients = torch.randn(30), torch.randn(5, 30)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    optimizers = [Muon([], [ours], 0.01, 0.1), torch.optim.AdamW([theirs], 0.01, (0.9, 0.95), weight_decay=0.1)]
    for gradient in gradients:
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        for optimizer in optimizers:
            optimizer.step()
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_embeddings_and_norms_are_not_orthogonalised() -> None:
    model = tiny.model()
    hidden, others = split_parameters(model)
    assert {id(p) for p in hidden} | {id(p) for p in others} == {id(p) for p in model.parameters()}
    assert id(model.get_input_embeddings().weight) in {id(p) for p in others}
    assert all(p.ndim == 2 for p in hidden)
    assert len(hidden) >= 7


def test_it_learns_and_a_stopped_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base")
    whole = train_sft(base, tiny.rows(), CONFIG, tmp_path / "whole")
    assert whole.log[-1]["loss"] < 0.7 * whole.log[0]["loss"]
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(KeyboardInterrupt):
        train_sft(base, tiny.rows(), CONFIG, tmp_path / "again", stop=stop)
    train_sft(base, tiny.rows(), CONFIG, tmp_path / "again")
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "again"))
    assert one == two


def test_adapters_cannot_be_trained_with_it() -> None:
    with pytest.raises(UsageError, match="muon"):
        CONFIG.but(method="lora")
