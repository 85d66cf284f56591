"""The preference losses of a group: from log-probabilities of its answers to a loss and figures. Knows no model.

K rejected answers count as K pairs with the same chosen one, averaged. Legend of shapes: R = K + 1 answers (the chosen
one first).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from steadyhand.settings.training import DpoConfig

if TYPE_CHECKING:
    import torch


def group_loss(
    policy: torch.Tensor, reference: torch.Tensor | None, lengths: Sequence[int], config: DpoConfig
) -> tuple[torch.Tensor, dict[str, float]]:
    """The loss of one group from summed log-probabilities (each R) and the answers' `lengths` in tokens (R).

    The preference part is the mean over k of, with e = label_smoothing and rewards r by `config.loss`:
    - "sigmoid": -(1 - e) log sigmoid(h) - e log sigmoid(-h), h = r_c - r_k, r = beta (pi - ref)
      (Rafailov et al. 2023, equation 7; conservative with e, Mitchell 2023);
    - "ipo": (h - 1 / (2 beta))^2, h = r_c - r_k, r = (pi - ref) / length (Azar et al. 2024, equation 17, with its tau
      as beta; per token, as its authors confirmed to TRL's: else the square would grow with the answers' length);
    - "simpo": as "sigmoid" with h = r_c - r_k - simpo_gamma, r = simpo_beta pi / length (Meng et al. 2024,
      equation 6); `reference` is None.
    To it comes sft_weight times -pi_c / length_c (Pang et al. 2024, equation 2). Figures: `dpo` is the preference part,
    `rewards/margins` the mean of r_c - r_k.
    """
    rewards = _rewards(policy, reference, lengths, config)
    margins = rewards[0] - rewards[1:]
    preference = _losses(margins, config).mean()
    nll = -policy[0] / lengths[0]
    figures = {
        "dpo": preference,
        "nll": nll,
        "rewards/chosen": rewards[0],
        "rewards/rejected": rewards[1:].mean(),
        "rewards/margins": margins.mean(),
        "rewards/accuracies": (margins > 0).float().mean(),
    }
    return preference + config.sft_weight * nll, {name: float(value.detach()) for name, value in figures.items()}


def start(config: DpoConfig) -> float | None:
    """The preference part where policy and reference are one model, whatever the data; None without a reference."""
    return {"sigmoid": math.log(2), "ipo": 1 / (2 * config.beta) ** 2, "simpo": None}[config.loss]


def _rewards(
    policy: torch.Tensor, reference: torch.Tensor | None, lengths: Sequence[int], config: DpoConfig
) -> torch.Tensor:
    if config.loss == "simpo":
        return config.simpo_beta * policy / policy.new_tensor(lengths)
    assert reference is not None, "only simpo needs no reference"
    ratios = policy - reference
    return ratios / policy.new_tensor(lengths) if config.loss == "ipo" else config.beta * ratios


def _losses(margins: torch.Tensor, config: DpoConfig) -> torch.Tensor:
    from torch.nn.functional import logsigmoid

    if config.loss == "ipo":
        return (margins - 1 / (2 * config.beta)) ** 2
    h = margins - config.simpo_gamma if config.loss == "simpo" else margins
    return -(1 - config.label_smoothing) * logsigmoid(h) - config.label_smoothing * logsigmoid(-h)
