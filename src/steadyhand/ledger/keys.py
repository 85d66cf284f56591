"""Names for content: hashes of files and of what a stage depends on. Knows no stage and no folder layout."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from steadyhand.chat.messages import Json


def canonical_json(value: Json) -> str:
    """One spelling per value: sorted keys, no spaces, no NaN. Raises TypeError or ValueError for anything not JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def key_of(
    name: str, version: int | str, settings: Mapping[str, Json] | BaseModel, inputs: Mapping[str, str] | Sequence[str]
) -> str:
    """sha256 hex of a stage: equal keys mean that the same work on the same inputs would be done again.

    `version` is raised when the stage's code changes what it writes; `inputs` are keys of artifacts or hashes of files.
    """
    if isinstance(settings, BaseModel):
        settings = settings.model_dump(mode="json")
    inputs = dict(inputs) if isinstance(inputs, Mapping) else list(inputs)
    row = {"name": name, "version": version, "settings": dict(settings), "inputs": inputs}
    return hashlib.sha256(canonical_json(row).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """sha256 hex of the bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_below(root: Path) -> list[Path]:
    """Every regular file (links followed), in one order on every machine."""
    return sorted((path for path in root.rglob("*") if path.is_file()), key=lambda path: path.relative_to(root).parts)
