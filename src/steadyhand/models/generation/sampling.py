"""From logits to tokens: greedy or temperature and nucleus. A row's draw depends on nothing but the row.

Each prompt owns a stream of uniform numbers seeded by (seed, prompt), and a token is the inverse of the cumulative
distribution at one of them: the result is the same in any batch, order or batch size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from steadyhand.chat.render import prompt_hash
from steadyhand.errors import JobError
from steadyhand.models.backend import Sampling

if TYPE_CHECKING:
    import torch


def uniforms(seed: int, prompt_hash: str, count: int) -> torch.Tensor:
    """`count` numbers in [0, 1), float64 on the CPU, the same on every machine for one seed and prompt."""
    import torch

    digest = hashlib.sha256(f"{seed}:{prompt_hash}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    return torch.rand(count, generator=generator, dtype=torch.float64)


def draws(prompts: Sequence[Sequence[int]], sampling: Sampling) -> torch.Tensor | None:
    """R x tokens uniform numbers, one stream a prompt (token ids); None when greedy."""
    import torch

    if sampling.temperature <= 0:
        return None
    return torch.stack([uniforms(sampling.seed, prompt_hash(ids), sampling.max_tokens) for ids in prompts])


def choose(logits: torch.Tensor, sampling: Sampling, draws: torch.Tensor | None) -> torch.Tensor:
    """The next token of each row: logits R V, draws R (uniform numbers; None when greedy) -> R.

    Nucleus sampling (Holtzman et al. 2020, section 3.1): the smallest set of most likely tokens whose probability
    reaches `top_p`, renormalized. Raises JobError where the model gives no numbers: of those, any token is the largest.
    """
    import torch

    if not bool(torch.isfinite(logits.amax(dim=-1)).all()):
        what = "the model computes no numbers (NaN or infinity), so there is no likeliest token"
        raise JobError(what, next="its weights are damaged, or too large for this number format: try float32")
    if draws is None:
        return logits.argmax(dim=-1)
    probabilities = torch.softmax(logits.double() / sampling.temperature, dim=-1)
    ordered, tokens = probabilities.sort(dim=-1, descending=True, stable=True)
    cumulative = ordered.cumsum(dim=-1)
    nucleus = (cumulative - ordered < sampling.top_p).sum(dim=-1, keepdim=True)  # at least the first token
    mass = cumulative.gather(-1, nucleus - 1)
    place = torch.searchsorted(cumulative, draws[:, None] * mass, right=True).minimum(nucleus - 1)
    return tokens.gather(-1, place).squeeze(-1)
