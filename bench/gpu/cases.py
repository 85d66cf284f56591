"""What is measured, in which order, with which settings. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from steadyhand.settings.presets import PRESETS
from steadyhand.settings.training import DpoConfig, SftConfig
from steadyhand.train.runner.memory_estimate import ModelShape, dpo_footprint, sft_footprint

PRESET = PRESETS["qwen3-8b-24gb"]  # the settings whose promise is held against the card
RANK, ALPHA = int(str(PRESET["sft.lora_rank"])), float(str(PRESET["sft.lora_alpha"]))
STEPS, WARMUP = 6, 2  # of each measurement; the first ones are not timed
PARTS = (64, 43, 32, 21, 16, 11, 8, 5)  # of the longest row: the lengths of rows as a domain has them, 64 to 819 tokens
BATCH = 8  # rows of a forward pass where TRL pads them: its default
CARD = 24e9  # bytes: what the preset promises to stay under
MIB = 2**20


@dataclass(frozen=True)
class Size:
    """A model by its config.json, and the lengths in tokens that it is trained on."""

    config: dict[str, Any]
    row: int
    prompts: dict[int, int]  # what a prompt of so many tokens comes to


_COMMON = {"model_type": "qwen3", "tie_word_embeddings": False, "rms_norm_eps": 1e-6, "max_position_embeddings": 40960}
# The published config.json of Qwen/Qwen3-8B.
FULL = Size(
    _COMMON
    | {
        "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "rope_theta": 1e6,
    },
    4096,
    {1000: 1000, 4000: 4000},
)  # fmt: skip
TINY = Size(
    _COMMON
    | {
        "vocab_size": 5000, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "rope_theta": 1e6,
    },
    600,
    {1000: 40, 4000: 80},
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One measurement. `expected` is about how many seconds it takes with loading, to skip what does not fit."""

    kind: Literal["sft", "mixed", "dpo"]  # rows as long as they may be, rows of mixed lengths, preference groups
    side: Literal["ours", "trl"]
    method: Literal["lora", "qlora"] = "lora"
    k: int = 0
    prompt: int = 0
    apart: bool = False  # TRL: one pair in a forward pass instead of K
    expected: int = 25


CASES = [
    Case("sft", "ours"),
    Case("sft", "trl"),
    Case("sft", "ours", "qlora"),
    Case("sft", "trl", "qlora"),
    Case("dpo", "ours", k=5, prompt=4000),
    Case("dpo", "trl", k=5, prompt=4000, expected=50),
    Case("dpo", "ours", k=5, prompt=1000),
    Case("dpo", "trl", k=5, prompt=1000),
    Case("dpo", "ours", k=1, prompt=1000),
    Case("dpo", "trl", k=1, prompt=1000),
    Case("dpo", "ours", "qlora", k=3, prompt=4000),
    Case("mixed", "ours"),
    Case("mixed", "trl"),
]


def sft_config(case: Case, size: Size, device: str) -> SftConfig:
    """A step is one forward pass of `size.row` tokens."""
    return SftConfig(epochs=1, learning_rate=1e-4,
        method=case.method, lora_rank=RANK, lora_alpha=ALPHA, batch_tokens=size.row, max_length=size.row,
        save_steps=0, gradient_checkpointing=True, device=device,
    )  # fmt: skip


def dpo_config(case: Case, size: Size, device: str) -> DpoConfig:
    """A step is one group. Room for the prompt and its answers, so that nothing is cut."""
    return DpoConfig(epochs=1, learning_rate=1e-5,
        method=case.method, lora_rank=RANK, lora_alpha=ALPHA, groups_per_step=1, k=case.k, sft_weight=0.0,
        max_length=size.prompts[case.prompt] + 128, max_completion=64, save_steps=0, gradient_checkpointing=True,
        device=device,
    )  # fmt: skip


def counted(case: Case, size: Size, device: str) -> float:
    """The peak by our own arithmetic (`train.runner.memory_estimate`), in MiB."""
    shape = ModelShape.of("bench", size.config)
    if case.kind == "dpo":
        return dpo_footprint(shape, dpo_config(case, size, device), device).total / MIB
    return sft_footprint(shape, sft_config(case, size, device), device).total / MIB


def runnable(case: Case, device: str) -> bool:
    """Whether the device can do it at all: 4 bits need a card."""
    return device != "cpu" or case.method != "qlora"
