"""The ratings that a fresh USS starts with: a fixed draw, the same in every database. Knows no scenario."""

from __future__ import annotations

import random
from collections.abc import Iterator

from examples.uss.make.entities import Names
from examples.uss.service.names import canonical
from examples.uss.service.store import Rating

COUNT = 300
THREATS = ("low", "medium", "high")
# What docs/agent.md shows.
KNOWN = {"shorty-link9.xyz": 12, "old-hotel7.top": 88, "portal-help3.info": 96}


def ratings() -> Iterator[Rating]:
    """Half of them unsafe, some close to the edge, some with fields that do not decide."""
    rng = random.Random("uss/service")
    names = Names(rng, "train")
    for uri, level in KNOWN.items():
        yield Rating(uri=uri, level=level)
    for _ in range(COUNT):
        level = rng.choice((rng.randint(0, 50), rng.randint(51, 100), rng.choice((49, 50, 51, 52))))
        extra = {"confidence": rng.randint(0, 100), "severity": rng.randint(1, 5), "threat_level": rng.choice(THREATS)}
        kept = rng.sample(sorted(extra), rng.choice((0, 0, 1, 2)))
        yield Rating(uri=canonical(names.any()), level=level, **{name: extra[name] for name in kept})
