"""Whole experiments with a real tiny model: what they leave, that a kill costs one step, and what runs again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.errors import UsageError
from steadyhand.lab.dose import Dose, DoseRequest, dose, dose_plan, lay_out
from tests.flow import trial
from tests.flow.world import Watcher, files, settings

ROOT = Path(__file__).resolve().parents[2]
REQUEST = DoseRequest("words", (1, 4), (0, 1), shows=8, known=2, near=2)
CELLS = ["base", "1 card, seed 0", "1 card, seed 1", "4 cards, seed 0", "4 cards, seed 1"]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Dose, Watcher]:
    root = tmp_path_factory.mktemp("dose")
    folder, _ = trial.make(root)
    watcher = Watcher()
    return folder, root / "out", dose(folder, settings(folder), root / "out", REQUEST, watcher), watcher


def figures(found: Dose) -> object:
    return json.loads(json.dumps(replace(found, created="").to_json()))


def test_every_rung_is_trained_on_nested_cards_and_asked_what_it_never_saw(
    done: tuple[Path, Path, Dose, Watcher],
) -> None:
    folder, out, found, watcher = done
    assert watcher.ran == CELLS
    assert [one.cards for one in found.rungs] == [1, 4]
    assert all(set(one.by_seed) == {0, 1} and one.target.n == 6 for one in found.rungs)
    assert all(one.leaked.n == 4 and one.known is not None and one.known.n == 2 for one in found.rungs)
    assert found.rungs[0].steps > 0
    assert {trail.kind for trail in found.trails} == {"target", "neighbor", "known"}
    assert all(set(trail.answers) == {0, 1, 4} for trail in found.trails)
    setup = lay_out(folder, settings(folder), REQUEST)
    by_name = {trial.name: trial for trial in setup.trials}
    for seed in (0, 1):
        small, large = (
            {row.source for row in by_name[f"{name}, seed {seed}"].rows if row.source.startswith("card:")}
            for name in ("1 card", "4 cards")
        )
        assert (len(small), len(large)) == (1, 4)
        assert small < large
        asked = {id for id, _ in by_name[f"4 cards, seed {seed}"].questions}
        assert not asked & large
    assert [*(out / "work").iterdir(), *(out / "tmp").iterdir()] == []
    assert not list(out.rglob("*.safetensors"))  # only answers are kept


def test_each_training_shows_cards_equally_often(done: tuple[Path, Path, Dose, Watcher]) -> None:
    setup = lay_out(done[0], settings(done[0]), REQUEST)
    shown = {sum(row.source.startswith("card:") for row in trial.rows) for trial in setup.trials if trial.rows}
    assert shown == {8}
    assert any(row.source.startswith("rehearsal:") for trial in setup.trials for row in trial.rows)


def test_a_second_call_trains_nothing_and_a_wider_ladder_only_what_is_new(
    done: tuple[Path, Path, Dose, Watcher],
) -> None:
    folder, out, found, _ = done
    watcher = Watcher()
    assert figures(dose(folder, settings(folder), out, REQUEST, watcher)) == figures(found)
    assert watcher.ran == []
    before = files(out)
    steps = dose_plan(folder, settings(folder), out, replace(REQUEST, ladder=(1, 2, 4)))
    assert {step.name for step in steps if step.state == "run"} == {"2 cards, seed 0", "2 cards, seed 1"}
    steps = dose_plan(folder, settings(folder, sft__learning_rate=0.1), out, REQUEST)
    assert {step.name for step in steps if step.state == "run"} == set(CELLS[1:])
    assert {step.reason for step in steps if step.state == "run"} == {"changed: setting sft"}
    assert files(out) == before


def test_a_plan_writes_nothing(done: tuple[Path, Path, Dose, Watcher], tmp_path: Path) -> None:
    steps = dose_plan(done[0], settings(done[0]), tmp_path / "none", REQUEST)
    assert [(step.state, step.reason) for step in steps] == [("run", "not done yet")] * 5
    assert files(tmp_path) == {}


def test_a_killed_experiment_goes_on_and_ends_the_same(done: tuple[Path, Path, Dose, Watcher], tmp_path: Path) -> None:
    folder, _, found, _ = done
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.lab.test_dose import REQUEST\n"
        "from steadyhand.lab.dose import dose; from tests.flow.world import Watcher, settings\n"
        "def at(trial, told):\n    if (trial, told) == ('4 cards, seed 0', 5): os.kill(os.getpid(), signal.SIGKILL)\n"
        "folder = Path(sys.argv[1]); dose(folder, settings(folder), Path(sys.argv[2]), REQUEST, Watcher(at))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    words = [sys.executable, "-c", program, str(folder), str(tmp_path)]
    assert subprocess.run(words, env=environment, check=False).returncode == -signal.SIGKILL
    watcher = Watcher(lambda trial, told: first.append(watcher.told[0]) if told == 1 else None)
    first: list[tuple[int, int]] = []
    again = dose(folder, settings(folder), tmp_path, REQUEST, watcher)
    assert watcher.ran == CELLS[3:]
    assert first[0][0] > 1  # at a checkpoint, not at the first step
    assert figures(again) == figures(found)


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        (DoseRequest("wrods"), "no point 'wrods'"),
        (DoseRequest("few"), "has 2 cards in 2 wordings"),
        (DoseRequest("words", (1, 7)), "5 can be trained, not 7"),
    ],
)
def test_what_cannot_be_tried_is_said_before_anything_runs(
    done: tuple[Path, Path, Dose, Watcher], tmp_path: Path, request_: DoseRequest, what: str
) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        dose(done[0], settings(done[0]), tmp_path / "out", request_, Watcher())
    assert caught.value.where
    assert caught.value.next
    assert files(tmp_path) == {}


def test_a_ladder_that_nobody_names_ends_where_the_cards_do(done: tuple[Path, Path, Dose, Watcher]) -> None:
    assert lay_out(done[0], settings(done[0]), DoseRequest("words")).ladder == (1, 2, 4, 5)
