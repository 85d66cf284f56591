"""What each method trains, put on a loaded model by peft. Imports torch: import late.

"lora", "qlora", "dora" and "ia3" start as a no-op: the model answers as before. Virtual tokens ("prefix", "prompt")
start as random words of the vocabulary in front of the prompt, which no choice could make a no-op.
"""

from __future__ import annotations

import random
from typing import Any

import torch

from steadyhand.errors import PrerequisiteError, UsageError, first_line
from steadyhand.models.attention.layers import Way, layers_of
from steadyhand.models.loading.adapters import VIRTUAL
from steadyhand.models.loading.quiet import quiet
from steadyhand.settings.training import TrainConfig

IA3_KEYS_VALUES, IA3_INNER = ("k_proj", "v_proj"), ("down_proj",)


def with_adapter(model: Any, tokenizer: Any, config: TrainConfig) -> Any:
    """`model` with a fresh adapter of `config.method`, all else frozen. Raises PrerequisiteError for a model whose
    layers "ia3" does not know."""
    torch.manual_seed(config.seed)
    with quiet():
        if config.method in VIRTUAL:
            _refuse_virtual(model, config.method)
            return _with_virtual_tokens(model, tokenizer, config)
        from peft import get_peft_model

        try:
            return get_peft_model(model, _ia3() if config.method == "ia3" else _lora(config))
        except ValueError as error:
            raise PrerequisiteError(
                f"the model has no layers for method {config.method!r} ({first_line(error)})",
                next='set method = "lora", which takes all linear layers',
            ) from error


def _lora(config: TrainConfig) -> Any:
    """W + (alpha / r) B A (Hu et al. 2021, equation 3); with "dora" m (W + B A) / |W + B A|, a norm and a
    magnitude m for every output (Liu et al. 2024, equation 5)."""
    from peft import LoraConfig

    return LoraConfig(
        task_type="CAUSAL_LM",
        target_modules="all-linear",
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=0.0,  # dropout would make policy and reference differ at the first step
        use_dora=config.method == "dora",
    )


def _ia3() -> Any:
    """Scales l_k, l_v and l_ff of keys, values and what enters the last map of the MLP (Liu et al. 2022, section 3.3);
    peft's own choice for Qwen scales queries in place of keys."""
    from peft import IA3Config

    return IA3Config(
        task_type="CAUSAL_LM",
        target_modules=[*IA3_KEYS_VALUES, *IA3_INNER],
        feedforward_modules=list(IA3_INNER),
    )


def _refuse_virtual(model: Any, method: str) -> None:
    """Raises UsageError where keys and values of one shape cannot stand before all layers, or tokens before all
    embeddings."""
    layers = layers_of(model)
    if method == "prefix" and not (layers.plain and layers.way is Way.PACKED):
        what = f"a prefix stands before full attention alone ({layers.told()})"
    elif getattr(model.config.get_text_config(decoder=True), "hidden_size_per_layer_input", 0):
        what = "virtual tokens have one embedding each, and this model one for every layer"
    else:
        return
    raise UsageError(what, next='set method = "lora"')


def _with_virtual_tokens(model: Any, tokenizer: Any, config: TrainConfig) -> Any:
    from peft import PrefixTuningConfig, PromptTuningConfig

    from steadyhand.models.loading.virtual_tokens import VirtualModel

    kind = PrefixTuningConfig if config.method == "prefix" else PromptTuningConfig
    made = VirtualModel(model, kind(task_type="CAUSAL_LM", num_virtual_tokens=config.virtual_tokens))
    made.start_as(_words(tokenizer, config))
    return made


def _words(tokenizer: Any, config: TrainConfig) -> list[int]:
    """As many random ids of ordinary tokens as there are virtual ones."""
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    ordinary = [token for token in range(len(tokenizer)) if token not in special]
    return random.Random(config.seed).choices(ordinary, k=config.virtual_tokens)
