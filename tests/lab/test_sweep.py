"""Whole sweeps of a real tiny model: what they leave, what runs again, and that a kill loses nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.domain.rows import Row
from steadyhand.errors import JobError, UsageError
from steadyhand.lab.sweep import sweep, sweep_plan
from steadyhand.lab.sweep_result import Sweep
from steadyhand.lab.sweep_setup import SweepRequest, lay_out, trial_of, with_kept
from steadyhand.ledger.result import Check
from steadyhand.models.backend import Completion
from tests import tiny
from tests.flow import world
from tests.flow.world import Watcher, files

ROOT = Path(__file__).resolve().parents[2]
BRANCHES = """\
branches:
  - name: plain
  - name: hot
    set: {sft.learning_rate: 2e-2, sft.epochs: 3}
  - name: cards only
    set: {sft.rehearsal: 0}
  - name: with scenarios
    set: {sft.scenarios: true}
"""
SCENARIOS = "scenarios:\n" + "".join(
    [
        *(world.scenario(f"t{i}", "train", f"host{i}.example", 10 * i) for i in range(8)),
        world.scenario("e1", "eval", "c.example", 88),
    ]
)
FLAGS = {"sft.save_steps": 1}


def make(root: Path, branches: str = BRANCHES) -> tuple[Path, SweepRequest]:
    base = root / "base"
    folder = world.make(root / "uss", base if base.exists() else tiny.save(base), scenarios=SCENARIOS)
    file = root / "sweep.yaml"
    file.write_text(branches, "utf-8")
    return folder, SweepRequest(file, held=0.5, looks=2)


def figures(found: Sweep) -> object:
    return json.loads(json.dumps(replace(found, created="", seconds=0).to_json()))


Done = tuple[Path, SweepRequest, Path, Sweep, Watcher]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    root = tmp_path_factory.mktemp("sweep")
    folder, request = make(root)
    watcher = Watcher()
    return folder, request, root / "out", sweep(folder, FLAGS, root / "out", request, watcher), watcher


def test_a_sweep_has_a_winner_and_a_reason_for_every_other_branch(done: Done) -> None:
    _, _, out, found, watcher = done
    assert [story.branch for story in found.stories] == ["plain", "hot", "cards only", "with scenarios"]
    assert [story.fate.end for story in found.stories].count("won") == 1
    assert found.winner == next(story.branch for story in found.stories if story.fate.end == "won")
    assert [rung.keep for rung in found.rungs] == [3, 2, 1]
    assert watcher.ran[0] == "base"
    trained = {story.branch: story.stops[-1].steps for story in found.stories}
    assert trained[found.winner] == max(story.steps for story in found.stories if story.branch == found.winner)
    assert sum(trained[story.branch] < story.steps for story in found.stories) == 2
    assert found.compute.steps < found.compute.full_steps
    assert [*(out / "work").iterdir(), *(out / "tmp").iterdir()] == []
    assert not list(out.rglob("*.safetensors"))  # weights are gone, figures stay


def test_nobody_trains_on_what_is_asked_and_held_out_scenarios_are_not_asked(done: Done) -> None:
    folder, request, out, found, _ = done
    setup = lay_out(folder, FLAGS, out, request)
    held = set(found.manifest["held"])
    assert 0 < len(held) < 8
    assert {one.decision.scenario.id for one in setup.items if one.decision} == held
    taught = {row.source for row in setup.contenders["with scenarios"].rows if row.source.startswith("scenario:")}
    assert {source.removeprefix("scenario:").partition("#")[0] for source in taught} == {
        f"t{i}" for i in range(8)
    } - held


def test_a_second_call_runs_nothing_and_finds_the_same(done: Done) -> None:
    folder, request, out, found, _ = done
    before = files(out / "artifacts")
    watcher = Watcher()
    assert figures(sweep(folder, FLAGS, out, request, watcher)) == figures(found)
    assert watcher.ran == []
    assert files(out / "artifacts") == before
    assert {step.state for step in sweep_plan(folder, FLAGS, out, request)} == {"done"}


def test_a_plan_writes_nothing_and_says_what_it_cannot_know(done: Done, tmp_path: Path) -> None:
    folder, request, out, _, _ = done
    steps = sweep_plan(folder, FLAGS, tmp_path / "none", request)
    assert [step.name for step in steps] == [
        "base", "rung 1: 4 branches", "rung 2: 3 branches", "rung 3: 2 branches",
    ]  # fmt: skip
    assert files(tmp_path) == {}
    changed = sweep_plan(folder, FLAGS | {"sft.warmup_ratio": 0.5}, out, request)
    assert [step.reason for step in changed if step.state == "run"][:4] == ["changed: setting sft"] * 4


def test_a_sweep_that_is_killed_at_random_ends_at_the_same_figures(done: Done, tmp_path: Path) -> None:
    folder, request, _, found, _ = done
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.lab.test_sweep import FLAGS\n"
        "from steadyhand.lab.sweep_setup import SweepRequest; from steadyhand.lab.sweep import sweep\n"
        "from tests.flow.world import Watcher\n"
        "left = int(sys.argv[4])\n"
        "def at(trial, told):\n    global left; left -= 1\n    if not left: os.kill(os.getpid(), signal.SIGKILL)\n"
        "request = SweepRequest(Path(sys.argv[2]), held=0.5, looks=2)\n"
        "sweep(Path(sys.argv[1]), FLAGS, Path(sys.argv[3]), request, Watcher(at))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    words = [sys.executable, "-c", program, str(folder), str(request.file), str(tmp_path)]
    ended = subprocess.run([*words, str(random.Random(1).randint(2, 40))], env=environment, check=False).returncode
    assert ended == -signal.SIGKILL
    assert figures(sweep(folder, FLAGS, tmp_path, request, Watcher())) == figures(found)


def test_a_branch_that_cannot_train_is_recorded_and_the_others_go_on(tmp_path: Path) -> None:
    text = BRANCHES.replace("sft.rehearsal: 0", "sft.max_length: 16")
    folder, request = make(tmp_path, text)
    found = sweep(folder, FLAGS, tmp_path / "out", request, Watcher())
    fate = next(story.fate for story in found.stories if story.branch == "cards only")
    assert (fate.end, fate.rung) == ("failed", 0)
    assert "max_length" in fate.reason
    assert found.winner is not None


def test_no_branch_that_trains_is_an_error_of_the_job(tmp_path: Path) -> None:
    names = "".join(f"  - {{name: b{i}, set: {{sft.max_length: {16 + i}}}}}\n" for i in range(2))
    folder, request = make(tmp_path, "branches:\n" + names)
    with pytest.raises(JobError, match="no branch could be trained; the first one: "):
        sweep(folder, FLAGS, tmp_path / "out", request, Watcher())


def test_another_version_of_the_data_is_trained_without_what_is_asked(done: Done, tmp_path: Path) -> None:
    folder, request, _, _, _ = done
    other = world.make(
        tmp_path / "second", request.file.parent / "base", scenarios=SCENARIOS,
        knowledge=world.KNOWLEDGE.replace("It gives a level.", "It rates."),
    )  # fmt: skip
    file = tmp_path / "sweep.yaml"
    file.write_text("branches:\n  - name: one\n  - {name: two, data: second, set: {sft.scenarios: true}}\n", "utf-8")
    setup = lay_out(folder, FLAGS, tmp_path / "out", replace(request, file=file))
    assert other.name == "second"
    rows = setup.contenders["two"].rows
    assert any("It rates." in row.messages[-1].content for row in rows)
    asked = {one.decision.scenario.id for one in setup.items if one.decision}
    assert not [row for row in rows if row.source.removeprefix("scenario:").partition("#")[0] in asked]


def test_a_full_sweep_after_a_halved_one_trains_only_what_was_not_trained_whole(tmp_path: Path) -> None:
    folder, request = make(tmp_path)
    halved = sweep(folder, FLAGS, tmp_path / "out", request, Watcher())
    watcher = Watcher()
    full = sweep(folder, FLAGS, tmp_path / "out", replace(request, full=True), watcher)
    whole = {story.branch for story in halved.stories if story.stops[-1].steps == story.steps}
    assert len(whole) == 2
    assert {name.partition(",")[0] for name in watcher.ran} == {story.branch for story in full.stories} - whole
    assert full.compute.steps == full.compute.full_steps
    assert [story.fate.items for story in full.stories] == [full.items] * 4


def test_one_that_is_called_back_goes_on_at_its_own_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[bool] = []

    def first_is_harmed(*_: object) -> list[Check]:
        judged.append(not judged)
        return [Check("no_repetition", ">= 0.98", "FAIL", 0.5, 0.4, 0.6, 60, reason="loops")] if judged[-1] else []

    monkeypatch.setattr("steadyhand.lab.sweep_measure.damage_checks", first_is_harmed)
    trained: dict[str, list[int]] = {}
    watcher = Watcher(lambda trial, told: trained.setdefault(trial, []).append(watcher.told[-1][0]))
    folder, request = make(tmp_path)
    found = sweep(folder, FLAGS, tmp_path / "out", request, watcher)
    harmed = next(story for story in found.stories if story.fate.end == "harmed")
    back = next(story for story in found.stories if story.fate.instead is not None)
    assert back.fate.instead == harmed.branch
    assert [stop.rung for stop in back.stops] == [0, 1, 2]
    last = next(steps for trial, steps in trained.items() if trial.startswith(f"{back.branch}, rung 3"))
    assert last[0] == back.stops[1].steps + 1  # no step is taken twice
    assert not list((tmp_path / "out").rglob("*.safetensors"))


def test_only_whole_trainings_are_asked_and_under_way_losses_are_taken(done: Done) -> None:
    folder, request, out, found, _ = done
    setup = lay_out(folder, FLAGS, out, request)
    trials = [trial_of(setup, "plain", rung, 0, 1) for rung in range(3)]
    assert [len(trial.questions) for trial in trials] == [0, 0, 1 + len(setup.known)]
    assert [trial.scored for trial in trials] == [(setup.taught[:1],)] * 2 + [()]
    under_way, at_end = (
        [s for story in found.stories for s in story.stops if (s.rung == 2) is x] for x in (False, True)
    )
    assert len(under_way) == 4 + 3
    assert all(stop.losses and stop.rate is None for stop in under_way)
    assert all(not stop.losses and stop.n == found.items for stop in at_end)


def test_what_the_base_says_of_public_questions_is_to_be_kept(done: Done) -> None:
    setup = lay_out(done[0], FLAGS, done[2], done[1])
    said = Completion("<think>\na fact\n</think>\n\nParis.", "stop", 9, 9, "")

    def kept(*answers: Completion) -> tuple[Row, ...]:
        keys = ("/".join(one.key) for one in setup.known)
        return with_kept(setup, dict(zip(keys, answers, strict=True))).kept

    rows = kept(said, said)
    assert [row.messages[:-1] for row in rows] == [one.prompt.messages for one in setup.known]
    assert (rows[0].messages[-1].content, rows[0].messages[-1].think) == ("Paris.", "a fact")
    for other in (replace(said, finish_reason="length"), replace(said, text=" "), replace(said, text="<tool_call>")):
        assert kept(said, other) == rows[:1]


@pytest.mark.parametrize(
    ("branches", "what", "line"),
    [
        ("branches:\n  - name: a\n  - {name: b, set: {sft.rehearsal: 0.5}}\n", "trains exactly what 'a' trains", 3),
        ("branches:\n  - name: a\n  - name: b\n    set: {sft.epochs: 0}\n", "`sft.epochs` = 0", 4),
        ("branches:\n  - name: a\n  - name: b\n    set: {sft.keep_base: 0.5, sft.method: lora}\n", "keep_base", 4),
    ],
)
def test_branches_that_cannot_be_are_refused_where_they_are_written(
    done: Done, tmp_path: Path, branches: str, what: str, line: int
) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(branches, "utf-8")
    with pytest.raises(UsageError, match=what) as caught:
        lay_out(done[0], FLAGS, tmp_path / "out", replace(done[1], file=file))
    assert str(caught.value.where).startswith(f"{file}:{line}:")
    assert caught.value.next


def test_too_few_training_scenarios_are_said(done: Done, tmp_path: Path) -> None:
    folder = world.make(
        tmp_path / "few", done[1].file.parent / "base",
        scenarios="scenarios:\n" + world.scenario("t1", "train", "a.example", 1),
    )  # fmt: skip
    with pytest.raises(UsageError, match="too few training scenarios"):
        lay_out(folder, FLAGS, tmp_path / "out", done[1])
