"""What settings must agree on across keys: combinations that could only fail in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator

from steadyhand.settings.model import Settings

VIRTUAL = ("prefix", "prompt")


def contradictions(settings: Settings) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(the key that is wrong and those that it disagrees with, what is wrong with it, what to do next)."""
    for name, section in (("sft", settings.sft), ("dpo", settings.dpo)):
        if section.method == "prefix" and section.gradient_checkpointing:
            yield (
                (f"{name}.gradient_checkpointing", f"{name}.method"),
                "a prefix lives in a key/value cache, which activations that are computed again cannot have",
                f'set it to false, or {name}.method = "prompt"',
            )
    if settings.sft.method == "prefix" and settings.sft.packing == "packed":
        what = "a prefix stands before one row, not between packed ones"
        yield ("sft.packing", "sft.method"), what, 'set it to "nested"'
    if settings.sft.keep_base and settings.sft.method != "full":
        yield (
            ("sft.keep_base", "sft.method"),
            "it mixes whole weights, not adapters",
            'set it to 0, or sft.method = "full"',
        )
    taught, aligned = settings.sft.method, settings.dpo.method
    if taught in VIRTUAL and (aligned != taught or settings.dpo.virtual_tokens != settings.sft.virtual_tokens):
        yield (
            ("dpo.method", "dpo.virtual_tokens", "sft.method", "sft.virtual_tokens"),
            f"fine-tuning leaves a {taught}, which cannot be merged, so preference training can only go on with it",
            f'set dpo.method = "{taught}" and dpo.virtual_tokens = {settings.sft.virtual_tokens}',
        )
