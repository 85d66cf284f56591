"""What comes from the base model's own generators in `nano/`: public probes, and rehearsal rows against forgetting.

Knows nothing of USS.
"""

from __future__ import annotations

import random
from typing import Any

from nano import casework, reason, systems, talk, tooluse, world
from nano.facts import facts
from nano.rows import Lang

Row = dict[str, Any]
PROBES, SEED = 300, 20
LANGS: tuple[Lang, ...] = ("en", "zh")
WORDINGS = 5  # of each public fact in each language: facts are what cards crowd out first
SHARES = (  # rooms, and how many rows of each
    (world.GENERATORS, 100),
    (talk.GENERATORS, 150),
    (tooluse.GENERATORS, 120),
    (casework.GENERATORS, 60),
    (reason.GENERATORS, 200),
    (systems.GENERATORS, 80),
)


def public_probes() -> list[Row]:
    keys = ("id", "kind", "lang", "question", "must", "must_not", "cluster")
    return [{key: probe[key] for key in keys if key in probe} for probe in world.held_probes(PROBES)]


def rehearsal() -> list[Row]:
    """Every public fact in both languages, each in wordings that no probe uses; then dialogues, tools and instructions,
    each room's generators drawn by weight."""
    rng = random.Random(SEED)
    turns = [world.fact_turn(rng, fact, lang, False) for fact in facts() for lang in LANGS for _ in range(WORDINGS)]
    rows: list[Row] = [{"messages": messages, "tools": []} for messages in turns]
    for bank, count in SHARES:
        for index in range(count):
            make = rng.choices([make for _, make in bank], [weight for weight, _ in bank])[0]
            row = make(rng, LANGS[index % 2], False)
            rows.append({"messages": row["messages"], "tools": row["tools"]})
    return rows
