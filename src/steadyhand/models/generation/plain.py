"""Answers one at a time with the cache that the model's own library builds for it: for layers that `decode` does not
understand. Imports torch: import late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from transformers.cache_utils import DynamicCache

from steadyhand.models.backend import Sampling
from steadyhand.models.generation.prefill import Continuation
from steadyhand.models.generation.sampling import choose, draws


def continued(
    model: Any,
    rows: Sequence[Continuation],
    sampling: Sampling,
    stop_ids: set[int],
    watch: Callable[[Continuation], bool] | None,
) -> Iterator[Continuation]:
    """Fills each row's tokens; yields it as it finishes."""
    for row in rows:
        numbers, step = draws([row.ids], sampling), 0
        cache, new = DynamicCache(config=model.config), row.ids
        while True:
            ids = torch.tensor([new], device=model.device)
            logits = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1]
            drawn = None if numbers is None else numbers[:, step].to(model.device)
            token = int(choose(logits, sampling, drawn))
            step += 1
            if row.ends(token, stop_ids, watch):
                break
            new = [token]
        yield row
