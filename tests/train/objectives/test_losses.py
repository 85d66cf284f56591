"""The preference losses are those of the papers and of TRL's trainers, with their gradients; K rejected are K pairs."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from pydantic import ValidationError

from steadyhand.chat.render import Renderer
from steadyhand.errors import UsageError
from steadyhand.settings.training import DpoConfig
from steadyhand.train.objectives.group_logprobs import group_log_probs
from steadyhand.train.objectives.losses import group_loss, start
from steadyhand.train.runner.data import GroupSample, group_samples
from tests import tiny

CPU = torch.device("cpu")
CONFIG = DpoConfig(epochs=1, k=0, method="full", beta=0.3, sft_weight=0.25, simpo_beta=2.0, simpo_gamma=0.7)
Trainer = Any


def grouped(rejected: int) -> list[GroupSample]:
    return group_samples(tiny.groups(2, rejected), Renderer(tiny.tokenizer()), CONFIG)


def gradients(loss: torch.Tensor, model: Any) -> torch.Tensor:
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, list(model.parameters()))])


def rows(group: GroupSample, k: int, *, fill: int, answers_only: bool = False) -> list[list[int]]:
    """Chosen and k-th rejected behind the prompt, padded on the right; `answers_only` hides the prompt."""
    pair = (group.completions[0], group.completions[k])
    width = len(group.prompt) + max(map(len, pair))
    shown = [fill] * len(group.prompt) if answers_only else list(group.prompt)
    return [[*shown, *answer, *[fill] * (width - len(group.prompt) - len(answer))] for answer in pair]


def dpo_batch(group: GroupSample, k: int) -> dict[str, torch.Tensor]:
    ids = torch.tensor(rows(group, k, fill=0))
    answers = torch.tensor(rows(group, k, fill=-1, answers_only=True)) >= 0
    real = torch.tensor(rows(group, k, fill=-1)) >= 0
    return {"input_ids": ids, "attention_mask": real.long(), "completion_mask": answers.long()}


def cpo_batch(group: GroupSample, k: int) -> dict[str, torch.Tensor]:
    parts = {
        "input_ids": rows(group, k, fill=0),
        "attention_mask": [[int(x >= 0) for x in row] for row in rows(group, k, fill=-1)],
        "labels": rows(group, k, fill=-100, answers_only=True),
    }
    return {
        f"{side}_{name}": torch.tensor([part[i]])
        for name, part in parts.items()
        for i, side in enumerate(("chosen", "rejected"))
    }


def dpo_trainer(model: Any, reference: Any, folder: Path, loss: str) -> Trainer:
    from datasets import Dataset, disable_progress_bars
    from trl import DPOConfig as TrlConfig
    from trl import DPOTrainer

    disable_progress_bars()
    arguments = TrlConfig(
        output_dir=str(folder), use_cpu=True, bf16=False, beta=CONFIG.beta, max_length=None,
        loss_type=[loss, "sft"], loss_weights=[1.0, CONFIG.sft_weight], report_to="none",
        disable_tqdm=True, gradient_checkpointing=False,
    )  # fmt: skip
    data = Dataset.from_list([{"prompt": "a", "chosen": "b", "rejected": "c"}])
    return DPOTrainer(
        model=model, ref_model=reference, args=arguments, train_dataset=data, processing_class=tiny.tokenizer()
    )


def cpo_trainer(model: Any, folder: Path) -> Trainer:
    from datasets import Dataset, disable_progress_bars
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    disable_progress_bars()
    arguments = CPOConfig(
        output_dir=str(folder), use_cpu=True, bf16=False, beta=CONFIG.simpo_beta, simpo_gamma=CONFIG.simpo_gamma,
        loss_type="simpo", cpo_alpha=0.0, max_length=256, report_to="none", disable_tqdm=True,
        gradient_checkpointing=False,
    )  # fmt: skip
    data = Dataset.from_list([{"prompt": "a", "chosen": "b", "rejected": "c"}])
    return CPOTrainer(model=model, args=arguments, train_dataset=data, processing_class=tiny.tokenizer())


@pytest.mark.parametrize("loss", ["sigmoid", "ipo", "simpo"])
def test_a_group_equals_trl_on_its_pairs(loss: Literal["sigmoid", "ipo", "simpo"], tmp_path: Path) -> None:
    model, other = tiny.model(), tiny.model(1)
    config = CONFIG.but(loss=loss, sft_weight=0.0 if loss == "simpo" else CONFIG.sft_weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = cpo_trainer(model, tmp_path) if loss == "simpo" else dpo_trainer(model, other, tmp_path, loss)
        for group in grouped(3):
            if loss == "simpo":
                pairs = [trainer.get_batch_loss_metrics(model, cpo_batch(group, k))[0] for k in (1, 2, 3)]
            else:
                pairs = [trainer.compute_loss(model, dpo_batch(group, k)) for k in (1, 2, 3)]
            theirs = torch.stack(pairs).mean()
            policy = group_log_probs(model, group, CPU)
            with torch.no_grad():
                reference = None if loss == "simpo" else group_log_probs(other, group, CPU)
            ours, _ = group_loss(policy, reference, [len(answer) for answer in group.completions], config)
            assert float(ours) == pytest.approx(float(theirs), rel=1e-4, abs=1e-4)
            left, right = gradients(ours, model), gradients(theirs, model)
            assert (left - right).norm() < 1e-4 * right.norm()


POLICY, REFERENCE, LENGTHS = torch.tensor([-4.0, -3.0, -9.0]), torch.tensor([-5.0, -5.0, -6.0]), [8, 4, 6]


def test_the_sigmoid_loss_is_the_formula() -> None:
    config = DpoConfig(epochs=1, k=0, beta=0.5, sft_weight=0.1, label_smoothing=0.2)
    loss, figures = group_loss(POLICY, REFERENCE, LENGTHS, config)
    margins = [0.5 * (1 - 2), 0.5 * (1 + 3)]
    preference = sum(0.8 * math.log1p(math.exp(-h)) + 0.2 * math.log1p(math.exp(h)) for h in margins) / 2
    assert float(loss) == pytest.approx(preference + 0.1 * 4 / 8)
    assert figures == pytest.approx(
        {
            "dpo": preference, "nll": 0.5, "rewards/chosen": 0.5, "rewards/rejected": -0.25,
            "rewards/margins": 0.75, "rewards/accuracies": 0.5,
        }
    )  # fmt: skip


def test_the_ipo_loss_is_the_formula() -> None:
    loss, figures = group_loss(
        POLICY, REFERENCE, LENGTHS, DpoConfig(epochs=1, k=0, loss="ipo", beta=0.5, sft_weight=0.1)
    )
    margins = [1 / 8 - 2 / 4, 1 / 8 + 3 / 6]
    preference = sum((h - 1 / (2 * 0.5)) ** 2 for h in margins) / 2
    assert float(loss) == pytest.approx(preference + 0.1 * 4 / 8)
    assert figures["rewards/margins"] == pytest.approx(sum(margins) / 2)
    assert figures["rewards/accuracies"] == 0.5


def test_the_simpo_loss_is_the_formula_and_gamma_is_no_part_of_accuracy() -> None:
    config = DpoConfig(
        epochs=1, k=0, loss="simpo", simpo_beta=2.0, simpo_gamma=0.6, sft_weight=0.0, label_smoothing=0.1
    )
    loss, figures = group_loss(POLICY, None, LENGTHS, config)
    rewards = [2 * -4 / 8, 2 * -3 / 4, 2 * -9 / 6]
    h = [rewards[0] - one - 0.6 for one in rewards[1:]]
    wanted = sum(0.9 * math.log1p(math.exp(-x)) + 0.1 * math.log1p(math.exp(x)) for x in h) / 2
    assert float(loss) == pytest.approx(wanted)
    assert figures["rewards/chosen"] == pytest.approx(-1.0)
    assert figures["rewards/accuracies"] == 1.0
    assert h[0] < 0


@pytest.mark.parametrize("loss", ["sigmoid", "ipo"])
def test_an_untrained_policy_has_the_starting_loss(loss: Literal["sigmoid", "ipo"]) -> None:
    config = DpoConfig(epochs=1, k=0, loss=loss, beta=0.25, sft_weight=0.0)
    found, figures = group_loss(POLICY, POLICY, LENGTHS, config)
    assert start(config) == pytest.approx(math.log(2) if loss == "sigmoid" else 4.0)
    assert float(found) == pytest.approx(start(config))
    assert figures["rewards/margins"] == 0.0
    assert start(DpoConfig(epochs=1, k=0, loss="simpo")) is None


def test_smoothing_is_refused_where_it_means_nothing() -> None:
    with pytest.raises(UsageError, match="no label smoothing"):
        DpoConfig(epochs=1, k=0, loss="ipo", label_smoothing=0.1)
    with pytest.raises(ValidationError, match="simpo_beta"):
        DpoConfig(epochs=1, k=0, loss="simpo", simpo_beta=0.0)
