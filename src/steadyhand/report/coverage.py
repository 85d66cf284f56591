"""The coverage matrix of the preference data: expected tool x input class x error mode, with its holes.

A hole is a combination that can occur and has no rejected answer; combinations that cannot occur are no holes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from steadyhand.domain.model import InputClass
from steadyhand.domain.rows import MODES
from steadyhand.report.data import Dataset

CLASSES: tuple[str, ...] = get_args(InputClass)
NO_TOOL = "none"
NEEDS_EXPECTED_CALL = ("no_call", "wrong_tool", "wrong_args")  # where no call is due, these cannot happen


@dataclass(frozen=True)
class Cell:
    """`count` rejected answers; `possible` tells a hole (0 and possible) from a combination that cannot occur."""

    count: int
    possible: bool

    @property
    def hole(self) -> bool:
        return self.possible and self.count == 0


@dataclass(frozen=True)
class CoverageRow:
    tool: str
    input_class: str
    cells: tuple[Cell, ...]  # one per mode of the matrix


@dataclass(frozen=True)
class Coverage:
    modes: tuple[str, ...]
    rows: tuple[CoverageRow, ...]
    largest: int

    @property
    def holes(self) -> int:
        return sum(cell.hole for row in self.rows for cell in row.cells)

    @property
    def possible(self) -> int:
        return sum(cell.possible for row in self.rows for cell in row.cells)


def coverage(dataset: Dataset) -> Coverage | None:
    """The matrix over every tool of the domain and "none"; None when there is no preference data at all."""
    counts = dataset.rejected
    found = [mode for classes in counts.values() for modes in classes.values() for mode in modes]
    if not found:
        return None
    modes = (*MODES, *sorted(set(found) - set(MODES)))
    tools = [*dataset.tools, *sorted(set(counts) - set(dataset.tools) - {NO_TOOL}), NO_TOOL]
    rows = tuple(
        CoverageRow(
            tool, name, tuple(_cell(counts.get(tool, {}).get(name, {}).get(mode, 0), tool, mode) for mode in modes)
        )
        for tool in tools
        for name in CLASSES
    )
    return Coverage(modes, rows, max(cell.count for row in rows for cell in row.cells))


def _cell(count: int, tool: str, mode: str) -> Cell:
    impossible = mode in NEEDS_EXPECTED_CALL if tool == NO_TOOL else mode == "needless_call"
    return Cell(count, count > 0 or not impossible)
