"""Rounds of online DPO on a real run of the tiny model: what they take over, learn from, keep and refuse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from steadyhand.errors import UsageError
from steadyhand.flow.context import RunContext
from steadyhand.lab import online as flow
from steadyhand.lab.online import online, online_stages, plan
from steadyhand.models.backend import Backend
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.pairs.case import Case
from tests.cli.test_run import result, steady
from tests.flow import world
from tests.flow.world import Finished

FEW = ("--set", "online.samples=2", "--set", "online.decisions=3")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return world.finished(tmp_path_factory)


def wrong_ones(model: Backend, asked: Sequence[Case], context: RunContext, seed: int) -> dict[str, list[str]]:
    """What a model might say; the tiny one babbles without end, and what was cut is left out."""
    return {case.decision.id: ["<think>\nno\n</think>\n\n" + word for word in ("never", str(seed))] for case in asked}


def test_rounds_go_on_from_the_run_and_from_each_other(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "answers_of", wrong_ones)
    out = done.copy(tmp_path / "out")
    words = ("online", done.folder, "--out", out, *FEW)
    planned = result(capsys, *words, "--rounds", "1", "--plan")["plan"]
    assert [row["stage"] for row in planned if row["state"] == "run"] == ["answers_1", "online_1", "eval_online_1"]
    one = result(capsys, *words, "--rounds", "1")
    assert set(one["models"]) == {"sft", "dpo", "online_1"}
    (tally,) = one["rounds"]
    assert tally["decisions"] == sum(count for word, count in tally.items() if word != "decisions") > 0
    assert tally["group"] > 0
    first = Path(one["model_folder"])
    assert fingerprint(first) != fingerprint(done.context.artifact("merge") / "model")
    two = result(capsys, *words, "--rounds", "2")
    assert two["models"]["online_1"] == one["models"]["online_1"]
    assert two["seconds"]["online_1"] == one["seconds"]["online_1"]  # not trained again
    assert Path(two["model_folder"]) != first
    shown, told = steady(capsys, *words, "--rounds", "2")
    assert shown.splitlines()[0].split() == ["sft", "dpo", "online_1", "online_2"]
    assert "round 2: " in shown
    assert "answers_2: done before" in told


def test_a_round_without_groups_leaves_the_model_as_it_is(done: Finished, tmp_path: Path) -> None:
    out = done.copy(tmp_path / "out")
    settings = done.context.settings.model_copy(
        update={
            "online": done.context.settings.online.model_copy(update={"samples": 2, "decisions": 2, "reference": False})
        }
    )
    context = online(done.folder, settings, out, 1, world.Watcher())
    tally = json.loads((context.artifact("answers_1") / "tally.json").read_text("utf-8"))
    assert tally == {"decisions": tally["decisions"], "alike": tally["decisions"]}  # every answer was cut
    assert fingerprint(context.artifact("online_1") / "model") == fingerprint(context.artifact("merge") / "model")


def test_a_judge_without_a_name_is_refused_before_the_work(done: Finished, tmp_path: Path) -> None:
    changed = done.context.settings.online.model_copy(update={"judge": "http://127.0.0.1:9/v1"})
    settings = done.context.settings.model_copy(update={"online": changed})
    with pytest.raises(UsageError, match="has a name"):
        online(done.folder, settings, tmp_path / "new", 1, world.Watcher())
    assert not (tmp_path / "new").exists()


def test_the_stages_of_a_run_come_first_and_keep_their_keys(done: Finished) -> None:
    names = [stage.name for stage in online_stages(2)]
    assert names[-6:] == ["answers_1", "online_1", "eval_online_1", "answers_2", "online_2", "eval_online_2"]
    steps = {step.name: step for step in plan(done.folder, done.context.settings, done.out, 2)}
    assert all(steps[name].key == done.context.keys[name] for name in names[:-6])
