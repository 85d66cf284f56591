"""A tiny random model of every architecture that a user may bring, from transformers' own configs: windows of 8 tokens,
so that short texts reach beyond them, and every kind of layer at least twice where an architecture has several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

VOCABULARY = 340  # as `tests.tiny`, whose tokenizer fits
WINDOW = 8
SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 512,
    "tie_word_embeddings": True, "initializer_range": 0.2, "eos_token_id": 2, "pad_token_id": 0, "bos_token_id": None,
}  # fmt: skip
SLIDING = ["sliding_attention", "full_attention"]


def _without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in SIZES.items() if key not in names}


def _config(name: str) -> Any:
    import transformers as t

    moe: dict[str, Any] = {"moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2}
    delta = {
        "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
        "layer_types": ["linear_attention", "full_attention"] * 2,
    }  # fmt: skip
    plain = _without("head_dim")
    made: dict[str, Callable[[], Any]] = {
        "llama": lambda: t.LlamaConfig(**SIZES),
        "mistral": lambda: t.MistralConfig(**SIZES, sliding_window=WINDOW),
        "mistral_full": lambda: t.MistralConfig(**SIZES, sliding_window=None),
        "qwen2": lambda: t.Qwen2Config(**plain),
        "qwen2_window": lambda: t.Qwen2Config(
            **plain, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=2
        ),
        "qwen3": lambda: t.Qwen3Config(**SIZES),
        "qwen3_moe": lambda: t.Qwen3MoeConfig(**SIZES, **moe),
        "qwen3_5": lambda: t.Qwen3_5TextConfig(**SIZES, **delta),
        "qwen3_5_moe": lambda: t.Qwen3_5MoeTextConfig(
            **_without("intermediate_size"), **delta, **moe, shared_expert_intermediate_size=16
        ),
        "gemma2": lambda: t.Gemma2Config(**SIZES, sliding_window=WINDOW, query_pre_attn_scalar=8),
        "gemma3": lambda: t.Gemma3TextConfig(
            **SIZES, sliding_window=WINDOW, layer_types=SLIDING * 2, query_pre_attn_scalar=8
        ),
        "gemma4": lambda: t.Gemma4TextConfig(
            **SIZES,
            sliding_window=WINDOW,
            layer_types=SLIDING * 2,
            global_head_dim=16,
            num_kv_shared_layers=2,
            hidden_size_per_layer_input=8,
            vocab_size_per_layer_input=VOCABULARY,
        ),  # fmt: skip
        "gemma4_moe": lambda: t.Gemma4TextConfig(
            **SIZES,
            sliding_window=WINDOW,
            layer_types=SLIDING * 2,
            global_head_dim=16,
            num_kv_shared_layers=0,
            hidden_size_per_layer_input=0,
            enable_moe_block=True,
            num_experts=4,
            top_k_experts=2,
            moe_intermediate_size=16,
        ),  # fmt: skip
        "lfm2": lambda: t.Lfm2Config(
            **plain, layer_types=["conv", "conv", "full_attention", "conv"], block_auto_adjust_ff_dim=False
        ),
        "granitemoehybrid": lambda: t.GraniteMoeHybridConfig(
            **plain,
            layer_types=["mamba", "attention"] * 2,
            mamba_n_heads=8,
            mamba_d_head=8,
            mamba_d_state=8,
            mamba_n_groups=1,
            mamba_chunk_size=16,
            num_local_experts=4,
            num_experts_per_tok=2,
            shared_intermediate_size=16,
            position_embedding_type="rope",
        ),  # fmt: skip
        "nemotron_h": lambda: t.NemotronHConfig(
            **_without("num_hidden_layers"),
            layers_block_type=["mamba", "moe", "attention", "mlp", "mamba"],
            mamba_num_heads=8,
            mamba_head_dim=8,
            ssm_state_size=8,
            n_groups=1,
            chunk_size=16,
            n_routed_experts=4,
            num_experts_per_tok=2,
            moe_intermediate_size=16,
            moe_shared_expert_intermediate_size=16,
        ),  # fmt: skip
        "gpt_oss": lambda: t.GptOssConfig(
            **SIZES, sliding_window=WINDOW, layer_types=SLIDING * 2, num_local_experts=4, num_experts_per_tok=2
        ),
        "olmo3": lambda: t.Olmo3Config(**_without("head_dim"), sliding_window=WINDOW, layer_types=SLIDING * 2),
        "phi3": lambda: t.Phi3Config(**_without("head_dim"), sliding_window=WINDOW),
        "falcon_h1": lambda: t.FalconH1Config(
            **SIZES,
            mamba_d_ssm=64,
            mamba_n_heads=8,
            mamba_d_head=8,
            mamba_d_state=8,
            mamba_n_groups=1,
            mamba_chunk_size=16,
        ),  # fmt: skip
        "llama4": lambda: t.Llama4TextConfig(
            **_without("intermediate_size"),
            intermediate_size=16,
            intermediate_size_mlp=48,
            attention_chunk_size=WINDOW,
            num_local_experts=4,
            num_experts_per_tok=1,
        ),  # fmt: skip
    }
    return made[name]()


NAMES = (
    "llama", "mistral", "mistral_full", "qwen2", "qwen2_window", "qwen3", "qwen3_moe", "qwen3_5", "qwen3_5_moe",
    "gemma2", "gemma3", "gemma4", "gemma4_moe", "lfm2", "granitemoehybrid", "nemotron_h", "gpt_oss", "olmo3", "phi3",
    "falcon_h1", "llama4",
)  # fmt: skip


def model(name: str, seed: int = 0) -> Any:
    """In float32, ready to answer; random, and not near any symmetry."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    made = AutoModelForCausalLM.from_config(_config(name)).eval()
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in made.parameters():  # biases, norms and sinks begin as zeros or ones, which hide mistakes
            part.add_(0.05 * torch.randn(part.shape, generator=draw))
    return made
