"""What comes from the base model's own generators in `nano/`: public probes, and rehearsal rows against forgetting.

Each is skipped, with a message, where a generator is absent from this checkout. Knows nothing of USS.
"""

from __future__ import annotations

import importlib
import random
from typing import Any

Row = dict[str, Any]
PROBES, SEED = 300, 20
LANGS = ("en", "zh")
WORDINGS = 2  # of each public fact in each language
SHARES = {  # rows of each room
    "nano.world": 200,
    "nano.talk": 300,
    "nano.tooluse": 400,
    "nano.casework": 200,
    "nano.reason": 400,
    "nano.systems": 100,
}


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
    return [{key: probe[key] for key in keys if key in probe} for probe in _load("nano.world").held_probes(PROBES)]


def rehearsal() -> list[Row]:
    """Every public fact in both languages, each in wordings that no probe uses; then dialogues, tools and instructions,
    each room's generators drawn by weight."""
    rng = random.Random(SEED)
    world = _load("nano.world")
    turns = [
        world.fact_turn(rng, fact, lang, False) for fact in world.facts() for lang in LANGS for _ in range(WORDINGS)
    ]
    rows: list[Row] = [{"messages": messages, "tools": []} for messages in turns]
    for name, count in SHARES.items():
        bank = _load(name).GENERATORS
        for index in range(count):
            make = rng.choices([make for _, make in bank], [weight for weight, _ in bank])[0]
            row = make(rng, LANGS[index % 2], False)
            rows.append({"messages": row["messages"], "tools": row["tools"]})
    return rows
