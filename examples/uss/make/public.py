"""What comes from the base model's own generators in `nano/`: public probes, and rehearsal rows against forgetting.

Each is skipped, with a message, where a generator is absent from this checkout. Knows nothing of USS.
"""

from __future__ import annotations

import importlib
import random
from typing import Any

Row = dict[str, Any]
ROOMS = ("nano.world", "nano.talk", "nano.tooluse", "nano.reason")
PROBES, REHEARSAL, SEED = 240, 700, 20


class GeneratorAbsentError(Exception):
    """A module of `nano/` that this part is written with does not exist here."""


def _load(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise GeneratorAbsentError(f"{error.name} is absent; run this again once it is there") from error


def public_probes() -> list[Row]:
    """Raises GeneratorAbsentError."""
    keys = ("id", "kind", "lang", "question", "must", "must_not", "cluster")
    return [{key: probe[key] for key in keys if key in probe} for probe in _load(ROOMS[0]).held_probes(PROBES)]


def rehearsal() -> list[Row]:
    """Equal shares of every room, languages in turn, each room's generators drawn by weight."""
    banks = [_load(name).GENERATORS for name in ROOMS]
    rng = random.Random(SEED)
    rows: list[Row] = []
    for index in range(REHEARSAL):
        bank = banks[index % len(banks)]
        make = rng.choices([make for _, make in bank], [weight for weight, _ in bank])[0]
        row = make(rng, ("en", "zh")[index // len(banks) % 2], False)
        rows.append({"messages": row["messages"], "tools": row["tools"]})
    return rows
