"""Counts what a run trained on, from the domain and its preference groups. Knows nothing of pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from steadyhand.domain.coverage import coverage
from steadyhand.domain.model import Domain, Scenario
from steadyhand.domain.rows import Group
from steadyhand.report.data import DatasetCounts


def count_dataset(domain: Domain, groups: Sequence[Group] = ()) -> DatasetCounts:
    """The counts behind the report's "what it was trained on"; `groups` are those that DPO saw (none: no DPO)."""
    return DatasetCounts(
        points=len(domain.points),
        cards=dict(Counter(card.kind for card in domain.cards)),
        rehearsal=len(domain.rehearsal),
        scenarios=_scenarios(domain.scenarios),
        groups=len(groups),
        origin=dict(Counter(answer.origin for group in groups for answer in group.rejected)),
        coverage=coverage(groups, domain.tools) if groups else None,
    )


def _scenarios(scenarios: Iterable[Scenario]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {"class": Counter(), "split": Counter(), "tag": Counter()}
    for scenario in scenarios:
        counts["class"][scenario.input_class] += 1
        counts["split"][scenario.split] += 1
        counts["tag"].update(scenario.tags)
    return {name: dict(counter) for name, counter in counts.items()}
