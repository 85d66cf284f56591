"""What others put into their CI: the hooks by pre-commit itself, the action's script in a repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.cli.test_changed import BAD, GOOD, git
from tests.test_house import ROOT


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").write_text(f"{GOOD}\n{BAD}\n", "utf-8")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    (tmp_path / "data" / "train.jsonl").write_text(f"{GOOD}\n{BAD}\n{BAD}\n", "utf-8")
    return tmp_path


def steady(folder: Path) -> dict[str, str]:
    """An environment in which `steady` is this one."""
    (folder / ".bin").mkdir(exist_ok=True)
    program = (
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; from steadyhand.cli import main; sys.exit(main())" "$@"\n'
    )
    (folder / ".bin" / "steady").write_text(program, "utf-8")
    (folder / ".bin" / "steady").chmod(0o755)
    return os.environ | {"PATH": f"{folder / '.bin'}:{os.environ['PATH']}", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}


def act(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(ROOT / ".github" / "check.sh")]
    return subprocess.run(command, cwd=folder, env=steady(folder) | given, capture_output=True, text=True)


def commit_of(folder: Path) -> str:
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True).stdout.strip()


def test_the_action_annotates_the_changed_rows(repository: Path) -> None:
    done = act(repository, CHECK="data/*.jsonl", OPTIONS="--select R", BASE_SHA=commit_of(repository))
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith("::error file=data/train.jsonl,line=3,col=1,title=R001 ")
    whole = act(repository, CHECK="data/train.jsonl", OPTIONS="--select R", BASE_SHA=commit_of(repository), ALL="true")
    assert len(whole.stdout.splitlines()) == 2
    push = act(repository, CHECK="data/train.jsonl", OPTIONS="--select R")  # no pull request
    assert len(push.stdout.splitlines()) == 2


def test_the_actions_inputs_are_those_that_its_steps_read() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    text = json.dumps(action["runs"])
    assert all(f"inputs.{name}" in text for name in action["inputs"])
    assert all(step.get("shell") == "bash" for step in action["runs"]["steps"] if "run" in step)
    # what a stranger may name in a pull request is handed over as a variable, never as text of a script
    assert all("${{" not in step["run"] for step in action["runs"]["steps"] if "run" in step)


def test_every_hook_is_a_command_of_the_package() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert {hook["id"] for hook in hooks} == {"steady-check", "steady-check-domain", "steady-gate"}
    for hook in hooks:
        assert hook["entry"].split()[0] == "steady"
        assert hook["language"] == "python"


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("pre_commit"), reason="pre-commit is not installed")
def test_pre_commit_runs_the_hook_on_the_files_of_a_commit(repository: Path) -> None:
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "steady-check", "--files", "data/train.jsonl"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "steady check....................................................................Failed" in done.stdout
    assert "R001 error: a row of the data set cannot be used (2)" in done.stdout
