from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from steadyhand.errors import JobError
from steadyhand.ledger.lock import folder_lock

HOLDER = """
import sys
from pathlib import Path
from steadyhand.ledger.lock import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, str(folder)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "held\n"
    return child


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with holder(tmp_path) as child:
        with pytest.raises(JobError, match=f"process {child.pid} on") as caught, folder_lock(tmp_path):
            pytest.fail("two processes held one lock")
        assert caught.value.next
        child.communicate()
    with folder_lock(tmp_path):
        assert str(os.getpid()) in (tmp_path / "lock").read_text(encoding="utf-8")


def test_a_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with holder(tmp_path) as child:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert str(child.pid) in (tmp_path / "lock").read_text(encoding="utf-8")  # what a stale lock looks like
    with folder_lock(tmp_path):
        pass


def test_a_lock_is_given_back_after_an_error_and_after_the_block(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), folder_lock(tmp_path):
        _ = 1 / 0
    with folder_lock(tmp_path):
        pass
    assert (tmp_path / "lock").read_text(encoding="utf-8") == ""


def test_a_lock_is_held_against_the_same_process_too(tmp_path: Path) -> None:
    with folder_lock(tmp_path), pytest.raises(JobError, match="another run"), folder_lock(tmp_path):
        pytest.fail("locked twice")


def test_two_folders_do_not_disturb_each_other(tmp_path: Path) -> None:
    with folder_lock(tmp_path / "a"), folder_lock(tmp_path / "b"):
        assert (tmp_path / "b" / "lock").exists()


def test_a_folder_that_cannot_be_made_is_a_job_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="cannot lock"), folder_lock(tmp_path / "file" / "x"):
        pytest.fail("locked nothing")
