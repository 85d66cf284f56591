"""The small working domain that `steady init` writes: an invented service of a parcel warehouse, to be replaced.

Its files lie in `starter/`; steady.toml is made from the settings themselves, so it names every key that exists.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def starter_files() -> dict[str, str]:
    """Relative path -> text of a complete domain folder."""
    from steadyhand.settings.describe import as_toml

    head = "# Every key is listed with its default; remove the # in front of a key to change it.\n\n"
    return {"steady.toml": head + as_toml()} | _texts(files("steadyhand.domain") / "starter", "")


def _texts(folder: Traversable, prefix: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            texts |= _texts(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".yaml", ".json", ".jsonl")):
            texts[prefix + entry.name] = entry.read_text(encoding="utf-8")
    return texts
