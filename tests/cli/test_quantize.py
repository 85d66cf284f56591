"""`steady quantize` on a real run of the tiny model: what is measured, kept, chosen and refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.test_run import result, steady
from tests.flow import world
from tests.flow.world import Finished


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return world.finished(tmp_path_factory)


def words(done: Finished, keep: Path, *more: object) -> tuple[object, ...]:
    model = done.context.artifact("merge") / "model"
    return ("quantize", model, "--domain", done.folder, "--keep", keep, *more)


def test_each_type_is_held_against_the_whole_model(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep = tmp_path / "kept"
    types = ("--type", "f32", "--type", "q8_0", "--margin", "0.9")
    found = result(capsys, *words(done, keep, *types, "--to", tmp_path / "out"))
    own = result(capsys, "eval", "--model", done.context.artifact("merge") / "model", "--domain", done.folder)
    assert found["whole"]["metrics"]["tool_call_accuracy"] == own["metrics"]["tool_call_accuracy"]
    whole, small = found["types"]
    assert (whole["type"], whole["error"], whole["passed"]) == ("f32", 0.0, True)
    assert whole["metrics"] == found["whole"]["metrics"]
    assert "determinism_outcome" not in whole["metrics"]  # a type is asked everything once
    assert [check["metric"] for check in whole["checks"]] == ["tool_call_accuracy_loss", "general_knowledge_loss"]
    assert small["bytes"] < whole["bytes"]
    assert (found["best"], found["exported"]) == ("q8_0", str(tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out").glob("*.gguf")] == ["model-q8_0.gguf"]
    kept = {path: path.stat().st_mtime_ns for path in (keep / "artifacts").iterdir()}
    assert len(kept) == 3
    assert result(capsys, *words(done, keep, *types))["types"] == found["types"]  # from what was kept
    assert {path: path.stat().st_mtime_ns for path in (keep / "artifacts").iterdir()} == kept


def test_a_handful_of_questions_shows_nothing_at_three_points(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = steady(capsys, *words(done, tmp_path / "kept", "--type", "q8_0", "--to", tmp_path / "out"), code=1)
    assert [line.split()[0] for line in out.splitlines()] == ["type", "as", "q8_0"]
    assert "INSUFFICIENT" in out
    assert "no type passes" in err
    assert not (tmp_path / "out").exists()


def test_a_target_that_holds_something_is_refused_before_the_work(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = result(capsys, *words(done, tmp_path / "kept", "--to", done.folder), code=2)["error"]
    assert "not an empty folder" in error["what"]
    assert not (tmp_path / "kept").exists()


def test_a_missing_package_is_said_before_anything_is_asked(
    done: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    _, err = steady(capsys, *words(done, tmp_path / "kept", "--type", "q8_0"), code=3)
    assert "pip install 'steadyhand[gguf]'" in err
    assert not (tmp_path / "kept").exists()  # no answer was kept, for none was asked for
