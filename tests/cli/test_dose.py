"""`steady dose` and `steady diagnose`: tables, one JSON object, exit codes, one clear error for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.cli.trials import TrialConsole, numbers
from steadyhand.errors import UsageError
from steadyhand.flow.plan import Planned
from tests.cli.test_run import result, steady
from tests.flow import trial

ASK = ("--point", "words", "--ladder", "1,4", "--seeds", "0", "--shows", "4", "--near", "2", "--known", "2")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    root = tmp_path_factory.mktemp("cli-dose")
    folder, file = trial.make(root)
    return folder, file, root / "out"


def test_a_dose_is_looked_for_and_none_is_exit_1(
    made: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _, out = made
    shown, told = steady(capsys, "dose", folder, *ASK, "--out", out, code=1)
    assert "smallest effective dose: none of these" in shown
    assert "[3/3] 4 cards, seed 0" in told
    found = result(capsys, "dose", folder, *ASK, "--out", out, code=1)
    assert (found["version"], found["smallest"], [rung["cards"] for rung in found["rungs"]]) == (1, None, [1, 4])
    assert {Path(page).suffix for page in found["report"]} == {".html", ".json"}
    assert all(Path(page).is_file() for page in found["report"])
    steps = result(capsys, "dose", folder, *ASK, "--out", out, "--plan")["plan"]
    assert {step["state"] for step in steps} == {"done"}
    assert steady(capsys, "dose", folder, *ASK, "--out", out, "--plan")[0].endswith("nothing to do\n")


def test_a_dose_that_is_found_is_exit_0(made: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder, _, out = made
    loose = ("--set", "gate.public_margin=0.99")  # a bar of 0 is reached by a random model
    assert (
        "smallest effective dose: 1 card" in steady(capsys, "dose", folder, *ASK, *loose, "--bar", "0", "--out", out)[0]
    )


def test_a_shortcut_that_is_not_cured_is_exit_1(
    made: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, file, out = made
    words = ("dose", folder, "--shortcut", file, "--seeds", "0", "--shows", "2", "--out", out)
    shown, _ = steady(capsys, *words, code=1)
    assert "diverse: INSUFFICIENT" in shown
    assert result(capsys, *words, code=1)["cures"]["diverse"]["n"] == 2
    assert len(result(capsys, *words, "--plan")["plan"]) == 3


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((), "either a point or a shortcut"),
        (("--point", "words", "--shortcut", "x.yaml"), "either a point or a shortcut"),
        (("--point", "wrods"), "did you mean 'words'?"),
        (("--point", "words", "--ladder", "1,x"), "--ladder 1,x: not whole numbers"),
        (("--point", "words", "--ladder", "0"), "not whole numbers from 1 on"),
        (("--point", "words", "--seeds", ""), "not whole numbers"),
        (("--shortcut", "absent.yaml"), "no such file"),
    ],
)
def test_a_wrong_call_is_one_error_with_a_next_step(
    made: tuple[Path, Path, Path], words: tuple[str, ...], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown, told = steady(capsys, "dose", made[0], *words, code=2)
    assert shown == ""
    assert what in told
    assert told.count("error:") == 1


def test_a_missing_model_is_exit_3(made: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("dose", made[0], *ASK), ("diagnose", made[0])):
        assert "error:" in steady(capsys, *words, "--model", "nowhere", code=3)[1]


def test_a_diagnosis_without_a_verdict_is_exit_1(
    made: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _, out = made
    words = ("diagnose", folder, "--cases", "3", "--out", out.with_name("diagnose"))
    shown, told = steady(capsys, *words, code=1)
    assert shown.splitlines()[0].split() == ["n", "closed", "defined", "decomposed", "given", "verdict"]
    assert "[4/4] given" in told
    found = result(capsys, *words, code=1)
    assert {one["subject"] for one in found["diagnoses"]} == {"words", "few", "query", "reading", "no call"}
    assert json.dumps(found["diagnoses"][0]["rates"]["closed"])
    assert {step["state"] for step in result(capsys, *words, "--plan")["plan"]} == {"done"}


def test_the_time_left_is_that_of_the_slower_cells(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 1.0, 11.0])
    console = TrialConsole(lambda: next(times))
    for position, name in enumerate(("base", "1 card", "2 cards"), 1):
        console.stage(Planned(name, "k", "run", "why"), position, 4)
    told = capsys.readouterr().err.splitlines()
    assert told == ["[1/4] base: why", "[2/4] 1 card: why, about 3 s left", "[3/4] 2 cards: why, about 20 s left"]


def test_numbers_are_read_once_each() -> None:
    assert numbers("4, 1,4", "ladder", 1) == (4, 1)
    with pytest.raises(UsageError):
        numbers("-1", "seeds", 0)
