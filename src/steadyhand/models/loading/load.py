"""From a name to a model: the packaged base, a local folder, an adapter folder or a hub id.

Knows where weights and tokenizers lie and what can be wrong with them; every such fault is one PrerequisiteError.
Knows nothing of prompts or decoding (`generate`).
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.chat.template import DATE, day_in
from steadyhand.errors import PrerequisiteError
from steadyhand.ledger.digests import digest
from steadyhand.ledger.seal import refuse_changed
from steadyhand.models.loading.adapter_base import check_base
from steadyhand.models.loading.adapters import ADAPTER, VIRTUAL, adapter_config, identity, json_object, kind_of
from steadyhand.models.loading.files import TEMPLATES
from steadyhand.models.loading.quiet import quiet
from steadyhand.models.loading.remote_code import ADAPTER_WEIGHTS, CLOSED, refuse_code, refuse_tokenizer_class

if TYPE_CHECKING:
    import torch

    from steadyhand.models.generation.local import LocalModel

BUILT_IN = "steady-nano"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


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


def resolve(name_or_path: str | Path, *, fetch: bool = True) -> Path:
    """The folder that holds the model. A hub id is fetched into the hub's own cache; without `fetch` it has to be there
    already. Raises PrerequisiteError, also for a folder that would run something (`remote_code`)."""
    name = str(name_or_path)
    if name == BUILT_IN:
        return _checked(Path(str(resources.files("steadyhand.models") / "nano")))
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(folder)
    if folder.parent != Path() and folder.parent.is_dir() and not folder.exists():  # no hub is asked for a slip
        after = f"name one that is in {folder.parent}; for a model of the hub call `steady` from another folder"
        raise PrerequisiteError("not a model folder: there is none of this name", where=name, next=after)
    if folder.exists() or not _HUB_ID.fullmatch(name):
        raise PrerequisiteError(
            "not a model folder", where=name, next=f"give a folder, {BUILT_IN} or a hub id such as Qwen/Qwen3-8B"
        )
    return _checked(_from_hub(name, fetch))


def _from_hub(name: str, fetch: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model"]
    try:
        with quiet():
            return Path(snapshot_download(name, allow_patterns=patterns, local_files_only=not fetch))
    except (OSError, HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        if not fetch:
            what, after = "it is not on this machine, and is not fetched unasked", f"`hf download {name}` fetches it"
            raise PrerequisiteError(what, where=name, next=after) from error
        raise PrerequisiteError(
            f"the model hub does not give this model ({_first_line(error)})",
            where=name,
            next=f"check the name and the network; or elsewhere: `hf download {name} --local-dir DIR`, then name DIR",
        ) from error


def _checked(folder: Path) -> Path:
    adapter = (folder / ADAPTER).is_file()
    if not adapter and not (folder / "config.json").is_file():
        raise PrerequisiteError(
            "not a model: neither config.json nor adapter_config.json", where=str(folder), next="name a model folder"
        )
    refuse_changed(folder)
    refuse_code(folder)
    if not any(folder.glob(ADAPTER_WEIGHTS if adapter else "*.safetensors")):
        raise PrerequisiteError(
            f"a model without weights: no {ADAPTER_WEIGHTS if adapter else '*.safetensors file'}",
            where=str(folder),
            next="complete the download, or convert the weights with save_pretrained",
        )
    return folder


def base_of(folder: Path) -> Path | None:
    """The base model's folder of an adapter, or None for a whole model. Raises PrerequisiteError."""
    if not (folder / ADAPTER).is_file():
        return None
    try:
        base = resolve(adapter_config(folder)["base_model_name_or_path"], fetch=False)
    except (KeyError, TypeError) as error:
        raise PrerequisiteError("adapter_config.json names no base model", where=str(folder / ADAPTER)) from error
    except PrerequisiteError as error:
        raise PrerequisiteError(
            f"the adapter's base model is missing: {error.what}",
            where=error.where,
            next=f"{error.next}; or put the base back, or correct base_model_name_or_path in adapter_config.json",
        ) from error
    if (base / ADAPTER).is_file():
        raise PrerequisiteError(
            f"the base of the adapter {folder} is an adapter itself", where=str(base), next="merge that one first"
        )
    return base


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model or adapter folder, with a chat template. Raises PrerequisiteError."""
    from transformers import AutoTokenizer

    home = folder
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json", "tokenizer.model")):
        home = base_of(folder) or folder
    refuse_code(home)
    refuse_tokenizer_class(home)
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(home, **CLOSED)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise PrerequisiteError(
            f"the tokenizer cannot be read ({_first_line(error)})",
            where=str(home),
            next="copy the base model's tokenizer files here",
        ) from error
    if not tokenizer.chat_template:
        raise PrerequisiteError(
            "the tokenizer has no chat template, so dialogues and tools cannot be rendered",
            where=str(home),
            next="use an instruct model, or add a chat_template.jinja with tools",
        )
    return tokenizer


def load_weights(
    folder: Path, *, device: str = "auto", dtype: str = "auto", trainable: bool = False, quantised: bool = False
) -> Any:
    """The causal language model of a folder; an adapter is put on its base, unmerged.

    `trainable` leaves an adapter's own weights trainable. `quantised` holds the base's matrices in 4 bits (CUDA and
    bitsandbytes only). Raises PrerequisiteError, also for weights that are missing or of another shape, which
    transformers would silently draw at random.
    """
    place = device_of(device)
    base = base_of(folder)
    if base is not None:
        check_base(folder, base)
    if quantised:
        from steadyhand.models.loading.quantized import four_bits

        model = _base_weights(base or folder, dtype_of(dtype, place), **four_bits(place))
    else:
        model = _base_weights(base or folder, dtype_of(dtype, place)).to(place)
    if base is None:
        return model
    return _with_adapter(model, folder, trainable)


def _with_adapter(model: Any, folder: Path, trainable: bool) -> Any:
    from peft import PeftModel

    try:
        with quiet():
            if kind_of(folder) in VIRTUAL:
                from steadyhand.models.loading.virtual_tokens import load_virtual

                return load_virtual(model, folder, trainable=trainable)
            return PeftModel.from_pretrained(model, str(folder), is_trainable=trainable, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise PrerequisiteError(
            f"the adapter does not fit its base model ({_first_line(error)})",
            where=str(folder),
            next="name the base it was trained on in adapter_config.json",
        ) from error


def _base_weights(folder: Path, dtype: torch.dtype, **how: Any) -> Any:
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    try:
        with quiet():
            model, info = AutoModelForCausalLM.from_pretrained(
                folder, dtype=dtype, attn_implementation="sdpa", output_loading_info=True,
                use_safetensors=True, **CLOSED, **how,
            )  # fmt: skip
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError, SafetensorError) as error:
        raise PrerequisiteError(
            f"the weights cannot be read ({_first_line(error)})", where=str(folder), next="fetch the model again"
        ) from error
    wrong = [*info["missing_keys"], *info["mismatched_keys"]]
    if wrong:
        raise PrerequisiteError(
            f"{len(wrong)} weights are missing or of another shape, the first is {wrong[0]}",
            where=str(folder),
            next="fetch the model again",
        )
    _only_full_attention(model, folder)
    return model


def _only_full_attention(model: Any, folder: Path) -> None:
    """Prefix sharing and group DPO keep every token's keys; a sliding window or a recurrent state drops them."""
    config = model.config.get_text_config(decoder=True)
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    if kinds != {"full_attention"}:
        raise PrerequisiteError(
            f"layers of kind {', '.join(sorted(kinds - {'full_attention'}))} are not supported",
            where=str(folder),
            next="use a model with full attention in every layer, such as Qwen3",
        )


def check_vocabulary(model: Any, tokenizer: Any, folder: Path) -> None:
    """Raises PrerequisiteError when the tokenizer knows tokens that the model has no embedding for."""
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise PrerequisiteError(
            f"the tokenizer has {len(tokenizer)} tokens, the model {rows}: they do not belong together",
            where=str(folder),
            next="use the tokenizer that came with the model",
        )


def fingerprint(folder: Path, day: date = DATE, *, config: bool = True) -> str:
    """sha256 (hex) over all of a model that its answers follow from, and the base's of an adapter: the weights files,
    tokenizer, chat template and config.json; and over `day` where the template writes the date. `config` False: without
    config.json, as 0.1 made it.

    Files are streamed in name order; each is preceded by its name, so that moved content changes the result. Of texts
    that libraries write anew in each version only what changes answers counts.
    """
    total = hashlib.sha256()
    base = base_of(folder)
    for home in [base, folder] if base else [folder]:
        names = ["tokenizer.json", "chat_template.jinja", "tokenizer_config.json", ADAPTER]
        names += ["config.json"] if config else []
        names += [] if (home / "tokenizer.json").is_file() else ["vocab.json", "merges.txt", "tokenizer.model"]
        texts = [home / name for name in names if (home / name).is_file()] + list(home.glob(TEMPLATES))
        for path in sorted([*home.glob("*.safetensors"), *texts]):
            total.update(f"{path.name}\n".encode())
            total.update(_digest(path))
            if path.suffix in (".jinja", ".json") and path.name != "tokenizer.json":  # where a template may stand
                total.update(day_in(path.read_text("utf-8", "replace"), day).encode())
    return total.hexdigest()


_UNHEARD = {  # keys of a config.json that say nothing of the answers
    "_name_or_path", "transformers_version", "dtype", "torch_dtype", "use_cache", "architectures",
    "output_attentions", "output_hidden_states", "initializer_range", "max_window_layers",
}  # fmt: skip


def _digest(path: Path) -> bytes:
    if path.name == "tokenizer_config.json":  # only its template counts: other keys change with library versions
        return _json_digest(json_object(path).get("chat_template", ""))
    if path.name == ADAPTER:
        return _json_digest(identity(adapter_config(path.parent)))
    if path.name == "config.json":
        row = {key: value for key, value in json_object(path).items() if key not in _UNHEARD and value is not None}
        return _json_digest(dict(sorted(row.items())))
    return bytes.fromhex(digest(path))


def _json_digest(value: object) -> bytes:
    return hashlib.sha256(json.dumps(value).encode()).digest()


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


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
