"""The files that make up a model or an adapter; what else lies in its folder is not handed on."""

from __future__ import annotations

import shutil
from pathlib import Path

from steadyhand.models.loading.adapter_base import NOTE
from steadyhand.models.loading.adapters import ADAPTER

TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "tokenizer.model", "generation_config.json",
)  # fmt: skip
TEMPLATES = "additional_chat_templates/*.jinja"  # one for calls, say, beside the usual one
_OTHERS = ("config.json", "*.safetensors", "*.safetensors.index.json", ADAPTER, NOTE, "LICENSE*", "NOTICE*")


def copy_model(source: Path, target: Path) -> None:
    """Copies a model or adapter as it lies in `source` into the folder `target`, made when missing."""
    target.mkdir(parents=True, exist_ok=True)
    _copy(source, target, (*TOKENIZER_FILES, TEMPLATES, *_OTHERS))


def copy_tokenizer_files(source: Path, target: Path) -> None:
    """Copies what of a model in `source` is its tokenizer and templates."""
    _copy(source, target, (*TOKENIZER_FILES, TEMPLATES))


def _copy(source: Path, target: Path, patterns: tuple[str, ...]) -> None:
    for path in sorted({path for pattern in patterns for path in source.glob(pattern) if path.is_file()}):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
