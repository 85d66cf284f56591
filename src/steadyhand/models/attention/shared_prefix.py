"""One sequence of a prompt and several answers behind it, each of which sees the prompt and itself only.

So the prompt is computed once, without a key/value cache. Imports torch: import late.
Legend of shapes: P prompt tokens, C tokens of all answers together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import torch


@dataclass(frozen=True)
class Behind:
    """`ids` (1, P + C), `positions` (1, P + C) and `seen` are what a model takes; `owner` (P + C) has 0 for the prompt
    and k for a token of the k-th answer, from 1."""

    ids: torch.Tensor
    positions: torch.Tensor
    owner: torch.Tensor

    @property
    def seen(self) -> torch.Tensor:
        """The dense mask (1, 1, P + C, P + C): true where a row sees a column."""
        return ((self.owner == 0) | (self.owner == self.owner[:, None])).tril()[None, None]

    def mask(self, model: Any) -> Any:
        """What `model` is given to see by: where layers have windows, what they can be cut from; else `seen`."""
        from steadyhand.models.attention import varlen
        from steadyhand.models.attention.layers import layers_of

        if layers_of(model).windows:
            varlen.use(model)
            return varlen.tree(self.owner, self.positions[0])
        return self.seen


def behind(prompt: Sequence[int], answers: Sequence[Sequence[int]], device: torch.device) -> Behind:
    past = len(prompt)
    ids = torch.tensor([[*prompt, *chain.from_iterable(answers)]], device=device)
    owner = torch.tensor([0] * past + [k for k, part in enumerate(answers, 1) for _ in part], device=device)
    places = [*range(past), *(past + i for part in answers for i in range(len(part)))]
    return Behind(ids, torch.tensor([places], device=device), owner)


def ends(prompt: Sequence[int], answers: Sequence[Sequence[int]]) -> list[int]:
    """Where the last token of each answer stands in the sequence."""
    return [len(prompt) + total - 1 for total in accumulate(map(len, answers))]
