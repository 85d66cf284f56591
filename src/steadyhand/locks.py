"""Advisory locks that die with their process, as the kernel holds them (flock). Knows files, nothing of who locks.

Systems without flock (Windows) have none: what needs a lock is refused there by name, and everything else works.
"""

from __future__ import annotations

import os
from typing import IO

from steadyhand.errors import PrerequisiteError

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

OPENED = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)  # how a file of locks is opened; no child inherits it

File = int | IO[bytes]


def exclusive(file: File, *, wait: bool = True) -> None:
    """Nobody else holds it until `release` or the file is closed. Without `wait`: BlockingIOError when another does.
    Raises OSError on a file system without locks, PrerequisiteError on a system without."""
    if fcntl is None:
        after = "use Linux, macOS or WSL; check, import, split, eval of recorded answers, compare and gate work here"
        raise PrerequisiteError("this system has no file locks, which runs and the audit log need", next=after)
    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def shared(file: File) -> None:
    """Nobody writes under an exclusive lock meanwhile. On a system without locks nobody can."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_SH)


def release(file: File) -> None:
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_UN)
