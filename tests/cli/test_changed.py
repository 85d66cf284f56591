"""`--changed`: findings on the lines of a change, in a real repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.cli.changed import changed_lines
from steadyhand.errors import UsageError

GOOD = json.dumps({"instruction": "Name a prime.", "output": "Two is one."})
BAD = json.dumps({"x": 1})


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file whose second row is bad since its first commit."""
    file = tmp_path / "训练 data.jsonl"
    file.write_text(f"{GOOD}\n{BAD}\n{GOOD}\n", "utf-8")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    return file


def found(file: Path, capsys: pytest.CaptureFixture[str], code: int) -> list[int]:
    assert main(["check", str(file), "--select", "R", "--changed", "HEAD", "--json"]) == code
    return [one["line"] for one in json.loads(capsys.readouterr().out)["findings"]]


def test_what_was_there_before_is_left_out_and_counted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(data, capsys, 0) == []
    main(["check", str(data), "--select", "R", "--changed", "HEAD"])
    assert "1 findings on lines that are as in HEAD are left out" in capsys.readouterr().err


def test_what_was_changed_or_added_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data.write_text(f"{BAD}\n{GOOD}\n{BAD}\n{GOOD}\n{BAD}\n", "utf-8")
    assert changed_lines("HEAD", [str(data)]) == {str(data): frozenset({1, 5})}
    assert found(data, capsys, 1) == [1, 5]


def test_a_file_that_git_does_not_have_is_new_as_a_whole(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = data.with_name("new.jsonl")
    new.write_text(f"{GOOD}\n{BAD}\n", "utf-8")
    assert found(new, capsys, 1) == [2]
    git(data.parent, "add", "new.jsonl")
    assert found(new, capsys, 1) == [2]


def test_what_git_does_not_know_is_one_error(data: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(UsageError, match="git: "):
        changed_lines("no-such-commit", [str(data)])
    alone = tmp_path_factory.mktemp("alone") / "a.jsonl"
    alone.write_text(BAD, "utf-8")
    with pytest.raises(UsageError, match="git: "):
        changed_lines("HEAD", [str(alone)])
