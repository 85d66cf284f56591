"""Prefix and prompt tuning as virtual tokens: ids beyond the vocabulary that stand in front of every prompt.

peft puts them there inside each forward pass, which rules out a cache that is built up and shared, as decoding and
group DPO do. Here they are tokens like others, with slots, positions and masks of their own, so nothing else needs to
know of them: who runs the model puts `virtual_ids` in front. What they are is trained: an embedding each ("prompt",
Lester et al. 2021, section 2), or the keys and values of every layer ("prefix", Li & Liang 2021, section 4.2). Folders
are peft's own, and so are the answers (a test compares). Legend of shapes: L layers, H key/value heads, V virtual
tokens, D head size, R rows, T tokens. Imports torch and peft: import late.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModelForCausalLM
from transformers.cache_utils import Cache, DynamicCache


class VirtualModel(PeftModelForCausalLM):  # type: ignore[misc]  # mypy follows no import of peft
    """A base with one adapter of kind "prefix" or "prompt", called as the base is."""

    @property
    def virtual_ids(self) -> tuple[int, ...]:
        first = self.get_base_model().get_input_embeddings().weight.shape[0]
        return tuple(range(first, first + self.active_peft_config.num_virtual_tokens))

    @property
    def learned(self) -> torch.Tensor:
        """All that is trained: V x hidden ("prompt") or V x 2 L H D ("prefix")."""
        return self.prompt_encoder[self.active_adapter].embedding.weight  # type: ignore[no-any-return]

    def forward(self, input_ids: Any, past_key_values: Any = None, use_cache: Any = None, **rest: Any) -> Any:
        """A pass that begins with the virtual tokens holds all of them in every row."""
        first = self.virtual_ids[0]
        cache = past_key_values
        if self._is_prefix and bool(input_ids[0, 0] == first):
            cache = _Prefixed(DynamicCache() if cache is None else cache, *self._keys_and_values())
        found = self.get_base_model()(
            inputs_embeds=self._embedded(input_ids, first), past_key_values=cache, use_cache=use_cache, **rest
        )
        if isinstance(found.past_key_values, _Prefixed):
            found.past_key_values = found.past_key_values.inner
        return found

    @property
    def _is_prefix(self) -> bool:
        return bool(self.active_peft_config.peft_type == "PREFIX_TUNING")

    def _embedded(self, ids: torch.Tensor, first: int) -> torch.Tensor:
        """R T hidden of the ids (R T)."""
        virtual = ids >= first
        embedded: torch.Tensor = self.get_base_model().get_input_embeddings()(ids.masked_fill(virtual, 0))
        if self._is_prefix or not bool(virtual.any()):
            return embedded  # what a prefix token is embedded as is never seen: its keys and values are replaced
        own = self.learned[(ids - first).clamp(min=0)].to(embedded.dtype)
        return torch.where(virtual[..., None], own, embedded)

    def _keys_and_values(self) -> tuple[torch.Tensor, torch.Tensor]:
        """L x H x V x D each."""
        config = self.active_peft_config
        heads = config.num_attention_heads
        shape = (config.num_virtual_tokens, config.num_layers, 2, heads, config.token_dim // heads)
        keys, values = self.learned.view(shape).permute(2, 1, 3, 0, 4)
        return keys, values

    @torch.no_grad()
    def start_as(self, ids: Sequence[int]) -> None:
        """Lets the virtual tokens begin as these V ones: the model then answers as if they stood in front of the prompt
        (Li & Liang 2021, section 7.4, and Lester et al. 2021, section 3.2, both find this better than noise)."""
        base = self.get_base_model()
        given = torch.tensor([list(ids)], device=self.learned.device)
        if not self._is_prefix:
            self.learned.copy_(base.get_input_embeddings()(given)[0])
            return
        layers = base(input_ids=given, use_cache=True).past_key_values.layers
        both = torch.stack([torch.stack([layer.keys[0], layer.values[0]]) for layer in layers])  # L 2 H V D
        self.learned.copy_(both.permute(3, 0, 1, 2, 4).reshape(self.learned.shape))


class _Prefixed(Cache):  # type: ignore[misc]  # transformers ships no types
    """Hands on to `inner` all keys and values of a pass that begins with the virtual tokens, theirs replaced."""

    def __init__(self, inner: Cache, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__(layers=inner.layers)  # the same list: the base asks it for lengths
        self.inner, self.learned = inner, (keys, values)  # L H V D each

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *rest: Any, **named: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        keys, values = (
            torch.cat([mine[layer_idx].to(given.dtype).expand(len(given), -1, -1, -1), given[:, :, mine.shape[2] :]], 2)
            for mine, given in zip(self.learned, (key_states, value_states), strict=True)
        )
        return self.inner.update(keys, values, layer_idx, *rest, **named)  # type: ignore[no-any-return]


def load_virtual(model: Any, folder: Path, *, trainable: bool) -> VirtualModel:
    """Puts the virtual tokens of `folder` in front of `model`. Raises what peft raises when they do not fit."""
    config = PeftConfig.from_pretrained(str(folder), local_files_only=True)
    config.inference_mode = not trainable
    if hasattr(config, "prompt_tuning_init"):  # what they begin as is loaded next; as a text it asks for a tokenizer
        config.prompt_tuning_init = "RANDOM"
    made = VirtualModel(model, config)
    made.load_adapter(str(folder), "default", is_trainable=trainable, local_files_only=True)
    return made
