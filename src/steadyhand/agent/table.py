"""A run as lines for a person: one row an entity, columns aligned."""

from __future__ import annotations

from steadyhand.agent.ending import Ending, PlanRow, Run

WIDEST = 60


def table(run: Run) -> list[str]:
    """Entity, what the input says, what the service says, how it ended, and why."""
    widths = [min(max(map(len, column)), WIDEST) for column in zip(*map(_cells, run.rows), strict=True)]
    lines = []
    for row in run.rows:
        start = "  ".join(f"{cell:<{width}}" for cell, width in zip(_cells(row), widths, strict=True))
        lines.append(f"{start}  {_why(row)}".rstrip())
    return lines


def _cells(row: PlanRow) -> tuple[str, str, str, str]:
    told = list(row.answer.values()) if isinstance(row.answer, dict) else []
    numbers = [value for value in told if isinstance(value, int | float) and not isinstance(value, bool)]
    standing = f"{row.standing} ({numbers[0]})" if len(told) == len(numbers) == 1 else row.standing
    return row.entity, f"report {row.claim}", f"service {standing}", str(row.ending.value)


def _why(row: PlanRow) -> str:
    told = f"digest {row.digest[:12]}" if row.ending in (Ending.PROPOSED, Ending.WAITING) else ""
    return "  ".join(part for part in (row.code, row.detail, told) if part)
