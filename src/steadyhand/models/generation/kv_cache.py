"""The key/value cache of our decode loop: preallocated, written in place, shared by rows while prefilling.

transformers' DynamicCache concatenates at each step, which copies the whole cache once per token and layer; a slab
grows in blocks. Legend of shapes: R rows, H key/value heads, S slots, D head size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicLayer

GROWTH = 128  # slots added when a slab is full


class SlabLayer(DynamicLayer):  # type: ignore[misc]  # transformers ships no types
    """One layer: `keys` and `values` are R H S D buffers of which the first `filled` slots hold tokens."""

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, **_: Any) -> None:
        super().__init__()
        self.filled = 0

    @classmethod
    def of(cls, keys: torch.Tensor, values: torch.Tensor, filled: int) -> SlabLayer:
        layer = cls()
        layer.keys, layer.values, layer.filled = keys, values, filled
        layer.dtype, layer.device, layer.is_initialized = keys.dtype, keys.device, True
        return layer

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.dtype, self.device, self.is_initialized = key_states.dtype, key_states.device, True
        self.keys = key_states.new_empty(*key_states.shape[:2], 0, key_states.shape[3])
        self.values = value_states.new_empty(*value_states.shape[:2], 0, value_states.shape[3])

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Writes the new tokens after the filled slots; returns views of all filled slots."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.filled + key_states.shape[2]
        if end > self.keys.shape[2]:
            extra = end - self.keys.shape[2] + GROWTH
            self.keys, self.values = _widen(self.keys, extra), _widen(self.values, extra)
        self.keys[:, :, self.filled : end] = key_states
        self.values[:, :, self.filled : end] = value_states
        self.filled = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_seq_length(self) -> int:
        return self.filled


def _widen(buffer: torch.Tensor, extra: int) -> torch.Tensor:
    rows, heads, slots, size = buffer.shape
    wider = buffer.new_empty(rows, heads, slots + extra, size)
    wider[:, :, :slots] = buffer
    return wider


def empty() -> Cache:
    """A cache without rows or slots; its layers appear with the first forward pass."""
    return Cache(layer_class_to_replicate=SlabLayer)


def crop(cache: Cache, length: int) -> Cache:
    """The first `length` slots of the same buffers, to be extended in another way."""
    return _cache([SlabLayer.of(layer.keys, layer.values, length) for layer in cache.layers])


def spread(cache: Cache, length: int, rows: int, room: int) -> Cache:
    """`rows` copies of the first `length` slots of a one-row cache, with `room` slots free behind them."""

    def copy(buffer: torch.Tensor) -> torch.Tensor:
        wide = buffer.new_empty(rows, buffer.shape[1], length + room, buffer.shape[3])
        wide[:, :, :length] = buffer[:, :, :length]
        return wide

    return _cache([SlabLayer.of(copy(layer.keys), copy(layer.values), length) for layer in cache.layers])


def align(parts: Sequence[tuple[Cache, Sequence[int]]], width: int, room: int) -> Cache:
    """One cache of all rows of `parts`, each (cache, tokens held per row), ending together at slot `width`.

    Free slots before a shorter row hold zeros, which the mask hides (uninitialized memory could hold NaN, and
    0 * NaN is NaN).
    """
    layers = [
        SlabLayer.of(_aligned(parts, i, "keys", width, room), _aligned(parts, i, "values", width, room), width)
        for i in range(max(len(cache.layers) for cache, _ in parts))
    ]
    return _cache(layers)


def _aligned(
    parts: Sequence[tuple[Cache, Sequence[int]]], layer: int, name: str, width: int, room: int
) -> torch.Tensor:
    sources: list[tuple[torch.Tensor | None, Sequence[int]]] = [
        (getattr(cache.layers[layer], name) if cache.layers else None, held) for cache, held in parts
    ]
    model = next(source for source, _ in sources if source is not None)
    rows = sum(len(held) for _, held in sources)
    wide = model.new_zeros(rows, model.shape[1], width + room, model.shape[3])
    row = 0
    for source, held in sources:
        for index, length in enumerate(held):
            if source is not None and length:
                wide[row, :, width - length : width] = source[index, :, :length]
            row += 1
    return wide


def keep(cache: Cache, rows: torch.Tensor, left: int, room: int) -> Cache:
    """Only `rows`, without the first `left` slots, with `room` slots free behind the filled ones."""

    def select(layer: SlabLayer, buffer: torch.Tensor) -> torch.Tensor:
        filled = layer.filled - left
        chosen = buffer.new_empty(len(rows), buffer.shape[1], filled + room, buffer.shape[3])
        chosen[:, :, :filled] = buffer[:, :, left : layer.filled].index_select(0, rows)
        return chosen

    return _cache([SlabLayer.of(select(x, x.keys), select(x, x.values), x.filled - left) for x in cache.layers])


def _cache(layers: list[SlabLayer]) -> Cache:
    return Cache(layers=layers) if layers else empty()
