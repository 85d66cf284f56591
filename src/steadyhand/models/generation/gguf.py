"""A GGUF file as a backend: its weights, read by transformers, in the configuration and with the tokenizer of the model
folder that it was made of. Every number is what llama.cpp would read; products are in floats, where llama.cpp rounds
activations as well."""

from __future__ import annotations

import hashlib
from contextlib import redirect_stderr
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

from steadyhand.errors import PrerequisiteError
from steadyhand.files import refuse_odd
from steadyhand.models.generation.local import LocalModel
from steadyhand.models.loading.foreign import foreign
from steadyhand.models.loading.load import check_vocabulary, device_of, dtype_of, load_tokenizer, ready
from steadyhand.models.loading.remote_code import CLOSED, refuse_code
from steadyhand.models.loading.sizes import check_sizes


class GgufModel(LocalModel):
    """Backend over the weights of `file`; tokenizer and template lie in `folder`."""

    def __init__(self, model: Any, tokenizer: Any, folder: Path, file: Path) -> None:
        super().__init__(model, tokenizer, folder)
        self.file = file

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the file (which holds tokenizer.json), the chat template in use and the day that it writes."""
        with self.file.open("rb") as stream:
            total = hashlib.file_digest(stream, "sha256")
        total.update(str(self.tokenizer.chat_template).encode())
        total.update(self.renderer.date.encode())
        return total.hexdigest()


def load_gguf(file: Path, folder: Path, *, device: str = "auto", dtype: str = "auto") -> GgufModel:
    """Loads the weights of `file`, which `export.gguf` wrote of the model in `folder`; see `models.load.load`.
    Raises PrerequisiteError for a file that cannot be read or holds other weights."""
    from transformers import AutoModelForCausalLM

    place = device_of(device)
    refuse_code(folder)
    check_sizes(folder)
    refuse_odd(file)
    with foreign("the file cannot be read", file, "write it again"), redirect_stderr(StringIO()):  # for its own bar
        model, info = AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, config=_config(folder),
            dtype=dtype_of(dtype, place), output_loading_info=True, use_safetensors=True, **CLOSED,
        )  # fmt: skip
    if wrong := sorted({*info["missing_keys"], *info["mismatched_keys"]}):
        raise PrerequisiteError(
            f"{len(wrong)} weights are missing or of another shape, the first is {wrong[0]}",
            where=str(file), next="name the folder that the file was made of",
        )  # fmt: skip
    tokenizer = load_tokenizer(folder)
    check_vocabulary(model, tokenizer, folder)
    return GgufModel(ready(model.to(place), folder).eval(), tokenizer, folder, file)


def _config(folder: Path) -> Any:
    """The folder's configuration; a Mistral that does not slide is a Llama, and in GGUF stands as one."""
    from transformers import AutoConfig, LlamaConfig

    config = AutoConfig.from_pretrained(folder, **CLOSED)
    if config.model_type != "mistral":
        return config
    apart = ("model_type", "architectures", "sliding_window", "layer_types")
    return LlamaConfig(**{key: value for key, value in config.to_dict().items() if key not in apart})
