"""A tiny random model of every architecture that a user may bring, from transformers' own configs: windows of 8 tokens,
so that short texts reach beyond them, and every kind of layer at least twice where an architecture has several."""

from __future__ import annotations

from typing import Any

VOCABULARY = 340  # as `tests.tiny`, whose tokenizer fits
WINDOW = 8
SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 512,
    "tie_word_embeddings": True, "initializer_range": 0.2, "eos_token_id": 2, "pad_token_id": 0, "bos_token_id": None,
}  # fmt: skip
SLIDES = {"sliding_window": WINDOW}
MIXED = SLIDES | {"layer_types": ["sliding_attention", "full_attention"] * 2}
MOE = {"moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2}
DELTA = {
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
    "layer_types": ["linear_attention", "full_attention"] * 2,
}  # fmt: skip
MAMBA = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_n_groups": 1, "mamba_chunk_size": 16}
NO_HEAD, NO_LAYERS = {"head_dim": None}, {"num_hidden_layers": None}  # not told to the config

# (the config's class, what it takes beside SIZES; None takes a size away)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", {}),
    "mistral": ("MistralConfig", SLIDES),
    "mistral_full": ("MistralConfig", {"sliding_window": False}),
    "qwen2": ("Qwen2Config", NO_HEAD),
    "qwen2_window": ("Qwen2Config", SLIDES | NO_HEAD | {"use_sliding_window": True, "max_window_layers": 2}),
    "qwen3": ("Qwen3Config", {}),
    "qwen3_moe": ("Qwen3MoeConfig", MOE),
    "qwen3_5": ("Qwen3_5TextConfig", DELTA),
    "qwen3_5_moe": ("Qwen3_5MoeTextConfig", DELTA | MOE | {"shared_expert_intermediate_size": 16}),
    "gemma2": ("Gemma2Config", SLIDES | {"query_pre_attn_scalar": 8}),
    "gemma3": ("Gemma3TextConfig", MIXED | {"query_pre_attn_scalar": 8}),
    "gemma4": ("Gemma4TextConfig", MIXED | {
        "global_head_dim": 16, "num_kv_shared_layers": 2, "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": VOCABULARY,
    }),
    "gemma4_moe": ("Gemma4TextConfig", MIXED | {
        "global_head_dim": 16, "num_kv_shared_layers": 0, "hidden_size_per_layer_input": 0, "enable_moe_block": True,
        "num_experts": 4, "top_k_experts": 2, "moe_intermediate_size": 16,
    }),
    "lfm2": ("Lfm2Config", NO_HEAD | {
        "layer_types": ["conv", "conv", "full_attention", "conv"], "block_auto_adjust_ff_dim": False,
    }),
    "granitemoehybrid": ("GraniteMoeHybridConfig", MAMBA | NO_HEAD | {
        "layer_types": ["mamba", "attention"] * 2, "num_local_experts": 4, "num_experts_per_tok": 2,
        "shared_intermediate_size": 16, "position_embedding_type": "rope",
    }),
    "nemotron_h": ("NemotronHConfig", NO_LAYERS | {
        "layers_block_type": ["mamba", "moe", "attention", "mlp", "mamba"], "mamba_num_heads": 8, "mamba_head_dim": 8,
        "ssm_state_size": 8, "n_groups": 1, "chunk_size": 16, "n_routed_experts": 4, "num_experts_per_tok": 2,
        "moe_intermediate_size": 16, "moe_shared_expert_intermediate_size": 16,
    }),
    "gpt_oss": ("GptOssConfig", MIXED | {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "olmo3": ("Olmo3Config", MIXED | NO_HEAD),
    "phi3": ("Phi3Config", SLIDES | NO_HEAD),
    "falcon_h1": ("FalconH1Config", MAMBA | {"mamba_d_ssm": 64}),
    "llama4": ("Llama4TextConfig", {
        "intermediate_size": 16, "intermediate_size_mlp": 48, "attention_chunk_size": WINDOW, "num_local_experts": 4,
        "num_experts_per_tok": 1,
    }),
}  # fmt: skip
NAMES = tuple(KINDS)


def config(name: str, **other: Any) -> Any:
    import transformers

    kind, given = KINDS[name]
    sizes = {key: value for key, value in (SIZES | given | other).items() if value is not None or key == "bos_token_id"}
    if sizes.get("sliding_window") is False:
        sizes["sliding_window"] = None
    return getattr(transformers, kind)(**sizes)


def model(name: str, seed: int = 0, **other: Any) -> Any:
    """In float32, ready to answer; random, and not near any symmetry."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    made = AutoModelForCausalLM.from_config(config(name, **other)).eval()
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in made.parameters():  # biases, norms and sinks begin as zeros or ones, which hide mistakes
            part.add_(0.05 * torch.randn(part.shape, generator=draw))
    return made
