"""What lies in an adapter folder, read from its adapter_config.json: the method that trained it. Loads no weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steadyhand.errors import DomainError, PrerequisiteError, UsageError
from steadyhand.files import read_object

ADAPTER = "adapter_config.json"
VIRTUAL = ("prefix", "prompt")
"""Methods that train virtual tokens in front of the prompt. There is nothing in the base to merge them into."""
_KINDS = {"LORA": "lora", "IA3": "ia3", "PREFIX_TUNING": "prefix", "PROMPT_TUNING": "prompt"}


def kind_of(folder: Path) -> str | None:
    """ "lora", "dora", "ia3", "prefix", "prompt", peft's own name in small letters for others; None for a whole model.
    Raises PrerequisiteError for a config that cannot be read."""
    if not (folder / ADAPTER).is_file():
        return None
    config = adapter_config(folder)
    if config.get("use_dora"):
        return "dora"
    name = str(config.get("peft_type", "unknown"))
    return _KINDS.get(name, name.lower())


def adapter_config(folder: Path) -> dict[str, Any]:
    return json_object(folder / ADAPTER)


def json_object(path: Path) -> dict[str, Any]:
    """Raises PrerequisiteError for a file of a model that is not one JSON object."""
    try:
        return read_object(path)
    except DomainError as error:
        raise PrerequisiteError(error.what, where=error.where, next="copy the model's folder again") from None


def identity(config: dict[str, Any]) -> list[Any]:
    """What of an adapter's config changes its answers, for a fingerprint; where the base lies does not."""
    known = [config.get("r"), config.get("lora_alpha")]
    kind = config.get("peft_type", "LORA")
    if kind == "LORA" and not config.get("use_dora"):
        return known
    return [*known, kind, config.get("use_dora"), config.get("num_virtual_tokens")]


def refuse_unmergeable(folder: Path) -> None:
    """Raises UsageError for an adapter of virtual tokens."""
    kind = kind_of(folder)
    if kind in VIRTUAL:
        raise UsageError(
            f"a {kind} cannot be merged: it is virtual tokens in front of the prompt, and no weight of the base",
            where=str(folder),
            next="keep this folder beside its base, as `steady serve --model` and `steady eval --model` take it; or "
            "train with lora, dora or ia3",
        )


def virtual_ids(model: Any) -> tuple[int, ...]:
    """The ids to put in front of every prompt of a loaded `model` (`loading.virtual_tokens`); none for most models."""
    return tuple(getattr(model, "virtual_ids", ()))
