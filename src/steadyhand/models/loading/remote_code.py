"""What a model folder must not hold, because reading it would run it or read something else.

A folder of weights is data from strangers. transformers and peft can run code that such a folder brings (`auto_map`),
load pickles, import modules by name and fetch further models; every such place is refused here by name, before either
of them reads the folder, and `CLOSED` says the same to them once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steadyhand.errors import PrerequisiteError
from steadyhand.files import refuse_odd
from steadyhand.models.loading.adapters import ADAPTER, json_object

CLOSED: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
"""How everything of a folder is opened; weights also with `use_safetensors=True`."""
ADAPTER_WEIGHTS = "adapter_model.safetensors"
_CONFIGS = ("config.json", "tokenizer_config.json", "generation_config.json", ADAPTER)
_PICKLES = ("pytorch_model*.bin", "pytorch_model.bin.index.json", "model*.bin", "adapter_model.bin", "*.pt", "*.pth",
            "*.ckpt", "*.pkl", "*.pickle", "*.joblib", "*.npy", "*.npz")  # fmt: skip
_TEXTS = ("*.json", "*.jinja", "*.model", "*.txt", "LICENSE*", "NOTICE*", "additional_chat_templates/*")
_OWN_CODE = ("auto_map", "custom_pipelines", "custom_generate")
_FETCHING = ("attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation")
_REACHING = (  # keys with which an adapter has peft import a module, unpickle a file or fetch another model
    "megatron_config", "tokenizer_kwargs", "prompt_tuning_init_state_dict_path", "corda_config", "lora_ga_config",
    "adapters",
)  # fmt: skip


def refuse_code(folder: Path) -> None:
    """Raises PrerequisiteError for a model or adapter folder that brings code, pickles in place of weights, or names
    files and models elsewhere.

    >>> refuse_code(Path("models/qwen"))  # nothing happens: plain weights
    """
    for path in sorted(path for pattern in (*_TEXTS, "*.safetensors", "*.gguf") for path in folder.glob(pattern)):
        if not path.is_dir():  # a folder of licenses
            refuse_odd(path)
    for name in _CONFIGS:
        path = folder / name
        if path.is_file():
            _refuse_links(folder, path)
            _refuse_keys(path, json_object(path))
    for path in sorted(path for pattern in _TEXTS for path in folder.glob(pattern)):
        _refuse_links(folder, path)
    _refuse_pickles(folder)
    for path in sorted(folder.glob("*.safetensors.index.json")):
        _refuse_shards(path)


def refuse_tokenizer_class(folder: Path) -> None:
    """Raises PrerequisiteError when the folder's tokenizer is of a class that transformers does not have: another one
    in its place would read text into other tokens. Imports transformers."""
    from transformers.models.auto.tokenization_auto import tokenizer_class_from_name

    for name in ("tokenizer_config.json", "config.json"):
        path = folder / name
        given = json_object(path).get("tokenizer_class") if path.is_file() else None
        if given is None:
            continue
        bare = given.removesuffix("Fast") if isinstance(given, str) else ""
        if not any(tokenizer_class_from_name(one) for one in (given, bare, f"{bare}Fast") if bare):
            raise _refused(path, f"the tokenizer is of a class of its own, {given!r}")


def _refuse_keys(path: Path, config: dict[str, Any]) -> None:
    for key, value in _walk(config):
        if key in _OWN_CODE and value:
            told = json.dumps(value, ensure_ascii=False)[:120]
            raise _refused(path, f"the model brings code of its own ({key}: {told})")
        if key in _FETCHING and isinstance(value, str) and "/" in value:
            raise _refused(path, f"{key} names code elsewhere ({value[:120]})")
    if path.name == "config.json":
        weights = config.get("transformers_weights")
        if weights is not None and not _is_plain(weights, (".safetensors", ".safetensors.index.json")):
            raise _refused(path, f"transformers_weights is no safetensors file here ({str(weights)[:120]})")
    if path.name == ADAPTER:
        _refuse_reaching(path, config)


def _refuse_reaching(path: Path, config: dict[str, Any]) -> None:
    for key in _REACHING:
        if config.get(key):
            what = f"the adapter has peft load more than itself ({key})"
            raise PrerequisiteError(what, where=str(path), next=f"train one without it, or set {key} to null there")


def _refuse_links(folder: Path, path: Path) -> None:
    """A text file of the folder may not be a link to somewhere else: it would be shown, or handed on, as the model's.
    The hub's own cache is made of such links, from a snapshot to the files of the same model."""
    home, target = folder.resolve(), path.resolve()
    allowed = [home, home.parent.parent / "blobs"] if home.parent.name == "snapshots" else [home]
    if not any(target.is_relative_to(one) for one in allowed):
        after = "copy the file itself into the folder, if it belongs there"
        raise PrerequisiteError(f"a link out of the model's folder, to {target}", where=str(path), next=after)


def _refuse_pickles(folder: Path) -> None:
    """Pickles beside safetensors (an optimizer's state, the same weights for older programs) are never read."""
    own = ADAPTER_WEIGHTS if (folder / ADAPTER).is_file() else "*.safetensors"
    if any(folder.glob(own)):
        return
    for pattern in _PICKLES:
        if path := next(iter(sorted(folder.glob(pattern))), None):
            after = "convert it where you trust it: load it with transformers or peft there, then save_pretrained"
            raise PrerequisiteError(
                f"the weights are a pickle ({path.name}), and loading a pickle runs what it holds",
                where=str(folder), next=after,
            )  # fmt: skip


def _refuse_shards(path: Path) -> None:
    shards = json_object(path).get("weight_map")
    names = set(map(str, shards.values())) if isinstance(shards, dict) else {""}
    if wrong := sorted(name for name in names if not _is_plain(name, (".safetensors",))):
        raise _refused(path, f"it names no safetensors file of this folder ({wrong[0][:120]!r})")


def _is_plain(name: object, endings: tuple[str, ...]) -> bool:
    """Whether it is the name of a file in the same folder, with one of the endings."""
    return isinstance(name, str) and name.endswith(endings) and Path(name).name == name and "\\" not in name


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            yield from one.items()
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()


def _refused(path: Path, what: str) -> PrerequisiteError:
    after = "take the entry out of the file if transformers has the model's class without it, or choose another model"
    return PrerequisiteError(what, where=str(path), next=after)
