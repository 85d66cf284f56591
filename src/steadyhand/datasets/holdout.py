"""Holds some training scenarios back from training, by whole groups, so that something is left to choose by.

Knows scenarios and their groups; knows nothing of trainings. The scenarios of `split: eval` are not touched: what they
say stays unseen until a run is signed off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from steadyhand.datasets.split import drawn
from steadyhand.domain.model import Domain, Scenario
from steadyhand.errors import UsageError
from steadyhand.text.shingles import normal


def held_back(domain: Domain, share: float, seed: int) -> tuple[Scenario, ...]:
    """About `share` of the training scenarios, by whole groups drawn with `seed`, in the order of the files. Raises
    UsageError when there are fewer than two groups."""
    training = [scenario for scenario in domain.scenarios if scenario.split == "train"]
    first: dict[str, int] = {}
    groups = [first.setdefault(scenario.group, number) for number, scenario in enumerate(training)]
    room = max(round(share * len(training)), min(Counter(groups).values(), default=0))
    held = drawn(Counter(groups), room, seed)
    if not held:
        raise UsageError(
            "there are too few training scenarios to hold some back",
            where=str(domain.root),
            next="write scenarios with `split: train` of two groups or more",
        )
    return tuple(scenario for scenario, group in zip(training, groups, strict=True) if group in held)


def without(domain: Domain, held: Sequence[Scenario]) -> Domain:
    """The domain without the scenarios that are held back, or that are of their groups or ask the same; it may be
    another version of the domain that they come from."""
    groups, ids, asked = ({key(one) for one in held} for key in (lambda s: s.group, lambda s: s.id, opening))
    kept = (s for s in domain.scenarios if s.group not in groups and s.id not in ids and opening(s) not in asked)
    return replace(domain, scenarios=tuple(kept))


def opening(scenario: Scenario) -> str:
    """What the user says first, as a key that spelling does not change."""
    return normal(next((message.content for message in scenario.messages if message.role == "user"), ""))
