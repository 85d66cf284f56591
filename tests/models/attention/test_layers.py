"""What a model is found to keep of the tokens before, and the sentence about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.models.attention.layers import Way, expected, layers_of
from steadyhand.models.loading.quiet import quiet
from tests import architectures

STATE = ("qwen3_5", "qwen3_5_moe", "lfm2", "granitemoehybrid", "nemotron_h")
FULL = ("falcon_h1", "llama4")
SLIDES = ("mistral", "qwen2_window", "gemma2", "gemma3", "gemma4", "gemma4_moe", "gpt_oss", "olmo3", "phi3")


@pytest.mark.parametrize("name", architectures.NAMES)
def test_the_way_and_the_windows_are_found_and_a_config_says_the_same(name: str, tmp_path: Path) -> None:
    model = architectures.model(name)
    before, found = model.config._attn_implementation, layers_of(model)
    assert found.way is (Way.STATE if name in STATE else Way.FULL if name in FULL else Way.PACKED)
    assert set(found.windows) == ({architectures.WINDOW} if name in SLIDES else set())
    assert found.plain is (name not in SLIDES)
    assert model.config._attn_implementation == before
    with quiet():
        model.config.save_pretrained(tmp_path)
    config = expected(tmp_path)
    assert (config.kinds, config.way, set(config.windows)) == (found.kinds, found.way, set(found.windows))
    assert len(found.kinds) == model.config.num_hidden_layers


def test_one_sentence_says_what_is_computed() -> None:
    assert layers_of(architectures.model("gemma4")).told() == (
        "1 sliding_attention + 1 full_attention + 2 without keys of their own (windows of 8 tokens): "
        "rows share sequences and answers share their prompt"
    )
    assert (
        layers_of(architectures.model("llama4"))
        .told()
        .endswith("every answer is computed with a prompt of its own, as chunked_attention is not understood")
    )


def test_a_mask_that_no_layer_was_told_of_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window in the mask alone would be lost where the mask is ours."""
    from transformers.models.mistral import modeling_mistral

    model = architectures.model("mistral")
    inner = modeling_mistral.MistralAttention.forward

    def silent(self: object, *given: object, **options: object) -> object:
        window, model.config.sliding_window = model.config.sliding_window, None
        try:
            return inner(self, *given, **options)
        finally:
            model.config.sliding_window = window

    monkeypatch.setattr(modeling_mistral.MistralAttention, "forward", silent)
    found = layers_of(model)
    assert (found.way, found.why) == (Way.FULL, "its masks are its own")
