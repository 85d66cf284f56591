"""What a model is asked, and what is kept of its answers: for every question a figure a fact, small enough to commit.

Facts of decisions: `calls` (the strict decision: call or none, names and arguments), `name` and `args` (of those that
called), `missed`, `needless`, `passed` (text included); of public facts: `public`; of both: `quality` (not too short,
no loop, think tags balanced).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.claims.claim import Question
from experiments.claims.world import World
from steadyhand.evaluate.run import evaluate
from steadyhand.evaluate.suites import Suite, Target, targets
from steadyhand.flow.artifacts import read_json, write_json
from steadyhand.flow.engine import Watcher
from steadyhand.flow.stages import sampling_of
from steadyhand.ledger.result import Item

ANSWERS = "answers.json"
Figure = float | None
Asker = Callable[[Question, Path, World, int, Watcher], "Answers"]


@dataclass(frozen=True)
class Answers:
    """Questions as (id, cluster, class), and of each fact a figure a question (None: it does not apply)."""

    questions: tuple[tuple[str, str, str], ...]
    facts: Mapping[str, tuple[Figure, ...]]


def ask(question: Question, folder: Path, world: World, seed: int, watcher: Watcher, out: Path) -> None:
    write_answers(out, ASKERS[question.kind](question, folder, world, seed, watcher))


def _decisions(question: Question, folder: Path, world: World, seed: int, watcher: Watcher) -> Answers:
    from steadyhand.models.loading.load import load

    domain = world.asked(question.split)
    suites: tuple[Suite, ...] = ("tool", "public") if question.public else ("tool",)
    found = evaluate(
        load(folder, dtype=world.settings.model.dtype), domain, model="arm", suites=suites, seed=seed,
        sampling=sampling_of(world.settings), progress=watcher.progress,
        settings=world.settings.eval.model_copy(update={"determinism_items": 0}),
    )  # fmt: skip
    classes = {target.id: class_of(target) for target in targets(domain, suites[:1])}
    return of_items(found.items, classes)


ASKERS: dict[str, Asker] = {"decisions": _decisions}


def class_of(target: Target) -> str:
    """What is due: one call, several, an answer from a result (read), a question back (ask), a refusal, or talk."""
    assert target.decision is not None
    due, family = len(target.decision.expected), target.decision.scenario.id
    if due:
        return "call" if due == 1 else "several"
    if target.prompt.messages[-1].role == "tool":
        return "read"
    return "ask" if family.startswith("missing") else "refuse" if family.startswith("no_") else "talk"


def of_items(items: Sequence[Item], classes: Mapping[str, str]) -> Answers:
    rows = [_facts(item) for item in items]
    names = dict.fromkeys(name for row in rows for name in row)
    return Answers(
        tuple((item.id, item.cluster, classes.get(item.id, item.suite)) for item in items),
        {name: tuple(row.get(name) for row in rows) for name in names},
    )


def _facts(item: Item) -> dict[str, Figure]:
    facts = item.facts
    if item.suite != "tool":
        return {item.suite: _figure(item.passed), "quality": _figure(facts.quality)}
    offered = bool(facts.tools or facts.due)
    return {
        "calls": _figure(facts.calls_ok) if offered else None,
        "name": _figure(facts.name_ok),
        "args": _figure(facts.args_ok),
        "missed": float(not facts.called) if facts.due else None,
        "needless": float(facts.called) if offered and not facts.due else None,
        "passed": _figure(item.passed),
        "quality": _figure(facts.quality),
    }


def _figure(value: bool | None) -> Figure:
    return None if value is None else float(value)


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
