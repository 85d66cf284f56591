"""sha256 of files, each computed once: a large file is read again only when the file system says that it is another.

What is remembered stands by device, inode, size and times of change in one small file of the user's cache. A byte that
rots on the disk changes none of these, so `whole` reads everything again. A file that was written a moment ago is not
remembered yet: a second write could follow within one tick of the clock. Losing the cache costs time and nothing else.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from steadyhand.files import write_whole
from steadyhand.ledger.keys import file_digest

SMALL = 1 << 20  # bytes; smaller files are read every time
SETTLED = 2.0  # seconds after which the clocks of all file systems in use tell two writes apart
MOST = 4096  # files that are remembered
Stamp = tuple[int, int, int]  # size, time of the last write, time of the last change of anything: nanoseconds

_lock = threading.Lock()
_known: dict[str, tuple[Stamp, str]] = {}
_read_from: Path | None = None
_whole = 0


def digest(path: Path) -> str:
    """sha256 hex of the bytes of a file, links followed. Raises OSError."""
    stat = path.stat()
    if stat.st_size < SMALL:
        return file_digest(path)
    name, stamp = f"{stat.st_dev}:{stat.st_ino}", (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    with _lock:
        _load()
        before = None if _whole else _known.get(name)
    if before and before[0] == stamp:
        return before[1]
    made = file_digest(path)
    after = path.stat()
    settled = time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED
    if settled and (after.st_size, after.st_mtime_ns, after.st_ctime_ns) == stamp:
        with _lock:
            _remember(name, stamp, made)
    return made


@contextmanager
def whole(on: bool = True) -> Iterator[None]:
    """Inside, with `on`, nothing is remembered from before: every file is read."""
    global _whole
    _whole += on
    try:
        yield
    finally:
        _whole -= on


def _place() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "steadyhand" / "digests.json"


def _load() -> None:
    """Reads the cache once."""
    global _read_from
    with suppress(RuntimeError):  # nobody has a home here
        if _read_from != (place := _place()):
            _read_from = place
            _known.clear()
            _known.update(_read(place))


def _read(place: Path) -> dict[str, tuple[Stamp, str]]:
    """What is no cache counts as an empty one."""
    try:
        rows = json.loads(place.read_text("utf-8"))["files"]
        return {
            name: ((int(size), int(wrote), int(other)), str(sha)) for name, (size, wrote, other, sha) in rows.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _remember(name: str, stamp: Stamp, made: str) -> None:
    """Keeps it, together with what other processes have kept meanwhile."""
    _known.pop(name, None)
    _known[name] = (stamp, made)
    with suppress(OSError, RuntimeError):
        place = _place()
        for other, row in _read(place).items():
            _known.setdefault(other, row)
        rows = {one: [*kept, sha] for one, (kept, sha) in list(_known.items())[-MOST:]}
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, json.dumps({"version": 1, "files": rows}))
