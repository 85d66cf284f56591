"""Jobs of a studio: commands that run on when the studio, or the browser, is closed. All of a job is in its folder.

    <out>/jobs/<id>/job.json   what was asked, by whom, when      log   what it prints
                    lock       held while it runs                 end.json   how it ended

Whoever holds the lock runs: it dies with its process, so a killed job is never taken for a running one.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from steadyhand import locks
from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, SteadyError, UsageError
from steadyhand.files import read_object, write_whole

State = Literal["running", "done", "no", "failed", "stopped", "lost"]
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_LOSS = re.compile(r"\((SFT|DPO)\): loss ([0-9]+\.[0-9]+): +\d+ % \((\d+)/\d+\)")
_EXITS: dict[int, State] = {0: "done", 1: "no", 130: "stopped"}
LARGEST_LOG = 2_000_000  # bytes of a log that a page shows from its end


@dataclass(frozen=True)
class StudioJob:
    """`words`: the command behind `steady`. `code`: its exit code, None while it runs or when it was killed."""

    folder: Path
    words: tuple[str, ...]
    by: str
    started: str
    ended: str = ""
    code: int | None = None
    state: State = "running"

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def lines(self) -> list[str]:
        """The last of what it printed."""
        data = self.log.read_bytes()[-LARGEST_LOG:] if self.log.is_file() else b""
        return data.decode("utf-8", "replace").splitlines()


def start(out: Path, words: Sequence[str], by: str) -> StudioJob:
    """Starts `steady WORDS`. Raises UsageError while another job of this folder runs, JobError when it cannot start."""
    if running := [job for job in jobs(out) if job.state == "running"]:
        raise UsageError(f"job {running[0].id} is running", next="wait for it, or stop it: it saves what it has")
    now = datetime.now(UTC)
    folder = out / "jobs" / f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    try:
        folder.mkdir(parents=True)
        held = os.open(folder / "lock", locks.OPENED)
    except OSError as error:
        raise JobError(f"the job cannot start: {error.strerror}", where=str(folder), next="check space") from None
    try:
        locks.exclusive(held, wait=False)
        told = {"words": list(words), "by": by, "started": now.isoformat(timespec="seconds")}
        write_whole(folder / "job.json", json.dumps(told, ensure_ascii=False))
        command = [sys.executable, "-m", "steadyhand.studio.job_runner", str(folder), str(held), "--", *words]
        runner = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, pass_fds=(held,),
        )  # fmt: skip
        threading.Thread(target=runner.wait, daemon=True).start()  # nobody else asks how it ended
    finally:
        os.close(held)  # the runner has the lock now
    return read(folder)


def stop(job: StudioJob) -> None:
    """Asks the job to stop and save, as Ctrl-C does; a second time it ends at once. Nothing happens to one that
    ended."""
    if is_held(job.folder / "lock"):
        with suppress(ProcessLookupError):
            if pid := int(_object(job.folder / "child.json").get("pid", 0)):
                os.kill(pid, signal.SIGINT)


def jobs(out: Path) -> list[StudioJob]:
    """Newest first; what is no job's folder is passed over."""
    home = out / "jobs"
    names = sorted((path for path in home.iterdir() if _ID.fullmatch(path.name)), reverse=True) if home.is_dir() else []
    return [read(path) for path in names if (path / "job.json").is_file()]


def find(out: Path, id: str) -> StudioJob:
    """Raises UsageError for an id that no job has; an id is never a path."""
    if not _ID.fullmatch(id) or not (out / "jobs" / id / "job.json").is_file():
        raise UsageError("no such job", next="go back to the list of runs")
    return read(out / "jobs" / id)


def read(folder: Path) -> StudioJob:
    told, end = _object(folder / "job.json"), _object(folder / "end.json")
    code = end.get("code")
    state: State = "running"
    if code is not None:
        state = _EXITS.get(int(code), "failed")
    elif not is_held(folder / "lock"):
        state = "lost"
    words = tuple(str(word) for word in told.get("words", ()))
    return StudioJob(
        folder, words, str(told.get("by", "")), str(told.get("started", "")), str(end.get("ended", "")), code, state
    )


def is_held(path: Path) -> bool:
    """Whether some process holds the lock."""
    try:
        with path.open("r+b") as file:
            locks.exclusive(file, wait=False)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def losses(lines: Sequence[str]) -> dict[str, list[dict[str, Json]]]:
    """Loss by step, stage by stage, as far as it was printed: {"sft": [{"step": 20, "loss": 0.5}]}."""
    found: dict[str, list[dict[str, Json]]] = {}
    for line in lines:
        if told := _LOSS.search(line):
            found.setdefault(told[1].lower(), []).append({"step": int(told[3]), "loss": float(told[2])})
    return found


def _object(path: Path) -> dict[str, Json]:
    try:
        return read_object(path) if path.is_file() else {}
    except SteadyError:
        return {}
