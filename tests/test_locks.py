"""Locks die with their holder; a system without them is told so by what needs one, and by nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from steadyhand import locks
from steadyhand.errors import PrerequisiteError
from tests.test_house import PACKAGE, ROOT, TORCH_ROOMS

WITHOUT = "import sys; sys.modules['fcntl'] = None; sys.modules['resource'] = None\n"


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, env=env)


def test_one_holds_it_and_another_does_not(tmp_path: Path) -> None:
    one, other = (os.open(tmp_path / "lock", locks.OPENED) for _ in range(2))
    locks.exclusive(one)
    with pytest.raises(BlockingIOError):
        locks.exclusive(other, wait=False)
    locks.release(one)
    locks.exclusive(other, wait=False)
    os.close(one)
    os.close(other)


def test_without_locks_what_needs_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "fcntl", None)
    descriptor = os.open(tmp_path / "lock", locks.OPENED)
    with pytest.raises(PrerequisiteError, match="no file locks"):
        locks.exclusive(descriptor)
    locks.shared(descriptor)
    os.close(descriptor)


def test_everything_imports_without_what_only_unix_has(tmp_path: Path) -> None:
    modules = sorted(
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in TORCH_ROOMS | {"lab", "flow"} and path.stem != "inspect_task"
    )
    assert len(modules) > 200
    done = run(f"{WITHOUT}import importlib\nfor m in {modules!r}: importlib.import_module(m)", tmp_path)
    assert done.returncode == 0, done.stderr


def test_data_is_checked_without_locks_and_a_run_says_what_it_needs(tmp_path: Path) -> None:
    steady = f"{WITHOUT}from steadyhand.cli import main\nsys.exit(main(sys.argv[1:] or WORDS))"
    assert run(steady.replace("WORDS", "['init', 'parcels']"), tmp_path).returncode == 0
    assert run(steady.replace("WORDS", "['check', 'parcels']"), tmp_path).returncode == 0
    done = run(steady.replace("WORDS", "['run', 'parcels']"), tmp_path)
    assert done.returncode == 3
    assert "this system has no file locks" in done.stderr
