"""What is kept of a model's answers: for every question a figure a fact, small enough to commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadyhand.flow.artifacts import read_json, write_json

ANSWERS = "answers.json"
Figure = float | None


@dataclass(frozen=True)
class Answers:
    """Questions as (id, cluster, class), and of each fact a figure a question (None: it does not apply)."""

    questions: tuple[tuple[str, str, str], ...]
    facts: Mapping[str, tuple[Figure, ...]]


def write_answers(folder: Path, answers: Answers) -> None:
    write_json(folder / ANSWERS, to_json(answers))


def read_answers(folder: Path) -> Answers:
    return from_json(read_json(folder / ANSWERS))


def to_json(answers: Answers) -> dict[str, Any]:
    facts = {name: packed(figures) for name, figures in answers.facts.items()}
    return {"questions": [list(row) for row in answers.questions], "facts": facts}


def from_json(row: Mapping[str, Any]) -> Answers:
    facts = {name: unpacked(figures) for name, figures in row["facts"].items()}
    return Answers(tuple((id, cluster, kind) for id, cluster, kind in row["questions"]), facts)


def packed(figures: Sequence[Figure]) -> str | list[Figure]:
    """A character a figure where all are yes (1), no (0) or nothing (-)."""
    letters = {None: "-", 0.0: "0", 1.0: "1"}
    return "".join(letters[f] for f in figures) if set(figures) <= set(letters) else list(figures)


def unpacked(figures: str | Sequence[Figure]) -> tuple[Figure, ...]:
    values = {"-": None, "0": 0.0, "1": 1.0}
    return tuple(values[letter] for letter in figures) if isinstance(figures, str) else tuple(figures)
