"""Defaults that a preset replaces. A preset never overrides what a file, a variable or a flag says.

`nano` is empty: the built-in defaults are its values.
`qwen3-8b-24gb`: 8.2 B weights in bfloat16 (what LoRA training uses on a GPU) take 16.4 GB, which leaves room for
adapters and for the activations of one long row, recomputed. Rank 16 and a rate of 1e-4 are common LoRA choices.
`qwen3-8b-80gb`: the same training; there is room to keep the activations, so nothing is computed twice.
`qwen3-8b-8x80gb`: all weights are fine-tuned, in float32, on eight cards that share gradients and optimizer.
"""

from __future__ import annotations

_EIGHT_B: dict[str, object] = {
    "model.base": "Qwen/Qwen3-8B",
    "sft.method": "lora",
    "sft.lora_rank": 16,
    "sft.lora_alpha": 32.0,
    "sft.learning_rate": 1e-4,
    "sft.batch_tokens": 16384,
    "sft.micro_tokens": 4096,
    "sft.gradient_checkpointing": True,
    "sft.max_length": 4096,
    "dpo.method": "lora",
    "dpo.lora_rank": 16,
    "dpo.lora_alpha": 32.0,
    "dpo.learning_rate": 5e-6,
    "dpo.groups_per_step": 8,
    "dpo.gradient_checkpointing": True,
    "dpo.max_length": 4096,
    "watch.max_tokens": 512,
    "eval.batch_size": 8,
    "sampling.max_tokens": 2048,
}
PRESETS: dict[str, dict[str, object]] = {
    "nano": {},
    "qwen3-8b-24gb": _EIGHT_B,
    "qwen3-8b-80gb": _EIGHT_B
    | {"sft.gradient_checkpointing": False, "dpo.gradient_checkpointing": False, "eval.batch_size": 32},
    "qwen3-8b-8x80gb": _EIGHT_B
    | {
        "machine.workers": 8,
        "machine.sharded": True,
        "sft.method": "full",
        "sft.learning_rate": 1e-5,
        "sft.batch_tokens": 65536,
        "sft.micro_tokens": 8192,
        "eval.batch_size": 32,
    },
}
BUDGETS = {"qwen3-8b-24gb": 24.0, "qwen3-8b-80gb": 80.0, "qwen3-8b-8x80gb": 80.0}  # GB of a card that it must fit
