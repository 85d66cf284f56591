"""The model that is trained: loaded in the right number format, with adapters when asked, and saved again.

Tokenizer files are copied as they are, never written anew: serving must render byte for byte what training saw.
Imports torch: import late.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.models.loading.adapter_base import note_base
from steadyhand.models.loading.adapters import VIRTUAL, kind_of, virtual_ids
from steadyhand.models.loading.files import copy_tokenizer_files
from steadyhand.models.loading.load import check_vocabulary, load_tokenizer, load_weights
from steadyhand.models.loading.overlay import original
from steadyhand.models.loading.quiet import quiet
from steadyhand.models.loading.resolve import base_of, resolve
from steadyhand.settings.training import TrainConfig
from steadyhand.train.runner.adapters import with_adapter
from steadyhand.train.runner.result import publish, write_record


def trainable(name: str | Path, config: TrainConfig) -> tuple[Any, Any, Path]:
    """(model, tokenizer, folder) ready to train by `config.method`. Raises PrerequisiteError, and UsageError for an
    adapter folder that the method cannot go on with.

    An adapter folder goes on with its own adapter when it is of the method (its own rank and scale) and is merged into
    its base first when the method is "full".
    """
    from steadyhand.models.loading.quantized import require

    if config.method == "qlora":
        require()
    folder = resolve(name)
    tokenizer = load_tokenizer(folder)
    given = kind_of(folder)
    _refuse_stacked(folder, given, config.method)
    dtype = "float32" if config.method == "full" or config.precision == "float32" else "auto"
    model = load_weights(
        folder,
        device=config.device,
        dtype=dtype,
        trainable=config.method != "full",
        quantized=config.method == "qlora",
    )
    check_vocabulary(model, tokenizer, folder)
    if config.method == "full":
        model = model.merge_and_unload() if given else model
        model.requires_grad_(True)
        _set_trained(model, config.train_embeddings)
    elif not given:
        model = with_adapter(model, tokenizer, config)
        model.peft_config["default"].base_model_name_or_path = _lasting_name(name, folder)
    return model, tokenizer, folder


def before(model: Any, folder: Path) -> Any:
    """The model as `folder` has it. Virtual tokens that are new are no part of it, and unlike all other adapters they
    change the answers from the start on."""
    return model.get_base_model() if virtual_ids(model) and kind_of(folder) is None else model


def _refuse_stacked(folder: Path, given: str | None, method: str) -> None:
    if given is None or given == {"qlora": "lora"}.get(method, method):
        return
    if given in VIRTUAL:
        raise UsageError(
            f"the model has a {given}, which cannot be merged, so method {method!r} cannot go on with it",
            where=str(folder),
            next=f'set method = "{given}", which trains it further, or start from its base',
        )
    if method != "full":
        raise UsageError(
            f"the model is a {given} adapter, and method {method!r} would put another on top",
            where=str(folder),
            next=f'set method = "{given}", which trains it further, or merge it first (`steady export`)',
        )


def _set_trained(model: Any, embeddings: bool) -> None:
    """Some models embed a token once more for every layer (Gemma 4)."""
    inner = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    for outer in (*inner, model.get_output_embeddings()):
        outer.requires_grad_(embeddings)


def _lasting_name(name: str | Path, folder: Path) -> str:
    return str(original(folder).resolve()) if Path(name).expanduser().exists() else str(name)


def save(model: Any, source: Path, out: Path, config: TrainConfig, facts: Mapping[str, Json]) -> None:
    """Puts the model or adapter, the tokenizer files of `source` and the record of the training at `out`, at once."""

    def write(folder: Path) -> None:
        with quiet():
            # "auto" would ask the hub whether the base model's vocabulary was resized
            model.save_pretrained(folder, **({"save_embedding_layers": False} if config.method != "full" else {}))
        if base := base_of(folder):
            note_base(folder, base)
        copy_tokenizer(source, folder)
        write_record(folder, config, facts)

    publish(out, write)


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copies the tokenizer's files; an adapter folder without its own takes its base's."""
    home = source
    if not (source / "tokenizer_config.json").is_file() and not (source / "tokenizer.json").is_file():
        home = base_of(source) or source
    copy_tokenizer_files(home, target)
