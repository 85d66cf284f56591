"""The model that is trained: loaded in the right number format, with adapters when asked, and saved again.

Tokenizer files are copied as they are, never written anew: serving must render byte for byte what training saw.
Imports torch: import late.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from steadyhand.chat.messages import Json
from steadyhand.models.load import (
    ADAPTER,
    TOKENIZER_FILES,
    base_of,
    check_vocabulary,
    load_tokenizer,
    load_weights,
    resolve,
)  # fmt: skip
from steadyhand.models.quiet import quiet
from steadyhand.train.config import TrainConfig
from steadyhand.train.result import publish, write_record


def trainable(name: str | Path, config: TrainConfig) -> tuple[Any, Any, Path]:
    """(model, tokenizer, folder) ready to train by `config.method`. Raises PrerequisiteError.

    Adapters start as a no-op (B is zero). An adapter folder goes on with its own adapter when the method is "lora"
    (its own rank and scale) and is merged into its base first when it is "full".
    """
    folder = resolve(name)
    tokenizer = load_tokenizer(folder)
    dtype = "float32" if config.method == "full" or config.precision == "float32" else "auto"
    model = load_weights(folder, device=config.device, dtype=dtype, trainable=config.method == "lora")
    check_vocabulary(model, tokenizer, folder)
    adapter = (folder / ADAPTER).is_file()
    if config.method == "full":
        model = model.merge_and_unload() if adapter else model
        model.requires_grad_(True)
        _set_trained(model, config.train_embeddings)
    elif not adapter:
        model = _with_adapters(model, config)
        model.peft_config["default"].base_model_name_or_path = _lasting_name(name, folder)
    return model, tokenizer, folder


def _set_trained(model: Any, embeddings: bool) -> None:
    for outer in (model.get_input_embeddings(), model.get_output_embeddings()):
        outer.requires_grad_(embeddings)


def _with_adapters(model: Any, config: TrainConfig) -> Any:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(config.seed)
    lora = LoraConfig(
        task_type="CAUSAL_LM",
        target_modules="all-linear",
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=0.0,  # dropout would make policy and reference differ at the first step
    )
    with quiet():
        return get_peft_model(model, lora)


def _lasting_name(name: str | Path, folder: Path) -> str:
    return str(folder.resolve()) if Path(name).expanduser().is_dir() else str(name)


def precise(config: TrainConfig, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """The number format that the Trainer computes in, for figures that must equal its own."""
    mixed = config.precision == "bfloat16" or (config.precision == "auto" and device.type != "cpu")
    return torch.autocast(device.type, torch.bfloat16) if mixed else contextlib.nullcontext()


def save(model: Any, source: Path, out: Path, config: TrainConfig, facts: Mapping[str, Json]) -> None:
    """Puts the model or adapter, the tokenizer files of `source` and the record of the training at `out`, at once."""

    def write(folder: Path) -> None:
        with quiet():
            # "auto" would ask the hub whether the base model's vocabulary was resized
            model.save_pretrained(folder, **({"save_embedding_layers": False} if config.method == "lora" else {}))
        copy_tokenizer(source, folder)
        write_record(folder, config, facts)

    publish(out, write)


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copies the tokenizer's files; an adapter folder without its own takes its base's."""
    home = source
    if not (source / "tokenizer_config.json").is_file() and not (source / "tokenizer.json").is_file():
        home = base_of(source) or source
    for name in TOKENIZER_FILES:
        if (home / name).is_file():
            shutil.copyfile(home / name, target / name)
