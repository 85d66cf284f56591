"""The cache of our decode loop: keys and values preallocated, written in place, shared by rows while prefilling; states
of layers that have those instead (`attention.states`) as they are.

transformers' DynamicCache concatenates at each step, which copies the whole cache once per token and layer; a slab
grows in blocks. Legend of shapes: R rows, H key/value heads, S slots, D head size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, DummyLayer, DynamicLayer

from steadyhand.models.attention.states import StateLayer, merged, new_cache

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


def empty(model: Any) -> Cache:
    """A cache without rows or slots."""
    return new_cache(model, SlabLayer)


def crop(cache: Cache, length: int) -> Cache:
    """The first `length` slots of the same buffers, to be extended in another way; states are those of all tokens."""
    return _each(cache, lambda slab: SlabLayer.of(slab.keys, slab.values, length), lambda state: state)


def spread(cache: Cache, length: int, rows: int, room: int) -> Cache:
    """`rows` copies of the first `length` slots of a one-row cache, with `room` slots free behind them."""

    def copy(buffer: torch.Tensor) -> torch.Tensor:
        wide = buffer.new_empty(rows, buffer.shape[1], length + room, buffer.shape[3])
        wide[:, :, :length] = buffer[:, :, :length]
        return wide

    return _each(
        cache,
        lambda slab: SlabLayer.of(copy(slab.keys), copy(slab.values), length),
        lambda state: state.expand(rows, *[-1] * (state.dim() - 1)).clone(),
    )


def align(parts: Sequence[tuple[Cache, Sequence[int]]], width: int, room: int) -> Cache:
    """One cache of all rows of `parts`, each (cache, tokens held per row), ending together at slot `width`.

    Free slots before a shorter row hold zeros, which the mask hides (uninitialized memory could hold NaN, and
    0 * NaN is NaN).
    """
    rows = [len(held) for _, held in parts]
    made: list[Any] = []
    for layers in zip(*(cache.layers for cache, _ in parts), strict=True):
        if isinstance(layers[0], StateLayer):
            made.append(merged(layers, rows))
        elif isinstance(layers[0], SlabLayer):
            slabs = list(zip(layers, [held for _, held in parts], strict=True))
            keys, values = (_aligned(slabs, name, width, room) for name in ("keys", "values"))
            made.append(SlabLayer.of(keys, values, width))
        else:
            made.append(DummyLayer())
    return Cache(layers=made)


def _aligned(slabs: Sequence[tuple[SlabLayer, Sequence[int]]], name: str, width: int, room: int) -> torch.Tensor:
    model = next(getattr(slab, name) for slab, _ in slabs if slab.is_initialized)
    rows = sum(len(held) for _, held in slabs)
    wide: torch.Tensor = model.new_zeros(rows, model.shape[1], width + room, model.shape[3])
    row = 0
    for slab, held in slabs:
        for index, length in enumerate(held):
            if length:
                wide[row, :, width - length : width] = getattr(slab, name)[index, :, :length]
            row += 1
    return wide


def keep(cache: Cache, rows: torch.Tensor, left: int, room: int) -> Cache:
    """Only `rows`, without the first `left` slots, with `room` slots free behind the filled ones."""

    def select(layer: SlabLayer, buffer: torch.Tensor) -> torch.Tensor:
        filled = layer.filled - left
        chosen = buffer.new_empty(len(rows), buffer.shape[1], filled + room, buffer.shape[3])
        chosen[:, :, :filled] = buffer[:, :, left : layer.filled].index_select(0, rows)
        return chosen

    return _each(
        cache,
        lambda slab: SlabLayer.of(select(slab, slab.keys), select(slab, slab.values), slab.filled - left),
        lambda state: state.index_select(0, rows),
    )


def _each(
    cache: Cache, slabs: Callable[[SlabLayer], SlabLayer], states: Callable[[torch.Tensor], torch.Tensor]
) -> Cache:
    """A cache of changed layers; what holds nothing stays as it is."""

    def changed(layer: Any) -> Any:
        if isinstance(layer, StateLayer):
            return layer.mapped(states)
        return slabs(layer) if isinstance(layer, SlabLayer) and layer.is_initialized else type(layer)()

    return Cache(layers=[changed(layer) for layer in cache.layers])
