"""How likely a model finds given answers: mean log-probability per token. Imports torch: import late.

The mean, because a sum would rank by length (Meng et al. 2024, equation 4). Legend of shapes: C tokens of all answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from steadyhand.models.attention.shared_prefix import behind


def mean_log_probs(model: Any, prompt: Sequence[int], answers: Sequence[Sequence[int]]) -> list[float]:
    """Of each answer (token ids, at least one) behind the prompt, which is computed once: nats per token."""
    past = len(prompt)
    laid = behind(prompt, [ids[:-1] for ids in answers], model.device)
    with torch.inference_mode():
        out = model(
            input_ids=laid.ids, attention_mask=laid.seen, position_ids=laid.positions, use_cache=False,
            logits_to_keep=laid.ids.shape[1] - past + 1,
        )  # fmt: skip
    first = torch.log_softmax(out.logits[0, 0].float(), dim=-1)[[ids[0] for ids in answers]]
    targets = torch.tensor([token for ids in answers for token in ids[1:]], device=model.device).long()
    losses = functional.cross_entropy(out.logits[0, 1:].float(), targets, reduction="none")
    total = first.index_add(0, laid.owner[past:] - 1, -losses)
    lengths = torch.tensor([len(ids) for ids in answers], device=model.device)
    return [float(mean) for mean in total / lengths]
