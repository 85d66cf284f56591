"""How far a log had come, kept away from it: whoever moves, cuts or deletes the log does not take this along.

One small file a log, named by its path, in the user's state folder ($XDG_STATE_HOME/steadyhand/audit), or beside the
log where that cannot be written and for a log in the system's folder for temporary files. It is written after the log's
own lines are on disk, so it never runs ahead of them, and it never goes back. Another account or machine has none, and
learns nothing from its absence.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from steadyhand import locks
from steadyhand.files import write_whole


@dataclass(frozen=True)
class LogHead:
    """`records` lines were on disk, `hash` was the last one's; `keyed`: they bore the mac of a key."""

    records: int
    hash: str
    keyed: bool = False


def kept(log: Path) -> LogHead | None:
    """The farthest that is known of the log at this path; None when nothing is."""
    found = [head for place in _places(log) if (head := _read(place))]
    return max(found, key=lambda head: head.records, default=None)


def keep(log: Path, head: LogHead) -> None:
    """Notes `head`, unless more is known already. Where nothing can be written, nothing is."""
    for place in _places(log):
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(place.with_suffix(".lock"), locks.OPENED, 0o600)
            try:
                locks.exclusive(lock)
                before = _read(place)
                if before is None or before.records < head.records:
                    write_whole(place, json.dumps({"version": 1, "log": str(log.absolute()), **asdict(head)}))
            finally:
                os.close(lock)
            return


def forget(log: Path) -> None:
    """A new log may begin at this path."""
    for place in _places(log):
        with suppress(FileNotFoundError):
            place.unlink()


def _places(log: Path) -> list[Path]:
    full = log.parent.resolve() / log.name
    beside = log.with_name(f".{log.name}.head.json")
    with suppress(RuntimeError):  # an account without a home
        home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        name = hashlib.sha256(os.fsencode(full)).hexdigest()[:32]
        lasting = not full.is_relative_to(Path(tempfile.gettempdir()).resolve())
        return [Path(home) / "steadyhand" / "audit" / f"{name}.json", beside] if lasting else [beside]
    return [beside]


def _read(place: Path) -> LogHead | None:
    """What is no head counts as none."""
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        row = json.loads(place.read_text("utf-8"))
        return LogHead(int(row["records"]), str(row["hash"]), bool(row["keyed"]))
    return None
