"""Doctor: can this machine do what the domain needs? What `steady doctor` says, made into a page."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from steadyhand.errors import JobError
from steadyhand.studio.page import Handler, PageRequest, StudioPage, see
from steadyhand.studio.project import StillReadingError

SECONDS = 240  # a first look at torch takes long on a slow disk


def show(ask: PageRequest) -> Response:
    """Every check with what to do next; looked at once, and again when somebody asks."""
    folder = ask.project.folder
    assert folder is not None
    stamp = (ask.project.asked.get("doctor", 0), _stamp(folder / "steady.toml"))
    found = ask.project.soon("doctor", stamp, partial(_checks, folder))
    if found is None:
        raise StillReadingError("this machine is being looked at", next="this page comes again by itself")
    order = {"missing": 0, "note": 1, "ok": 2}
    rows = sorted(found, key=lambda row: order.get(row["state"], 0))
    return ask.page("doctor.html.j2", rows=rows, missing=sum(row["state"] == "missing" for row in rows),
                    command=shlex.join(["steady", "doctor", str(folder)]))  # fmt: skip


def again(ask: PageRequest) -> Response:
    ask.project.asked["doctor"] = ask.project.asked.get("doctor", 0) + 1
    return see("/doctor")


def _checks(folder: Path) -> list[dict[str, Any]]:
    """In a process of its own: what does not fit this machine may end the process that looks at it."""
    words = [sys.executable, "-m", "steadyhand", "doctor", str(folder), "--json"]
    try:
        made = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
        rows: list[dict[str, Any]] = json.loads(made.stdout)["checks"]
    except (subprocess.SubprocessError, OSError, ValueError, KeyError, TypeError) as error:
        what = f"the machine could not be looked at: {str(error).splitlines()[0]}"
        raise JobError(what, next=f"run it yourself: {shlex.join(['steady', 'doctor', str(folder)])}") from error
    return rows


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


PAGE = StudioPage(
    "doctor",
    "/doctor",
    84,
    (Handler("/doctor", show), Handler("/doctor", again, "POST")),
    lambda project: project.folder is not None,
    rare=True,
)
