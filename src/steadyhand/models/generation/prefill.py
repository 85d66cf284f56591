"""What is computed of prompts before their answers: shared beginnings once, then what each row has of its own.

Keys and values of a longer beginning hold those of a shorter one; a recurrent state does not, so with such layers a
state is kept where the next rows will turn off, and rows run together only when they are equally long. Imports torch:
import late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from steadyhand.models.attention.layers import Way, layers_of
from steadyhand.models.backend import FinishReason
from steadyhand.models.generation import kv_cache
from steadyhand.models.generation.prefix_batching import common_prefix

if TYPE_CHECKING:
    from transformers.cache_utils import Cache


@dataclass
class Continuation:
    """`tokens` are the new ones without the stop token; at most `budget`."""

    ids: list[int]
    budget: int
    tokens: list[int] = field(default_factory=list)
    finish: FinishReason = "length"

    def ends(self, token: int, stop_ids: set[int], watch: Callable[[Continuation], bool] | None) -> bool:
        """Takes the next token; whether it was the last."""
        ended = token in stop_ids
        if ended:
            self.finish = "stop"
        else:
            self.tokens.append(token)
            ended = len(self.tokens) >= self.budget
        if watch and watch(self):
            self.finish, ended = "stop", True
        return ended


@dataclass(frozen=True)
class Filled:
    """Rows with a cache of all their tokens but the last, which the first decoding step feeds."""

    cache: Cache
    rows: list[Continuation]

    @property
    def held(self) -> list[int]:
        return [len(row.ids) - 1 for row in self.rows]


class Prefill:
    """Keeps what was computed last: rows come sorted, so the next segment's prefix begins with most of it."""

    def __init__(self, model: Any) -> None:
        self.model, self.stateful = model, layers_of(model).way is Way.STATE
        self.ids: list[int] = []
        self.kept: list[tuple[int, Cache]] = [(0, kv_cache.empty(model))]  # of beginnings of `ids`, the shortest first

    def __call__(self, rows: Sequence[Continuation], prefix: int, following: Sequence[int]) -> Iterator[Filled]:
        """The rows, which agree on their first `prefix` tokens, in one part or several; `following` is what comes after
        them."""
        shared = self._reach(rows[0].ids[:prefix], following)
        for group in self._groups(rows):
            rests = [row.ids[prefix:-1] for row in group]
            width = max(len(rest) for rest in rests)
            cache = kv_cache.spread(shared, prefix, len(rests), width) if prefix else kv_cache.empty(self.model)
            # Padding stands right of the tokens, where causal attention hides it, so no mask per row is needed.
            self._extend(cache, prefix, [rest + [0] * (width - len(rest)) for rest in rests])
            yield Filled(cache, group)

    def _groups(self, rows: Sequence[Continuation]) -> list[list[Continuation]]:
        if not self.stateful:
            return [list(rows)]
        lengths: dict[int, list[Continuation]] = {}
        for row in rows:
            lengths.setdefault(len(row.ids), []).append(row)
        return list(lengths.values())

    def _reach(self, ids: list[int], following: Sequence[int]) -> Cache:
        """A cache of exactly `ids`."""
        known = common_prefix(ids, self.ids)
        self.ids = ids
        if not self.stateful:
            length, cache = self.kept[-1]
            cache = kv_cache.crop(cache, min(known, length))
            self._extend(cache, known, [ids[known:]])
            self.kept = [(len(ids), cache)]
            return cache
        self.kept = [(length, cache) for length, cache in self.kept if length <= known]
        for end in sorted({common_prefix(ids, following), len(ids)}):
            length, cache = self.kept[-1]
            if end > length:
                cache = kv_cache.crop(cache, length)  # of its own from here on
                self._extend(cache, length, [ids[length:end]])
                self.kept.append((end, cache))
        return self.kept[-1][1]

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
