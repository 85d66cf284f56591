"""Many prompts continued by one model: shared prefixes once, rows leave the batch as they finish.

Knows token ids and caches; knows nothing of dialogues. Which rows share a prefix is `prefix_batching`'s,
computing it `prefill`'s.

An answer depends on its own prompt, the sampling and nothing else, as far as the number format allows: no row ever
sees another's tokens, padding is masked, and each prompt has its own stream of random numbers. What remains is the
order of sums inside matrix products, about 1e-6 of a logit in float32.
Legend of shapes: R rows of the batch, V vocabulary. Imports torch: import late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from steadyhand.models.attention.layers import Way, layers_of
from steadyhand.models.backend import Progress, Sampling
from steadyhand.models.generation import kv_cache
from steadyhand.models.generation.prefill import Continuation, Filled, Prefill
from steadyhand.models.generation.prefix_batching import batches, segments
from steadyhand.models.generation.sampling import choose, draws
from steadyhand.models.loading.adapters import virtual_ids

KEEP_RATIO = 0.75  # a batch is copied without its finished rows when at most this share is still running


@torch.inference_mode()
def continue_ids(
    model: Any,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling,
    stop_ids: Sequence[int],
    *,
    batch_size: int = 32,
    progress: Progress | None = None,
    watch: Callable[[Continuation], bool] | None = None,
) -> list[Continuation]:
    """Continues token ids (not empty), in the prompts' order, up to a stop token, `sampling.max_tokens` or the
    model's context. A prompt that fills the context gets no token. `watch` sees a row after each of its tokens
    and says whether it shall end there; what it raises ends the work."""
    limit = model.config.get_text_config(decoder=True).max_position_embeddings
    given = [[*virtual_ids(model), *ids] for ids in prompts]
    rows = [Continuation(ids, max(0, min(sampling.max_tokens, limit - len(ids)))) for ids in given]
    waiting = sorted((row for row in rows if row.budget), key=lambda row: row.ids)
    finished = len(rows) - len(waiting)
    if layers_of(model).way is Way.FULL:
        from steadyhand.models.generation.plain import continued

        for _ in continued(model, waiting, sampling, set(stop_ids), watch):
            finished += 1
            if progress:
                progress(finished, len(rows))
        return rows
    prefill = Prefill(model)
    cut = segments([row.ids[:-1] for row in waiting], batch_size)
    following = {part.start: waiting[part.stop].ids for part in cut if part.stop < len(waiting)}
    for parts in batches(cut, batch_size):
        filled = [
            one
            for part in parts
            for one in prefill(waiting[part.start : part.stop], part.prefix, following.get(part.start, []))
        ]
        for _ in _decode(model, filled, sampling, set(stop_ids), watch):
            finished += 1
            if progress:
                progress(finished, len(rows))
    return rows


class _Batch:
    """The running rows with their cache, right-aligned so that one step writes one slot of all rows."""

    def __init__(self, model: Any, filled: Sequence[Filled], sampling: Sampling) -> None:
        self.model, self.rows = model, [row for part in filled for row in part.rows]
        self.draws = draws([row.ids for row in self.rows], sampling)
        lengths = [len(row.ids) - 1 for row in self.rows]
        self.width, self.room = max(lengths), max(row.budget for row in self.rows)
        parts = [(part.cache, part.held) for part in filled]
        free = min(self.room, kv_cache.GROWTH)
        self.cache = kv_cache.align(parts, self.width, free) if self.width else kv_cache.empty(model)
        self.starts = torch.tensor([self.width - length for length in lengths], device=model.device)
        self.positions = torch.tensor(lengths, device=model.device)[:, None]
        self.mask = self._mask()

    def _mask(self) -> torch.Tensor | None:
        """R 1 1 slots: 0 where a row has tokens, -inf before them; None when no row is padded."""
        if not bool(self.starts.any()):
            return None
        hidden = torch.arange(self.width + self.room, device=self.starts.device) < self.starts[:, None]
        mask = torch.zeros(hidden.shape, dtype=self.model.dtype, device=hidden.device)
        return mask.masked_fill_(hidden, float("-inf"))[:, None, None]

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Feeds one token per row (R) and returns the logits of the next (R V)."""
        self.width, self.room = self.width + 1, self.room - 1
        out = self.model(
            input_ids=tokens[:, None],
            attention_mask=None if self.mask is None else self.mask[..., : self.width],
            position_ids=self.positions,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.positions = self.positions + 1
        return out.logits[:, -1]  # type: ignore[no-any-return]

    def keep(self, indices: list[int]) -> torch.Tensor:
        """Drops all other rows and the slots that no remaining row uses. Returns the kept rows' indices (tensor)."""
        chosen = torch.tensor(indices, device=self.starts.device)
        self.rows = [self.rows[i] for i in indices]
        starts = self.starts[chosen]
        left = int(starts.min())
        self.room = max(row.budget - len(row.tokens) for row in self.rows)
        self.cache = kv_cache.keep(self.cache, chosen, left, min(self.room, kv_cache.GROWTH))
        self.width, self.starts = self.width - left, starts - left
        self.positions = self.positions[chosen]
        self.draws = None if self.draws is None else self.draws[chosen.cpu()]
        self.mask = self._mask()
        return chosen


def _decode(
    model: Any,
    filled: Sequence[Filled],
    sampling: Sampling,
    stop_ids: set[int],
    watch: Callable[[Continuation], bool] | None,
) -> Iterator[Continuation]:
    """Decodes a batch to its end, filling the rows' tokens; yields each row as it finishes."""
    batch = _Batch(model, filled, sampling)
    tokens = torch.tensor([row.ids[-1] for row in batch.rows], device=model.device)
    running = [True] * len(batch.rows)
    step = 0
    while True:
        draws = None if batch.draws is None else batch.draws[:, step].to(model.device)
        tokens = choose(batch.step(tokens), sampling, draws)
        step += 1
        for i, token in enumerate(tokens.tolist()):
            if not running[i]:
                continue
            row = batch.rows[i]
            if row.ends(token, stop_ids, watch):
                running[i] = False
                yield row
        left = sum(running)
        if not left:
            return
        if left <= KEEP_RATIO * len(running):
            tokens = tokens[batch.keep([i for i, on in enumerate(running) if on])]
            running = [True] * left
