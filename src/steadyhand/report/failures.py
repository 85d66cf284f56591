"""Failures of held-out answers counted by reason code and by what is due. Knows items, not markup or languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steadyhand.ledger.result import Evaluation, Item
from steadyhand.report.answers import tool_of

NO_CODE = "other"  # a failure that came without a reason code


@dataclass(frozen=True)
class HeatTable:
    """One model's failures: `counts[code][tool]`, and `totals[tool]` = (failed, scored). `tools` and `codes` are the
    same for every model of a report, so the tables can be compared by eye."""

    stage: str
    codes: tuple[str, ...]
    tools: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    totals: dict[str, tuple[int, int]]

    def heat(self, code: str, tool: str) -> float:
        """Failures of one cell as a share of the tool's scored decisions, 0 to 1."""
        scored = self.totals.get(tool, (0, 0))[1]
        return self.counts.get(code, {}).get(tool, 0) / scored if scored else 0.0

    @property
    def failed(self) -> int:
        return sum(failed for failed, _ in self.totals.values())

    @property
    def scored(self) -> int:
        return sum(scored for _, scored in self.totals.values())


def heat_tables(evaluations: dict[str, Evaluation], stages: Sequence[str]) -> list[HeatTable]:
    """A table per stage over the items of the tool suite; empty when no model has such items."""
    scored = {stage: [item for item in evaluations[stage].items if _counts(item)] for stage in stages}
    everything = [item for items in scored.values() for item in items]
    if not everything:
        return []
    codes = Counter(item.code or NO_CODE for item in everything if not item.passed)
    ordered = tuple(sorted(codes, key=lambda code: (-codes[code], code)))
    tools = tuple(sorted({expected_of(item) for item in everything}, key=lambda tool: (tool == "none", tool)))
    return [_table(stage, scored[stage], ordered, tools) for stage in stages]


def expected_of(item: Item) -> str:
    """What is due: a tool, a gold label, "text" where no tool is offered, else "none" (no call)."""
    if (tool := tool_of(item)) != "none":
        return tool
    checks = item.facts.checks.values()
    label = next((str(one["gold"]) for one in checks if one["kind"] == "label" and one.get("gold")), "")
    return label or ("text" if item.facts.tools == 0 else "none")


def _counts(item: Item) -> bool:
    return item.suite == "tool" and item.passed is not None


def _table(stage: str, items: Iterable[Item], codes: tuple[str, ...], tools: tuple[str, ...]) -> HeatTable:
    counts: dict[str, dict[str, int]] = {code: {} for code in codes}
    totals = {tool: (0, 0) for tool in tools}
    for item in items:
        tool = expected_of(item)
        failed, scored = totals[tool]
        totals[tool] = (failed + (not item.passed), scored + 1)
        if not item.passed:
            row = counts[item.code or NO_CODE]
            row[tool] = row.get(tool, 0) + 1
    return HeatTable(stage, codes, tools, counts, totals)
