"""Many prompts continued by one model: shared prefixes once, rows leave the batch as they finish.

Knows token ids and caches; knows nothing of dialogues. Which rows share a prefix is `batching`'s.

An answer depends on its own prompt, the sampling and nothing else, as far as the number format allows: no row ever
sees another's tokens, padding is masked, and each prompt has its own stream of random numbers. What remains is the
order of sums inside matrix products, about 1e-6 of a logit in float32.
Legend of shapes: R rows of the batch, V vocabulary. Imports torch: import late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from steadyhand.chat.render import prompt_hash
from steadyhand.models.backend import FinishReason, Progress, Sampling
from steadyhand.models.generation import kv_cache
from steadyhand.models.generation.prefix_batching import Segment, batches, common_prefix, segments
from steadyhand.models.generation.sampling import choose, uniforms
from steadyhand.models.loading.adapters import virtual_ids

if TYPE_CHECKING:
    from transformers.cache_utils import Cache

KEEP_RATIO = 0.75  # a batch is copied without its finished rows when at most this share is still running


@dataclass
class Continuation:
    """`tokens` are the new ones without the stop token; at most `budget`."""

    ids: list[int]
    budget: int
    tokens: list[int] = field(default_factory=list)
    finish: FinishReason = "length"


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
    prefill = _Prefill(model)
    for parts in batches(segments([row.ids[:-1] for row in waiting], batch_size), batch_size):
        batch = waiting[parts[0].start : parts[-1].stop]
        caches = [prefill(waiting[part.start : part.stop], part) for part in parts]
        for _ in _decode(model, caches, batch, sampling, set(stop_ids), watch):
            finished += 1
            if progress:
                progress(finished, len(rows))
    return rows


class _Prefill:
    """Computes keys and values of all prompt tokens but the last, which the first decoding step feeds.

    Keeps the last prefix: rows come sorted, so the next segment's prefix begins with most of it.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.ids: list[int] = []
        self.cache = kv_cache.empty()

    def __call__(self, rows: Sequence[Continuation], part: Segment) -> tuple[Cache, list[int]]:
        """The cache of the segment's rows, and how many tokens it holds of each."""
        self._prefix(rows[0].ids[: part.prefix])
        rests = [row.ids[part.prefix : -1] for row in rows]
        width = max(len(rest) for rest in rests)
        cache = kv_cache.spread(self.cache, part.prefix, len(rests), width) if part.prefix else kv_cache.empty()
        # Padding stands right of the tokens, where causal attention hides it, so no mask per row is needed.
        self._extend(cache, part.prefix, [rest + [0] * (width - len(rest)) for rest in rests])
        return cache, [len(row.ids) - 1 for row in rows]

    def _prefix(self, ids: list[int]) -> None:
        shared = common_prefix(ids, self.ids)
        self.cache = kv_cache.crop(self.cache, shared) if shared else kv_cache.empty()
        self._extend(self.cache, shared, [ids[shared:]])
        self.ids = ids

    def _extend(self, cache: Cache, past: int, rows: list[list[int]]) -> None:
        new = len(rows[0])
        if not new:
            return
        device, dtype = self.model.device, self.model.dtype
        mask = None
        if past and new > 1:
            mask = torch.full((new, past + new), float("-inf"), device=device, dtype=dtype).triu(past + 1)[None, None]
        self.model(
            input_ids=torch.tensor(rows, device=device),
            attention_mask=mask,
            position_ids=torch.arange(past, past + new, device=device)[None],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )


class _Batch:
    """The running rows with their cache, right-aligned so that one step writes one slot of all rows."""

    def __init__(
        self, model: Any, caches: Sequence[tuple[Cache, list[int]]], rows: list[Continuation], draws: Any
    ) -> None:
        self.model, self.rows, self.draws = model, rows, draws
        lengths = [len(row.ids) - 1 for row in rows]
        self.width, self.room = max(lengths), max(row.budget for row in rows)
        self.cache = (
            kv_cache.align(caches, self.width, min(self.room, kv_cache.GROWTH)) if self.width else kv_cache.empty()
        )
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
    caches: Sequence[tuple[Cache, list[int]]],
    rows: list[Continuation],
    sampling: Sampling,
    stop_ids: set[int],
    watch: Callable[[Continuation], bool] | None,
) -> Iterator[Continuation]:
    """Decodes a batch to its end, filling the rows' tokens; yields each row as it finishes."""
    batch = _Batch(model, caches, rows, _draws(rows, sampling))
    tokens = torch.tensor([row.ids[-1] for row in rows], device=model.device)
    running = [True] * len(rows)
    step = 0
    while True:
        draws = None if batch.draws is None else batch.draws[:, step].to(model.device)
        tokens = choose(batch.step(tokens), sampling, draws)
        step += 1
        for i, token in enumerate(tokens.tolist()):
            if not running[i]:
                continue
            row = batch.rows[i]
            ended = _finishes(row, token, stop_ids)
            if watch and watch(row):
                row.finish, ended = "stop", True
            if ended:
                running[i] = False
                yield row
        left = sum(running)
        if not left:
            return
        if left <= KEEP_RATIO * len(running):
            tokens = tokens[batch.keep([i for i, on in enumerate(running) if on])]
            running = [True] * left


def _finishes(row: Continuation, token: int, stop_ids: set[int]) -> bool:
    if token in stop_ids:
        row.finish = "stop"
        return True
    row.tokens.append(token)
    return len(row.tokens) >= row.budget


def _draws(rows: Sequence[Continuation], sampling: Sampling) -> torch.Tensor | None:
    """R x tokens uniform numbers, or None when greedy."""
    if sampling.temperature <= 0:
        return None
    return torch.stack([uniforms(sampling.seed, prompt_hash(row.ids), sampling.max_tokens) for row in rows])
