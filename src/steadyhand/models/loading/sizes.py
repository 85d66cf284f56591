"""Whether a model's configuration fits its weights, asked before anything of that size is made.

A configuration is a text by strangers: with a billion layers, building the model never ends, and with a vocabulary of a
billion the machine's memory does. Knows names of sizes and the files' own lists of tensors; builds no model.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steadyhand.errors import PrerequisiteError
from steadyhand.models.loading.adapters import json_object
from steadyhand.models.loading.weights import Weights

_WIDTHS = ("hidden_size", "n_embd", "d_model")
_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_ACROSS = (  # what has a row of the model's width, or more, for each
    "vocab_size", "intermediate_size", "moe_intermediate_size", "shared_expert_intermediate_size", "n_inner", "ffn_dim",
    "num_experts", "num_local_experts", "n_routed_experts", "num_attention_heads", "num_key_value_heads", "head_dim",
    "n_head", "n_positions", *_WIDTHS,
)  # fmt: skip
_LARGEST_DEPTH, _LARGEST = 10_000, 10**12  # layers; numbers of one matrix
_PER_BYTE = 4  # numbers that a byte of the files holds at most, packed as they may be


def check_sizes(folder: Path) -> None:
    """Raises PrerequisiteError for a config.json that asks for more than the weights beside it can be; without weights,
    for more than any model has."""
    path = folder / "config.json"
    if not path.is_file():
        return
    files = list(folder.glob("*.safetensors"))
    tensors = len(Weights(folder).names) if files else _LARGEST_DEPTH
    room = _PER_BYTE * sum(one.stat().st_size for one in files) or _LARGEST
    for part in _parts(json_object(path)):
        width = max((part[name] for name in _WIDTHS if _is_size(part.get(name))), default=1)
        for name, value in part.items():
            if name in _LAYERS and _is_size(value) and value > tensors:
                raise _too_much(path, f"{name} is {value:,}, and the weights are {tensors:,} tensors")
            if name in _ACROSS and _is_size(value) and value * width > room:
                raise _too_much(path, f"{name} is {value:,}, more than the weights have room for")


def _parts(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The configuration, and those of the text, the pictures and the like within it."""
    yield config
    yield from (value for value in config.values() if isinstance(value, dict))


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _too_much(path: Path, what: str) -> PrerequisiteError:
    return PrerequisiteError(what, where=str(path), next="fetch the model again: these belong to different models")
