"""Same input, same outcome? Reads the determinism metrics of an evaluation and says what they could have missed.

Reads metrics named `determinism` or `determinism_<level>[_<mode>]` with n repeated items of which k never changed, and
the number of runs from the evaluation's manifest. Knows no markup and no language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.chat.messages import Json
from steadyhand.ledger.result import Evaluation, Metric
from steadyhand.stats.passk import missed_flip_rate, unnoticed

PREFIX = "determinism"
LEVELS = ("text", "calls", "outcome")
MODES = ("all", "sequential", "batched")
EXAMPLE_FLIP = 0.05


@dataclass(frozen=True)
class DeterminismRow:
    """One level (text, calls or outcome) in one way of running ("sequential", "batched" or "all"), over stages."""

    level: str
    mode: str
    cells: dict[str, Metric | None]


@dataclass(frozen=True)
class Determinism:
    """`runs` per item (k), `items` repeated (m). `missed`: chance that an item which deviates in 5 % of its runs
    looks stable in k runs; `hidden`: the largest flip rate of every item that a spotless check leaves possible."""

    rows: tuple[DeterminismRow, ...]
    runs: int | None
    items: int
    missed: float | None
    hidden: float | None


def determinism(evaluations: dict[str, Evaluation], stages: Sequence[str]) -> Determinism | None:
    """What was measured, or None when nothing was repeated."""
    names = sorted(
        {name for stage in stages for name in evaluations[stage].metrics if name.startswith(PREFIX)}, key=_order
    )
    rows = tuple(
        DeterminismRow(*_read(name), {stage: evaluations[stage].metrics.get(name) for stage in stages})
        for name in names
    )
    metrics = [cell for row in rows for cell in row.cells.values() if cell is not None and cell.n]
    if not metrics:
        return None
    runs = next((k for stage in reversed(stages) if (k := _runs(evaluations[stage].manifest))), None)
    items = max(metric.n for metric in metrics)
    if runs is None or runs < 2:
        return Determinism(rows, runs, items, None, None)
    return Determinism(rows, runs, items, unnoticed(EXAMPLE_FLIP, runs), missed_flip_rate(runs, items))


def _read(name: str) -> tuple[str, str]:
    """(level, mode) of a metric's name; without a level it is the outcome, without a mode all runs together."""
    words = name.removeprefix(PREFIX).strip("_").split("_")
    level = next((level for level in LEVELS if level in words), "outcome")
    return level, next((mode for mode in MODES if mode in words), "all")


def _order(name: str) -> tuple[int, int]:
    level, mode = _read(name)
    return LEVELS.index(level), MODES.index(mode)


def _runs(manifest: dict[str, Json]) -> int | None:
    """Runs per item and way of running, from `determinism.runs` of an evaluation's manifest."""
    inner = manifest.get(PREFIX)
    runs = inner.get("runs") if isinstance(inner, dict) else None
    return runs if isinstance(runs, int) else None
