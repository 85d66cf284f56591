"""The small working domain that `steady init` writes: an invented service of a parcel warehouse, to be replaced.

Its files lie in `starter/`; steady.toml is made from the settings themselves, so its defaults and sentences are theirs.
"""

from __future__ import annotations

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


def starter_files() -> dict[str, str]:
    """Relative path -> text of a complete domain folder."""
    from steadyhand.settings.describe import short_toml

    return {"steady.toml": HEAD + short_toml(MATTER)} | _texts(files("steadyhand.domain") / "starter", "")


def _texts(folder: Traversable, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found |= _texts(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".yaml", ".json", ".jsonl")):
            found[prefix + entry.name] = entry.read_text(encoding="utf-8")
    return found
