"""`steady sweep`: a table, one JSON object, exit codes, one clear error for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_run import result, steady
from tests.lab.test_sweep import make

BRANCHES = "branches:\n  - name: plain\n  - {name: hot, set: {sft.learning_rate: 2e-2}}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    root = tmp_path_factory.mktemp("cli-sweep")
    folder, request = make(root, BRANCHES)
    return folder, request.file, root / "out"


def test_a_winner_is_exit_0_with_a_page_and_figures(
    made: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, file, out = made
    words = ("sweep", folder, "--branches", file, "--looks", "1", "--known", "1", "--out", out)
    shown, told = steady(capsys, *words)
    assert "winner: plain" in shown
    assert f"next: steady run {folder}" in told
    assert "[3/3] hot, rung 1, items 1-" in told
    found = result(capsys, *words)
    assert (found["version"], found["winner"]) == (1, "plain")
    assert [story["fate"]["end"] for story in found["stories"]] == ["won", "outscored"]
    assert found["compute"]["steps"] == found["compute"]["full_steps"]  # two branches: nothing can be spared
    assert [Path(page).name for page in found["report"]] == ["sweep-uss.html", "sweep-uss.zh.html", "sweep-uss.json"]
    assert json.loads(Path(found["report"][2]).read_text("utf-8"))["winner"] == "plain"
    assert {step["state"] for step in result(capsys, *words, "--plan")["plan"]} == {"done"}


def test_when_every_branch_is_damaged_the_answer_is_no(
    made: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from steadyhand.ledger.result import Check

    loops = Check("no_repetition", ">= 0.98", "FAIL", 0.5, 0.4, 0.6, 60, reason="30 of 60 healthy")
    monkeypatch.setattr("steadyhand.lab.sweep_measure.damage_checks", lambda *_: [loops])
    folder, file, out = made
    words = ("sweep", folder, "--branches", file, "--looks", "1", "--known", "1", "--out", out)
    shown, _ = steady(capsys, *words, code=1)
    assert "winner: none" in shown
    assert "killed at rung 1: no_repetition: 30 of 60 healthy" in shown
    assert result(capsys, *words, code=1)["winner"] is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "no such file"),
        ("branches: []\n", "there are no branches"),
        (BRANCHES.replace("learning", "lerning"), "did you mean 'sft.learning_rate'?"),
        (BRANCHES.replace("2e-2", "fast"), "sft.learning_rate"),
        ("branches:\n  - name: a\n  - name: b\n", "trains exactly what 'a' trains"),
    ],
)
def test_a_wrong_file_is_one_error_with_its_place(
    made: tuple[Path, Path, Path], tmp_path: Path, text: str | None, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "branches.yaml"
    if text is not None:
        file.write_text(text, "utf-8")
    shown, told = steady(capsys, "sweep", made[0], "--branches", file, "--out", tmp_path / "out", code=2)
    assert shown == ""
    assert what in told
    assert str(file) in told
    assert told.count("error:") == 1


def test_a_wrong_setting_of_the_call_is_said_as_such(
    made: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("sweep", made[0], "--branches", made[1])
    assert "did you mean `sft.epochs`" in steady(capsys, *words, "--set", "sft.epoch=1", code=2)[1]
    assert "error:" in steady(capsys, *words, "--model", "nowhere", code=3)[1]
