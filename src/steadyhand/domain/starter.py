"""The small working domains that `steady init` writes, all invented, to be replaced piece by piece.

`tools` is a service of a parcel warehouse, and lies in `starter/`; its steady.toml is made from the settings
themselves, so its defaults and sentences are theirs. The others lie in `starters/`, each with a steady.toml of its own:
queries on a database, wording under red lines, labels, a seller's bad cases.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.resources import files
from importlib.resources.abc import Traversable

HEAD = """\
# The settings that matter most, with their defaults. Remove the first # of a line to change it.
# All others: `steady config docs`. What holds here, and why: `steady config show . --origin`.

"""
MATTER = (
    "preset", "seed", "model.base",
    "sft.method", "sft.learning_rate", "sft.epochs", "sft.batch_tokens", "sft.card_repeats", "sft.rehearsal",
    "sft.scenarios", "sft.max_length",
    "dpo.learning_rate", "dpo.k",
    "gate.public_margin",
    "eval.batch_size", "sampling.max_tokens",
    "bars.tool_call_accuracy", "bars.scenario_pass", "bars.semantic_anchoring", "bars.evidence",
)  # fmt: skip


LIKE = ("tools", "sql", "wording", "labels", "sales")
_DATABASE = ".db.sql"  # a database as text: what runs makes the file


def starter_files(like: str = "tools") -> dict[str, str | bytes]:
    """Relative path -> content of a complete domain folder, `like` one of LIKE."""
    if like != "tools":
        return _contents(files("steadyhand.domain") / "starters" / like, "")
    from steadyhand.settings.describe import short_toml

    return {"steady.toml": HEAD + short_toml(MATTER)} | _contents(files("steadyhand.domain") / "starter", "")


def _contents(folder: Traversable, prefix: str) -> dict[str, str | bytes]:
    contents: dict[str, str | bytes] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            contents |= _contents(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_DATABASE):
            contents[prefix + entry.name.removesuffix(".sql")] = _database(entry.read_text(encoding="utf-8"))
        elif entry.name.endswith((".yaml", ".json", ".jsonl", ".toml", ".sql")):
            contents[prefix + entry.name] = entry.read_text(encoding="utf-8")
    return contents


def _database(script: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as made:
        made.executescript(script)
        return made.serialize()
