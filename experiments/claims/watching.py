"""Trainings under the health watch, sound and ailing (`experiments.damage`): was each stopped, and does preference
training repair what is damaged? A training is the unit: one question for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from experiments import kept
from experiments.claims.answers import Answers
from experiments.claims.claim import Question
from experiments.claims.world import World
from experiments.watched import REPAIR, SOUND
from steadyhand.flow.engine import Watcher
from steadyhand.settings.resolve import PREFIX

STEPS = 80  # of a sound training, and of what is damaged to be repaired


def ask(question: Question, folder: Path, world: World, seed: int, watcher: Watcher) -> Answers:
    """`watched NAME`: one training of an ailment, by its name."""
    name = question.kind.partition(" ")[2]
    steps = STEPS if name in (SOUND, REPAIR) else 0
    with TemporaryDirectory(prefix="steady-claims-") as place:
        words = [name, steps, seed, world.whole.root, Path(place) / "cell"]
        row = kept.figures(
            "experiments.watched",
            f"{name}, seed {seed}",
            words,
            Path(place) / "cell",
            "",
            variables(world.base.settings),
        )
    return repaired(row, seed) if name == REPAIR else stopped(row, seed)


def variables(settings: Mapping[str, object]) -> dict[str, str]:
    """Settings as the environment of another process, which knows the domain but not the base.

    >>> variables({"sft.learning_rate": 0.001})
    {'STEADY_SFT__LEARNING_RATE': '0.001'}
    """
    return {
        PREFIX + key.upper().replace(".", "__"): value if isinstance(value, str) else json.dumps(value)
        for key, value in settings.items()
    }


def stopped(row: dict[str, Any], seed: int) -> Answers:
    caught = float(row["caught"] is not None)
    facts = {"stopped": (caught,), "sound": (1.0 - caught,)}
    return Answers(((f"training {seed}", f"training {seed}", "training"),), facts)


def repaired(row: dict[str, Any], seed: int) -> Answers:
    """Every answer to the watch's questions with whether it fails, by model; and whether training was refused."""
    questions, failed = [("refused", f"training {seed}", "refused")], [float(bool(row["refused"]))]
    for model, signs in row["signs"].items():
        for sign, (failures, answers) in signs.items():
            questions += [(f"{sign} {n}", f"{sign}, {seed}", model) for n in range(answers)]
            failed += [float(n < failures) for n in range(answers)]
    return Answers(tuple(questions), {"failed": tuple(failed)})
