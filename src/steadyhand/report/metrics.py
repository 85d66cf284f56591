"""The figures table: which metrics stand where, in which unit, with which bar. Knows metrics, not markup or languages.

A metric that is not listed here still appears, at the end, in the unit that its evidence suggests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from steadyhand.ledger.result import Check, Metric
from steadyhand.report import numbers
from steadyhand.report.data import STAGES, ReportData
from steadyhand.report.judged import kinds_of

Unit = Literal["rate", "points", "number"]
Better = Literal["higher", "lower", "neutral"]
FORMATS: dict[Unit, Callable[[float | None], str]] = {
    "rate": numbers.percent,
    "points": numbers.points,
    "number": numbers.decimal,
}


@dataclass(frozen=True)
class Spec:
    group: str  # one of GROUPS
    unit: Unit = "rate"
    better: Better = "higher"


SPECS = {
    "scenario_pass": Spec("task"),
    "tool_call_accuracy": Spec("tool"),
    "tool_call_accuracy_lenient": Spec("tool"),
    "tool_name_accuracy": Spec("tool"),
    "tool_args_accuracy": Spec("tool"),
    "missed_rate": Spec("tool", better="lower"),
    "spurious_rate": Spec("tool", better="lower"),
    "reading_accuracy": Spec("answer"),
    "preference_accuracy": Spec("answer"),
    "choice_accuracy": Spec("answer"),
    "response_quality": Spec("answer"),
    "cot_retention": Spec("answer"),
    "invalid_token_ratio": Spec("answer", better="lower"),
    "invalid_token_ratio_think": Spec("answer", better="lower"),
    "semantic_anchoring": Spec("knowledge"),
    "semantic_anchoring_en": Spec("knowledge"),
    "semantic_anchoring_zh": Spec("knowledge"),
    "general_knowledge": Spec("knowledge"),
    "general_knowledge_loss": Spec("knowledge", "points", "lower"),
    "reasoning_accuracy": Spec("knowledge"),
}
GROUPS = ("task", "tool", "answer", "knowledge", "other")
WITH_TOOLS = "reading_accuracy"  # what a tool returned is read: means nothing where no tool was ever offered
OWN_SECTION = "determinism"  # metrics whose name begins so are shown in their own section


@dataclass(frozen=True)
class MetricRow:
    """One metric over all evaluated models: `cells` in the order of stages (None: not measured on that model). `help`
    names the sentence that explains it."""

    name: str
    spec: Spec
    cells: dict[str, Metric | None]
    checks: tuple[Check, ...]
    published: str | None
    help: str

    @property
    def bar(self) -> float | None:
        """The numeric bar of the final verdict, in the metric's own unit; None when there is none."""
        return next((check.least for check in self.checks if check.least is not None), None)

    @property
    def axis(self) -> tuple[float, float]:
        """The range that holds every value and interval: 0 to 1 for a rate, around 0 for a difference."""
        if self.spec.unit == "rate":
            return 0.0, 1.0
        ends = [end for cell in self.cells.values() if cell for end in (cell.value, cell.low, cell.high)]
        known = [end for end in [*ends, self.bar, 0.0] if end is not None]
        pad = (max(known) - min(known)) * 0.1 or 0.05
        return min(known) - (pad if min(known) < 0 else 0), max(known) + pad


def spec_of(name: str, metrics: Sequence[Metric]) -> Spec:
    """The listed spec, or one guessed from the evidence: counted successes, or all within [0, 1], make a rate."""
    if name in SPECS:
        return SPECS[name]
    ends = [end for one in metrics for end in (one.value, one.low, one.high) if end is not None]
    share = any(one.k is not None for one in metrics) or all(0 <= end <= 1 for end in ends)
    return Spec("other", "rate" if share else "number", "neutral")


def own_spec(figure: str, guessed: Spec) -> Spec:
    """Of a check that the domain names, or of a `figure` of one."""
    return Spec("task", guessed.unit, "neutral" if figure == "ties" else "higher")


def metric_rows(data: ReportData) -> dict[str, list[MetricRow]]:
    """Group -> rows, in the order of the page. Rows that say nothing of this domain are left out, and so are groups
    without a row."""
    names = {name for one in data.evaluations.values() for name in one.metrics if not name.startswith(OWN_SECTION)}
    order = {name: index for index, name in enumerate(SPECS)}
    kinds = kinds_of(data)
    rows = [_row(data, name, kinds) for name in sorted(names, key=lambda name: (order.get(name, len(order)), name))]
    rows = [row for row in rows if _says_something(row)]
    if not any(row.spec.group == "tool" for row in rows):
        rows = [row for row in rows if row.name != WITH_TOOLS]
    grouped = {group: [row for row in rows if row.spec.group == group] for group in GROUPS}
    return {group: members for group, members in grouped.items() if members}


def _says_something(row: MetricRow) -> bool:
    """Whether a bar of it applies or, without one, some model has a sample of it."""
    if row.checks:
        return any(check.verdict != "NOT_APPLICABLE" for check in row.checks)
    return any(cell is not None and (cell.n or cell.unscored) for cell in row.cells.values())


def _row(data: ReportData, name: str, kinds: Mapping[str, str]) -> MetricRow:
    cells = {stage: data.evaluations[stage].metrics.get(name) for stage in STAGES if stage in data.evaluations}
    check, dot, figure = name.partition(".")
    spec = spec_of(name, [cell for cell in cells.values() if cell])
    return MetricRow(
        name,
        own_spec(figure, spec) if check in kinds else spec,
        cells,
        tuple(check for check in data.verdict.checks if check.metric == name) if data.verdict else (),
        data.published.get(name),
        f"check.{kinds[check]}{dot}{figure}" if check in kinds else name,
    )
