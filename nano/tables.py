"""Word tables of this folder's modules, read from the YAML file beside each. Knows no table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def tables(module: str) -> dict[str, Any]:
    """Name -> table of the YAML file beside the module whose `__file__` is given. Sequences are tuples."""
    loaded: dict[str, Any] = yaml.safe_load(Path(module).with_suffix(".yaml").read_text("utf-8"))
    return {name: _frozen(value) for name, value in loaded.items()}


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return {key: _frozen(inner) for key, inner in value.items()} if isinstance(value, dict) else value
