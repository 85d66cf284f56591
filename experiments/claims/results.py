"""What a claim's cells came to, as one small JSON file holds it: every figure of every answer, so that pages and
statistics can be made again without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.claims.answers import Answers, from_json
from experiments.claims.claim import Arm, Base, Claim
from steadyhand.files import read_object


@dataclass(frozen=True)
class Cell:
    """What one arm answered with one seed, and what its last training cost (empty: none). `random`: other seeds answer
    otherwise."""

    arm: str
    seed: int
    answers: Answers
    cost: Mapping[str, Any]
    random: bool = True


@dataclass(frozen=True)
class Results:
    """`taken` are the chosen candidates by what was chosen, `tried` how many of held-back decisions each had right."""

    claim: str
    base: str
    made: str
    machine: str
    wanted: int
    taken: Mapping[str, str]
    tried: Mapping[str, Mapping[str, tuple[int, int]]]
    cells: tuple[Cell, ...]

    def of(self, arm: str) -> list[Cell]:
        return [cell for cell in self.cells if cell.arm == arm]


def read(path: Path) -> Results:
    """Raises DomainError for a file that is none of these."""
    row = read_object(path)
    cells = []
    for cell in row["cells"]:
        answers = from_json({"questions": row["questions"][cell["questions"]], "facts": cell["facts"]})
        cells.append(Cell(cell["arm"], cell["seed"], answers, cell["cost"], cell["random"]))
    tried = {name: {arm: (k, n) for arm, (k, n) in own.items()} for name, own in row["tried"].items()}
    return Results(
        row["claim"], row["base"], row["made"], row["machine"], row["wanted"], row["taken"], tried, tuple(cells)
    )


def picked(claim: Claim, base: Base, taken: Mapping[str, str]) -> dict[str, Arm]:
    """The chosen candidates, by their names."""
    return {
        name: next(arm for arm in candidates if arm.name == taken[name])
        for name, candidates in claim.choices(base).items()
    }
