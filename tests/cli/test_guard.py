"""What `steady serve` takes from a domain: names it knows, and checks that are those of the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.cli.guard import guard_of
from steadyhand.domain.load import checks_of
from steadyhand.errors import PrerequisiteError
from steadyhand.flow.sign_off import SignOff, judging

CHECKS = "system: Sell nothing.\nchecks: {red: {kind: rules, never: [sure]}, helps: {kind: says}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "checks.yaml").write_text(CHECKS, "utf-8")
    return tmp_path


def signed(folder: Path) -> SignOff:
    checks = checks_of(folder)
    return SignOff("PASS", "sales", "0" * 64, Path("report.json"), judging(checks.system, checks.checkers))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--guard", "red"], 2, "--guard names checks of a domain"),
        (["--guard", "rde", "--domain", "."], 2, "no check 'rde'"),
        (["--guard", "helps", "--domain", "."], 2, "needs a gold answer"),
        (["--domain", "nowhere"], 2, "no such folder"),
    ],
)
def test_mistakes_are_one_message(
    folder: Path, words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(folder)
    assert main(["serve", "--model", "steady-nano", *words]) == code
    assert message in capsys.readouterr().err


def test_what_was_signed_off_is_what_guards(folder: Path) -> None:
    verdict = signed(folder)
    system, guard = guard_of(folder, "red, red", verdict)
    assert system == "Sell nothing."
    assert guard
    assert [checker.name for checker in guard.checkers] == ["red"]
    assert guard_of(folder, "", verdict) == ("Sell nothing.", None)


@pytest.mark.parametrize(
    ("old", "new", "what"), [("sure", "certain", "the check 'red'"), ("nothing", "all", "the system prompt")]
)
def test_another_check_or_prompt_than_the_verdicts_is_refused(folder: Path, old: str, new: str, what: str) -> None:
    verdict = signed(folder)
    (folder / "checks.yaml").write_text(CHECKS.replace(old, new), "utf-8")
    with pytest.raises(PrerequisiteError, match=f"{what} is not the one that the verdict was given with"):
        guard_of(folder, "red", verdict)


def test_what_cannot_be_compared_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guard_of(folder, "red", SignOff("PASS", "sales", "0" * 64, Path("report.json")))
    assert "does not say which checks" in capsys.readouterr().err
    guard_of(None, "", signed(folder))
    assert "sales has a system prompt" in capsys.readouterr().err
    guard_of(folder, "red", None)
    assert capsys.readouterr().err == ""
