"""Group DPO is exact: the log-probabilities, loss and gradients of 2K full sequences (`test_losses`: TRL's own)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from steadyhand.chat.render import Renderer
from steadyhand.errors import JobError
from steadyhand.settings.training import DpoConfig
from steadyhand.train.objectives.dpo import train_dpo
from steadyhand.train.objectives.group_logprobs import group_log_probs
from steadyhand.train.objectives.losses import group_loss
from steadyhand.train.runner.data import GroupSample, group_samples
from tests import tiny

CPU = torch.device("cpu")
CONFIG = DpoConfig(
    epochs=1,
    k=0,
    method="full",
    beta=0.3,
    sft_weight=0.25,
    groups_per_step=3,
    learning_rate=1e-3,
    log_steps=1,
    precision="float32",
)


def grouped(rejected: int = 3) -> list[GroupSample]:
    return group_samples(tiny.groups(2, rejected), Renderer(tiny.tokenizer()), CONFIG)


def full_sequences(model: Any, group: GroupSample) -> torch.Tensor:
    """The plain way: every answer behind its own copy of the prompt, one sequence at a time."""
    found = []
    for answer in group.completions:
        ids = torch.tensor([[*group.prompt, *answer]])
        log_probs = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
        found.append(log_probs.gather(1, ids[0, 1:, None])[len(group.prompt) - 1 :].sum())
    return torch.stack(found)


def gradients(loss: torch.Tensor, model: Any) -> torch.Tensor:
    parts = torch.autograd.grad(loss, list(model.parameters()))
    return torch.cat([part.flatten() for part in parts])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("rejected", [1, 3])
def test_a_group_equals_full_sequences(rejected: int, packed: bool) -> None:
    model, other = tiny.model(), tiny.model(1)
    for group in grouped(rejected):
        ours, plain = group_log_probs(model, group, CPU, packed=packed), full_sequences(model, group)
        assert torch.allclose(ours, plain, atol=1e-4)
        with torch.no_grad():
            reference = full_sequences(other, group)
        lengths = [len(answer) for answer in group.completions]
        a, b = (group_loss(policy, reference, lengths, CONFIG)[0] for policy in (ours, plain))
        assert torch.allclose(a, b, atol=1e-4)
        left, right = gradients(a, model), gradients(b, model)
        assert (left - right).norm() < 1e-4 * right.norm()


def test_answers_of_one_token_need_no_second_pass() -> None:
    group = GroupSample((5, 6, 7), ((9,), (2,)))
    model = tiny.model()
    for packed in (False, True):
        found = group_log_probs(model, group, CPU, packed=packed)
        assert torch.allclose(found, full_sequences(model, group), atol=1e-5)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_activations_computed_again_do_not_change_the_training(base: Path, tmp_path: Path, method: Any) -> None:
    config = CONFIG.but(method=method, epochs=1)
    plain = train_dpo(base, tiny.groups(6), config, tmp_path / "a")
    slow = train_dpo(base, tiny.groups(6), config.but(gradient_checkpointing=True), tmp_path / "b")
    for name in ("loss", "grad_norm"):
        assert [row[name] for row in slow.log] == pytest.approx([row[name] for row in plain.log], rel=1e-3)


@pytest.mark.parametrize("again", [False, True])
def test_in_bf16_too_policy_and_reference_start_equal(base: Path, tmp_path: Path, again: bool) -> None:
    config = CONFIG.but(precision="bfloat16", gradient_checkpointing=again, epochs=1)
    result = train_dpo(base, tiny.groups(6), config, tmp_path / "out")
    assert result.log[0]["dpo"] == pytest.approx(math.log(2), abs=1e-6)
    assert result.log[0]["rewards/margins"] == 0


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize("method", ["full", "lora"])
def test_training_starts_at_ln_2_and_separates_the_answers(base: Path, tmp_path: Path, method: Any) -> None:
    config = CONFIG.but(method=method, learning_rate=3e-3, epochs=6)
    result = train_dpo(base, tiny.groups(), config, tmp_path / "out")
    first, last = result.log[0], result.log[-1]
    assert first["dpo"] == pytest.approx(math.log(2), abs=1e-6)
    assert first["rewards/margins"] == pytest.approx(0, abs=1e-6)
    assert last["dpo"] < 0.5 * first["dpo"]
    assert (last["rewards/accuracies"], result.steps) == (1.0, 12)
    assert last["loss"] == pytest.approx(last["dpo"] + 0.25 * last["nll"], rel=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_rows_taken_along_are_learned_and_weigh_like_the_chosen(base: Path, tmp_path: Path) -> None:
    config = CONFIG.but(learning_rate=3e-3, epochs=9, replay_tokens=200)
    kept = train_dpo(base, tiny.groups(), config, tmp_path / "kept", rows=tiny.rows())
    bare = train_dpo(base, tiny.groups(), config.but(replay_tokens=0), tmp_path / "bare", rows=tiny.rows())
    first, last = kept.log[0], kept.log[-1]
    assert "replay" not in bare.log[0]
    assert last["replay"] < 0.8 * first["replay"]
    assert first["loss"] == pytest.approx(first["dpo"] + config.sft_weight * (first["nll"] + first["replay"]), rel=1e-4)
    assert (first["dpo"], first["nll"]) == pytest.approx((bare.log[0]["dpo"], bare.log[0]["nll"]), rel=1e-5)


def test_the_reference_is_computed_once_and_belongs_to_its_content(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from steadyhand.train.objectives import reference

    calls: list[int] = []

    def counted(model: Any, group: GroupSample, device: torch.device, *, packed: bool) -> torch.Tensor:
        calls.append(1)
        return group_log_probs(model, group, device, packed=packed)

    monkeypatch.setattr(reference, "group_log_probs", counted)
    cache = tmp_path / "cache"
    runs = [train_dpo(base, tiny.groups(), CONFIG.but(beta=beta), tmp_path / "out", cache=cache) for beta in (0.3, 0.3)]
    assert len(calls) == 4
    assert [row["loss"] for row in runs[0].log] == [row["loss"] for row in runs[1].log]
    train_dpo(base, tiny.groups(3), CONFIG, tmp_path / "out", cache=cache)
    assert len(calls) == 7


def test_a_reference_of_another_model_stops_the_run(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from steadyhand.train.objectives import reference

    wrong = [torch.tensor([-50.0, -9.0, -9.0, -9.0])] * 4
    monkeypatch.setattr(reference, "reference_log_probs", lambda *_: wrong)
    with pytest.raises(JobError, match=r"instead of \.693"):
        train_dpo(base, tiny.groups(), CONFIG, tmp_path / "out")


def test_the_first_rejected_answers_are_used_and_long_ones_counted(base: Path, tmp_path: Path) -> None:
    config = CONFIG.but(k=1, max_completion=5)
    result = train_dpo(base, tiny.groups(), config, tmp_path / "out")
    assert result.cut_rejected == 4
    assert result.log[0]["dpo"] == pytest.approx(math.log(2), abs=1e-6)


def test_simpo_needs_no_reference(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from steadyhand.train.objectives import reference

    def asked(*_: Any) -> None:
        raise AssertionError("a reference was computed")

    monkeypatch.setattr(reference, "reference_log_probs", asked)
    config = CONFIG.but(loss="simpo", learning_rate=3e-3, epochs=6)
    result = train_dpo(base, tiny.groups(), config, tmp_path / "out")
    assert result.log[-1]["dpo"] < result.log[0]["dpo"]
    assert result.log[-1]["rewards/margins"] > result.log[0]["rewards/margins"]
    assert result.log[-1]["rewards/accuracies"] == 1.0


def test_ipo_starts_at_its_whole_margin_and_nears_it(base: Path, tmp_path: Path) -> None:
    config = CONFIG.but(loss="ipo", learning_rate=3e-3, epochs=12)
    result = train_dpo(base, tiny.groups(), config, tmp_path / "out")
    assert result.log[0]["dpo"] == pytest.approx(1 / (2 * 0.3) ** 2, rel=1e-5)
    assert result.log[-1]["dpo"] < 0.6 * result.log[0]["dpo"]
