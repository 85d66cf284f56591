"""From a name to a folder: the packaged base, a local folder, an adapter folder or a hub id; and an adapter's base.

Knows where weights lie and what a folder must hold; opens none of them.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from steadyhand.errors import PrerequisiteError, first_line
from steadyhand.ledger.seal import refuse_changed
from steadyhand.models.loading.adapters import ADAPTER, adapter_config
from steadyhand.models.loading.gguf_base import unpacked
from steadyhand.models.loading.quiet import quiet
from steadyhand.models.loading.remote_code import ADAPTER_WEIGHTS, refuse_code
from steadyhand.models.loading.sizes import check_sizes

BUILT_IN, GGUF = "steady-nano", ".gguf"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def resolve(name_or_path: str | Path, *, fetch: bool = True) -> Path:
    """The folder that holds the model; of a GGUF file one that is made of it once (`gguf_base`). A hub id is fetched
    into the hub's own cache; without `fetch` it has to be there already. Raises PrerequisiteError, also for a folder
    that would run something (`remote_code`)."""
    name = str(name_or_path)
    if name == BUILT_IN:
        return _checked(Path(str(resources.files("steadyhand.models") / "nano")))
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(folder)
    if folder.suffix.lower() == GGUF and folder.is_file():
        return _checked(unpacked(folder))
    if folder.parent != Path() and folder.parent.is_dir() and not folder.exists():  # no hub is asked for a slip
        after = f"name one that is in {folder.parent}; for a model of the hub call `steady` from another folder"
        raise PrerequisiteError("not a model folder: there is none of this name", where=name, next=after)
    if folder.exists() or not _HUB_ID.fullmatch(name):
        raise PrerequisiteError(
            "not a model folder",
            where=name,
            next=f"give a folder, a GGUF file, {BUILT_IN} or a hub id such as Qwen/Qwen3-8B",
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
            f"the model hub does not give this model ({first_line(error)})",
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
    check_sizes(folder)
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
