"""What a claim's cells came to, as one small JSON file: every figure of every answer, so that pages and statistics can
be made again without a model."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.claims import training
from experiments.claims.answers import Answers, from_json, to_json
from experiments.claims.claim import Arm, Base, Claim
from experiments.claims.jobs import Lab, goal
from steadyhand.files import read_object, write_whole
from steadyhand.flow import artifacts

VERSION = 1


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


def write(folder: Path, claim: Claim, lab: Lab) -> Path:
    """Everything of the claim that is done."""
    from experiments.claims.carried import cells

    base, tried = lab.world.base, tries(claim, lab)
    taken = {name: max(own, key=lambda arm: own[arm][0]) for name, own in tried.items() if own}
    whole = len(taken) == len(claim.choices(base))
    wanted = cells(claim, base, picked(claim, base, taken)) if whole else []
    lists: list[Any] = []
    row = {
        "version": VERSION, "claim": claim.id, "base": base.name, "made": time.strftime("%Y-%m-%d"),
        "machine": machine(), "domain": lab.world.key[:12], "wanted": len(wanted), "taken": taken, "tried": tried,
        "cells": [cell for arm, seed in wanted if (cell := _cell(arm, seed, lab, lists))], "questions": lists,
    }  # fmt: skip
    (folder / base.name).mkdir(parents=True, exist_ok=True)
    return write_whole(folder / base.name / f"{claim.id}.json", dumped(row))


def tries(claim: Claim, lab: Lab) -> dict[str, dict[str, tuple[int, int]]]:
    """Right answers of those asked, by what is chosen and candidate; nothing where a candidate is not done."""
    found = {}
    for name, candidates in claim.choices(lab.world.base).items():
        answers = {arm.name: lab.answers(arm, 0) for arm in candidates}
        if all(answers.values()):
            found[name] = {arm: right(own) for arm, own in answers.items() if own}
    return found


def right(answers: Answers) -> tuple[int, int]:
    calls = [figure for figure in answers.facts["calls"] if figure is not None]
    return int(sum(calls)), len(calls)


def best(candidates: Sequence[Arm], lab: Lab) -> int:
    """The candidate with the most right calls, the first of equals. All must be done."""
    counts = [right(answers)[0] for arm in candidates if (answers := lab.answers(arm, 0))]
    return counts.index(max(counts))


def picked(claim: Claim, base: Base, taken: Mapping[str, str]) -> dict[str, Arm]:
    """The chosen candidates, by their names."""
    return {
        name: next(arm for arm in candidates if arm.name == taken[name])
        for name, candidates in claim.choices(base).items()
    }


def _cell(arm: Arm, seed: int, lab: Lab, lists: list[Any]) -> dict[str, Any] | None:
    answers = lab.answers(arm, seed)
    if answers is None:
        return None
    row = to_json(answers)
    questions = row.pop("questions")
    if questions not in lists:
        lists.append(questions)
    before = goal(arm, seed, lab).after
    cost = artifacts.read_object(lab.store.artifact(before[0].key) / training.COST) if before else {}
    return {
        "arm": arm.name,
        "seed": seed,
        "random": arm.random,
        "questions": lists.index(questions),
        **row,
        "cost": cost,
    }


def dumped(row: Mapping[str, Any]) -> str:
    """JSON with a line for each cell and each list of questions, so that a change can be read."""
    head = {name: value for name, value in row.items() if name not in ("cells", "questions")}
    cells = ",\n".join(json.dumps(cell, ensure_ascii=False) for cell in row["cells"])
    lists = ",\n".join(json.dumps(one, ensure_ascii=False) for one in row["questions"])
    start = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{start},\n "cells": [\n{cells}\n],\n "questions": [\n{lists}\n]}}\n'


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


def machine() -> str:
    """The processor's name and how many cores of it there are."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = (line for line in cpuinfo.read_text("utf-8").splitlines() if line.startswith("model name"))
        name = next(lines, name).partition(":")[2].strip() or name
    return f"{name}, {os.cpu_count()} cores"
