"""Strict and lenient accuracy of each kind of scenario that a domain's tags name. Knows scored items and tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.domain.model import Domain
from steadyhand.evaluate.metrics import RATES, rate_metric
from steadyhand.ledger.result import Item, Metric

STRICT, LENIENT = "tool_call_accuracy", "tool_call_accuracy_lenient"


@dataclass(frozen=True)
class TagFigures:
    """Two figures of the decisions in scenarios that have `tag`."""

    tag: str
    strict: Metric
    lenient: Metric


def by_tag(items: Sequence[Item], domain: Domain) -> list[TagFigures]:
    """One entry for each tag of a held-out scenario, in the order in which they first stand in the domain."""
    tags = {scenario.id: scenario.tags for scenario in domain.scenarios if scenario.split == "eval"}
    order = dict.fromkeys(tag for own in tags.values() for tag in own)
    found = []
    for tag in order:
        own = [item for item in items if tag in tags.get(item.facts.scenario, ())]
        strict, lenient = (_figure(name, own) for name in (STRICT, LENIENT))
        found.append(TagFigures(tag, strict, lenient))
    return found


def _figure(name: str, items: Sequence[Item]) -> Metric:
    rate = next(rate for rate in RATES if rate.name == name)
    return rate_metric(name, rate.samples(items), rate.unscored(items), rate.note)
