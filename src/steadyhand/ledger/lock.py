"""One run per folder: an advisory lock that dies with its process. Knows nothing of runs.

The kernel holds the lock (flock), so it is free the moment its holder ends, even by kill -9; the text in the file only
tells a person who holds it. The file stays: removing it would let two processes lock two files of one name.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steadyhand import locks
from steadyhand.errors import JobError


@contextmanager
def folder_lock(folder: Path, name: str = "lock") -> Iterator[None]:
    """Hold `<folder>/<name>` during the block; raises JobError at once when another process has it."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, locks.OPENED, 0o644)
    except OSError as error:
        raise JobError(f"cannot lock: {error.strerror}", where=str(path), next="make the folder writable") from error
    try:
        _take(descriptor, path)
        _sign(descriptor)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)  # also gives the lock back


def _take(descriptor: int, path: Path) -> None:
    try:
        locks.exclusive(descriptor, wait=False)
    except BlockingIOError as error:
        raise JobError(
            f"another run is at work in this folder{_holder(descriptor)}",
            where=str(path),
            next="wait until it ends, or stop it",
        ) from error
    except OSError as error:
        raise JobError(
            f"this file system has no locks: {error.strerror}", where=str(path), next="use a folder on a local disk"
        ) from error


def _sign(descriptor: int) -> None:
    row = {"pid": os.getpid(), "host": platform.node(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(row).encode())


def _holder(descriptor: int) -> str:
    try:
        row = json.loads(os.pread(descriptor, 4096, 0))
        return f" (process {row['pid']} on {row['host']}, since {row['since']})"
    except (ValueError, KeyError, TypeError):
        return ""  # it has the lock, but has not signed yet
