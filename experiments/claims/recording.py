"""Writes down what is done of a claim."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.claims import training
from experiments.claims.answers import Answers, to_json
from experiments.claims.claim import Arm, Claim
from experiments.claims.jobs import Lab, cells, goal
from experiments.claims.results import picked
from steadyhand.files import write_whole
from steadyhand.flow import artifacts

VERSION = 1


def write(folder: Path, claim: Claim, lab: Lab) -> Path:
    """Everything of the claim that is done."""
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


def machine() -> str:
    """The processor's name and how many cores of it there are."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = (line for line in cpuinfo.read_text("utf-8").splitlines() if line.startswith("model name"))
        name = next(lines, name).partition(":")[2].strip() or name
    return f"{name}, {os.cpu_count()} cores"
