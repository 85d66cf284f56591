"""What layers keep of a prompt, so that answers can go on from it: keys and values that grow, states of one size.

transformers writes states in place, which spoils what a backward pass needs; here every update makes new ones. Legend
of shapes: R rows, D channels, W width of a convolution. Imports torch: import late.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, DummyLayer, DynamicLayer, LinearAttentionLayer

from steadyhand.models.attention.layers import NOTHING, STATES, layers_of


class StateLayer(LinearAttentionLayer):  # type: ignore[misc]  # transformers ships no types
    """One layer's states: the last inputs of its convolution (R D W) and, where it has one, its recurrent state (R
    first)."""

    def update_conv_state(
        self, conv_states: torch.Tensor, state_idx: int = 0, conv_kernel_size: int | None = None, **_: Any
    ) -> torch.Tensor:
        """Takes the new inputs; returns them behind those kept, as the convolution wants to see them."""
        width = conv_kernel_size or self.conv_kernel_size[state_idx] or conv_states.shape[-1]
        inputs = conv_states
        if self.has_previous_state[state_idx]:
            inputs = torch.cat([self.conv_states[state_idx], inputs], dim=-1)
        elif inputs.shape[-1] < width:
            inputs = torch.nn.functional.pad(inputs, (width - inputs.shape[-1], 0))
        # a copy: a step of one token, which only inference takes, writes into it
        self._set(state_idx, conv=inputs[..., -width:].clone())
        return inputs

    def update_recurrent_state(self, recurrent_states: torch.Tensor, state_idx: int = 0, **_: Any) -> torch.Tensor:
        self._set(state_idx, recurrent=recurrent_states)
        return recurrent_states

    def _set(self, index: int, conv: torch.Tensor | None = None, recurrent: torch.Tensor | None = None) -> None:
        if conv is not None:
            self.dtype, self.device = conv.dtype, conv.device
            self.conv_states[index], self.conv_kernel_size[index] = conv, conv.shape[-1]
            self.is_conv_states_initialized[index] = self.has_previous_state[index] = True
        if recurrent is not None:
            self.recurrent_states[index], self.is_recurrent_states_initialized[index] = recurrent, True

    def mapped(self, change: Callable[[torch.Tensor], torch.Tensor]) -> StateLayer:
        """A layer whose states are those of this one, changed."""
        made = StateLayer(self.number_of_states)
        for index in range(self.number_of_states):
            conv, recurrent = self.conv_states[index], self.recurrent_states[index]
            made._set(
                index, None if conv is None else change(conv), None if recurrent is None else change(recurrent)
            )  # fmt: skip
        return made


def merged(parts: Sequence[StateLayer | None], rows: Sequence[int]) -> StateLayer:
    """One layer of all parts' rows; a part of which nothing was computed yet (None) starts from zeros, as its rows
    would."""
    model = next(part for part in parts if part is not None and part.has_previous_state[0])
    made = copy.copy(model.mapped(lambda state: state))

    def together(name: str, index: int) -> torch.Tensor | None:
        like = getattr(model, name)[index]
        if like is None:
            return None
        found = [
            like.new_zeros(count, *like.shape[1:]) if part is None or getattr(part, name)[index] is None
            else getattr(part, name)[index]
            for part, count in zip(parts, rows, strict=True)
        ]  # fmt: skip
        return torch.cat(found)

    for index in range(model.number_of_states):
        made._set(index, together("conv_states", index), together("recurrent_states", index))
    return made


def new_cache(model: Any, keys: type[DynamicLayer] = DynamicLayer) -> Cache:
    """An empty cache for a model whose `layers_of` say that it can go on from one: all keys are kept, those beyond a
    window too, as the mask hides them."""
    return Cache(
        layers=[
            DummyLayer() if kind == NOTHING else StateLayer() if kind in STATES else keys()
            for kind in layers_of(model).kinds
        ]
    )


def shared(cache: Cache, rows: int) -> Cache:
    """The cache of one prompt for `rows` answers: keys and values as a view, whose gradient sums over the rows."""
    for i, layer in enumerate(cache.layers):
        if isinstance(layer, StateLayer):
            cache.layers[i] = layer.mapped(lambda state: state.expand(rows, *[-1] * (state.dim() - 1)).contiguous())
        elif layer.keys is not None:
            layer.keys, layer.values = (x.expand(rows, -1, -1, -1) for x in (layer.keys, layer.values))
    return cache
