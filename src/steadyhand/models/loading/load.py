"""From a name to a model: its tokenizer and its weights, an adapter put on its base.

Knows what can be wrong with them; every such fault is one PrerequisiteError.
Knows nothing of prompts or decoding (`generate`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.chat.template import DATE
from steadyhand.errors import PrerequisiteError
from steadyhand.models.loading.adapter_base import check_base
from steadyhand.models.loading.adapters import VIRTUAL, kind_of
from steadyhand.models.loading.foreign import foreign
from steadyhand.models.loading.remote_code import CLOSED, refuse_code, refuse_tokenizer_class
from steadyhand.models.loading.resolve import base_of, resolve
from steadyhand.models.loading.sizes import check_sizes

if TYPE_CHECKING:
    import torch

    from steadyhand.models.generation.local import LocalModel


def load(name_or_path: str | Path, *, device: str = "auto", dtype: str = "auto", day: date = DATE) -> LocalModel:
    """Loads "steady-nano", a local model or adapter folder, or a hub id such as "Qwen/Qwen3-8B".

    `device`: "auto" (CUDA when there is one), "cpu", "cuda", "cuda:1". `dtype`: "auto" (float32 on the CPU, bfloat16
    elsewhere), "float32", "bfloat16" or "float16". `day`: what chat templates that write the date are told. Raises
    PrerequisiteError.
    """
    from steadyhand.models.generation.local import LocalModel

    folder = resolve(name_or_path)
    tokenizer = load_tokenizer(folder)
    model = load_weights(folder, device=device, dtype=dtype)
    check_vocabulary(model, tokenizer, folder)
    return LocalModel(model.eval(), tokenizer, folder, day)


def tokenizer_home(folder: Path) -> Path:
    """Where the tokenizer of a model or adapter folder lies: in it, or with an adapter's base."""
    if any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json", "tokenizer.model")):
        return folder
    return base_of(folder) or folder


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model or adapter folder, with a chat template. Raises PrerequisiteError."""
    from transformers import AutoTokenizer

    home = tokenizer_home(folder)
    refuse_code(home)
    check_sizes(home)  # transformers reads config.json for a tokenizer, too
    refuse_tokenizer_class(home)
    with foreign("the tokenizer cannot be read", home, "copy the base model's tokenizer files here"):
        tokenizer = AutoTokenizer.from_pretrained(home, **CLOSED)
    if not tokenizer.chat_template:
        raise PrerequisiteError(
            "the tokenizer has no chat template, so dialogues and tools cannot be rendered",
            where=str(home),
            next="use an instruct model, or give it a template: model.chat_template = FILE, or `chatml`",
        )
    return tokenizer


def load_weights(
    folder: Path, *, device: str = "auto", dtype: str = "auto", trainable: bool = False, quantized: bool = False
) -> Any:
    """The causal language model of a folder; an adapter is put on its base, unmerged.

    `trainable` leaves an adapter's own weights trainable. `quantized` holds the base's matrices in 4 bits (CUDA and
    bitsandbytes only). Raises PrerequisiteError, also for weights that are missing or of another shape, which
    transformers would silently draw at random.
    """
    place = device_of(device)
    base = base_of(folder)
    if base is not None:
        check_base(folder, base)
    if quantized:
        from steadyhand.models.loading.quantized import four_bits

        model = _base_weights(base or folder, dtype_of(dtype, place), **four_bits(place))
    else:
        model = _base_weights(base or folder, dtype_of(dtype, place)).to(place)
    model = ready(model, base or folder)
    if base is None:
        return model
    return _with_adapter(model, folder, trainable)


def _with_adapter(model: Any, folder: Path, trainable: bool) -> Any:
    from peft import PeftModel

    next = "name the base it was trained on in adapter_config.json"
    with foreign("the adapter does not fit its base model", folder, next):
        if kind_of(folder) in VIRTUAL:
            from steadyhand.models.loading.virtual_tokens import load_virtual

            return load_virtual(model, folder, trainable=trainable)
        return PeftModel.from_pretrained(model, str(folder), is_trainable=trainable, local_files_only=True)


def _base_weights(folder: Path, dtype: torch.dtype, **how: Any) -> Any:
    from transformers import AutoModelForCausalLM

    with foreign("the weights cannot be read", folder, "fetch the model again"):
        model, info = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, output_loading_info=True, use_safetensors=True, **CLOSED, **how,
        )  # fmt: skip
    wrong = [*info["missing_keys"], *info["mismatched_keys"]]
    if wrong:
        raise PrerequisiteError(
            f"{len(wrong)} weights are missing or of another shape, the first is {wrong[0]}",
            where=str(folder),
            next="fetch the model again",
        )
    return model


def ready(model: Any, folder: Path) -> Any:
    """The model with its layers known, and kept to their windows whatever mask it is given. Raises PrerequisiteError
    for one that is not causal."""
    from steadyhand.models.attention import varlen
    from steadyhand.models.attention.layers import Way, layers_of

    try:
        layers = layers_of(model)
    except PrerequisiteError as error:
        raise PrerequisiteError(error.what, where=str(folder), next=error.next) from error
    if layers.way is not Way.FULL and not layers.plain:
        varlen.use(model)
    return model


def check_vocabulary(model: Any, tokenizer: Any, folder: Path) -> None:
    """Raises PrerequisiteError when the tokenizer knows tokens that the model has no embedding for."""
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise PrerequisiteError(
            f"the tokenizer has {len(tokenizer)} tokens, the model {rows}: they do not belong together",
            where=str(folder),
            next="use the tokenizer that came with the model",
        )


def device_of(device: str) -> str:
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise PrerequisiteError("this machine has no CUDA device", where=device, next="use the device cpu")
    return device


def dtype_of(dtype: str, device: str) -> torch.dtype:
    import torch

    names = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if dtype == "auto":
        return torch.float32 if device == "cpu" else torch.bfloat16
    if dtype not in names:
        raise PrerequisiteError(f"no such number format: {dtype}", next=f"use auto, {', '.join(names)}")
    return names[dtype]
