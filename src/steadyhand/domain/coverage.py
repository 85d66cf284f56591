"""The coverage matrix of preference groups: expected tool x input class x error mode, with counts and holes.

A hole is a combination that can exist in these groups' states and that no rejected answer shows. A tool that is due in
no group has a row of its own, all holes: it has no data at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from steadyhand.chat.messages import Json
from steadyhand.domain.rows import MODES, ErrorMode, Group

NO_TOOL = "none"
COMMON = "common"


@dataclass(frozen=True)
class CoverageCell:
    """`count` rejected answers of one kind; `possible` is False where the error cannot exist."""

    tool: str  # the expected tool, or "none"
    input_class: str
    mode: ErrorMode
    count: int
    possible: bool

    @property
    def hole(self) -> bool:
        return self.possible and not self.count


@dataclass(frozen=True)
class Coverage:
    """All cells, by tool, class and mode; every row (a tool and a class) has the same modes."""

    cells: tuple[CoverageCell, ...]

    @classmethod
    def from_json(cls, row: Mapping[str, Json]) -> Coverage:
        """Of `dataclasses.asdict`."""
        return cls(tuple(CoverageCell(**cell) for cell in row["cells"]))

    @property
    def modes(self) -> tuple[ErrorMode, ...]:
        return tuple(dict.fromkeys(cell.mode for cell in self.cells))

    @property
    def rows(self) -> dict[str, dict[str, list[CoverageCell]]]:
        """Tool -> input class -> a cell per mode."""
        rows: dict[str, dict[str, list[CoverageCell]]] = {}
        for cell in self.cells:
            rows.setdefault(cell.tool, {}).setdefault(cell.input_class, []).append(cell)
        return rows

    @property
    def holes(self) -> tuple[CoverageCell, ...]:
        return tuple(cell for cell in self.cells if cell.hole)

    @property
    def possible(self) -> int:
        return sum(cell.possible for cell in self.cells)

    @property
    def largest(self) -> int:
        return max((cell.count for cell in self.cells), default=0)

    def count(self, tool: str, input_class: str, mode: ErrorMode) -> int:
        """Rejected answers in one cell; 0 for a cell that does not exist."""
        wanted = (tool, input_class, mode)
        return sum(cell.count for cell in self.cells if (cell.tool, cell.input_class, cell.mode) == wanted)


def coverage(groups: Sequence[Group], tools: Collection[str] = ()) -> Coverage:
    """The matrix over the tools and input classes that occur in `groups`, and over `tools` that are due in none."""
    counts = Counter((g.tool, g.input_class, r.mode) for g in groups for r in g.rejected)
    possible = {(g.tool, g.input_class, mode) for g in groups for mode in MODES if _possible(g, mode)}
    rows = sorted({(g.tool, g.input_class) for g in groups})
    if groups:
        unseen = [(tool, COMMON) for tool in sorted(set(tools) - {tool for tool, _ in rows})]
        possible |= {
            (*row, mode)
            for row in unseen
            for mode in MODES
            if may_occur(mode, due=True, tools=len(tools), after_result=False)
        }
        rows += unseen
    own = sorted({mode for _, _, mode in counts} - set(MODES))  # what checks call errors: never a hole
    return Coverage(
        tuple(
            CoverageCell(*row, mode, counts[*row, mode], (*row, mode) in possible or counts[*row, mode] > 0)
            for row in sorted(rows, key=lambda row: (row[0] == NO_TOOL, row))
            for mode in (*MODES, *own)
        )
    )


def _possible(group: Group, mode: ErrorMode) -> bool:
    after_result = bool(group.messages) and group.messages[-1].role == "tool"
    return may_occur(mode, due=bool(group.chosen.calls), tools=len(group.tools), after_result=after_result)


def may_occur(mode: ErrorMode, *, due: bool, tools: int, after_result: bool) -> bool:
    """Whether an error can exist where a call is `due` or not, `tools` are offered and a result was just read.
    Without a due call, an invented result and a skipped step show only against an answer rule, so none is demanded."""
    if mode == "misread_result":
        return after_result
    if not due:
        return mode in ("needless_call", "malformed") and tools > 0
    return mode != "needless_call" and (mode != "wrong_tool" or tools > 1)
