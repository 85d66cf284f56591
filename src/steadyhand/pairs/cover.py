"""The coverage matrix of groups: expected tool x input class x error mode, with counts and holes.

A hole is a combination that can exist in these groups' states and that no rejected answer shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.domain.rows import MODES, ErrorMode, Group
from steadyhand.pairs.mutate import may_occur


@dataclass(frozen=True)
class Cell:
    """`count` rejected answers of one kind; `possible` is False where the error cannot exist."""

    tool: str  # the expected tool, or "none"
    input_class: str
    mode: ErrorMode
    count: int
    possible: bool


@dataclass(frozen=True)
class Coverage:
    """All cells, by tool, class and mode; `holes` are those that could be filled and are empty."""

    cells: tuple[Cell, ...]
    holes: tuple[Cell, ...]

    def count(self, tool: str, input_class: str, mode: ErrorMode) -> int:
        """Rejected answers in one cell; 0 for a cell that does not exist."""
        wanted = (tool, input_class, mode)
        return sum(cell.count for cell in self.cells if (cell.tool, cell.input_class, cell.mode) == wanted)


def coverage(groups: Sequence[Group]) -> Coverage:
    """The matrix over the tools and input classes that occur in `groups`."""
    counts = Counter((g.tool, g.input_class, r.mode) for g in groups for r in g.rejected)
    possible = {(g.tool, g.input_class, mode) for g in groups for mode in MODES if _possible(g, mode)}
    rows = sorted({(g.tool, g.input_class) for g in groups})
    own = sorted({mode for _, _, mode in counts} - set(MODES))  # what checks call errors: never a hole
    cells = tuple(
        Cell(tool, name, mode, counts[tool, name, mode], (tool, name, mode) in possible or counts[tool, name, mode] > 0)
        for tool, name in rows
        for mode in (*MODES, *own)
    )
    return Coverage(cells, tuple(cell for cell in cells if cell.possible and not cell.count))


def _possible(group: Group, mode: ErrorMode) -> bool:
    after_result = bool(group.messages) and group.messages[-1].role == "tool"
    return may_occur(mode, due=bool(group.chosen.calls), tools=len(group.tools), after_result=after_result)
