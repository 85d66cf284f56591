"""The audit log: a JSON object a line, each with the hash of the one before (`audit_chain`). Knows no policy, no tool.

Appending is safe for several threads and processes. A line is on disk when `append` returns, or where that stands in a
`locked` block, when the block ends; threads that append at the same time share one wait for the disk. What a crash left
of a line is cut off by the next append, which records that. Then the head is noted away from the log (`audit_head`), so
a log that is cut, moved or deleted is missed by whoever opens it next.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from steadyhand import locks
from steadyhand.agent.audit_chain import KEY_FILE, SLACK, Chain, Verified, audit_key, broken, read, verify, written
from steadyhand.agent.audit_head import LogHead, keep, kept
from steadyhand.agent.audit_index import GENESIS, LogRecord, Memory
from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, PrerequisiteError
from steadyhand.text.redaction import Redactor, scrubbed

__all__ = ["GENESIS", "Log", "LogRecord", "Verified", "read", "utc_now", "verify"]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Log:
    """The log at `path`, made when missing; its lines bear a mac where a key is set (`audit_chain.audit_key`).

    Raises JobError when the chain is broken, or lines are gone that are known to have been there: nothing may be built
    on it. Raises PrerequisiteError for a log of lines with macs when no key is set.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.path, self.clock = path, clock
        self.known = Memory()
        self._key = audit_key()
        self._redactor = Redactor([self._key.decode("utf-8", "replace")])
        self._chain = Chain(path, self._key, kept(path))
        self._lock, self._depth, self._offset, self._torn = threading.RLock(), 0, 0, b""
        self._disk, self._synced, self._due = threading.Lock(), 0, False
        self._mark = (0, LogHead(0, GENESIS))  # how many bytes hold how much
        if not path.exists():
            self._chain.ended()  # it was here
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, locks.OPENED | os.O_APPEND, 0o600)
            _sync_folder(path.parent)
        except OSError as error:
            raise JobError(f"the audit log cannot be opened: {error.strerror}", where=str(path)) from error
        with self.locked():
            pass

    def close(self) -> None:
        os.close(self._file)

    @property
    def head(self) -> str:
        return self.known.head

    @property
    def records(self) -> list[LogRecord]:
        """All of it, read from the file."""
        lines = self.path.read_bytes().split(b"\n")[:-1]  # what stands after the last line feed is not written yet
        chain = Chain(self.path, self._key, None)
        return [chain.take(line) for line in lines]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else appends during the block, and `known` has everything that was appended before it."""
        upto = 0
        try:
            with self._lock:
                if not self._depth:
                    locks.exclusive(self._file)
                self._depth += 1
                try:
                    if self._depth == 1:
                        self._refresh()
                    yield
                finally:
                    upto = self._left()
        finally:
            if upto:
                self._sync(upto)

    def _left(self) -> int:
        """Ends a hold of the lock; how much of the file has to be on disk before the outermost one is over."""
        self._depth -= 1
        if self._depth:
            return 0
        upto, self._due = self._offset if self._due else 0, False
        locks.release(self._file)
        return upto

    def _sync(self, upto: int) -> None:
        """Waits until the file's first `upto` bytes are on disk; who waited meanwhile finds his own there as well."""
        with self._disk:
            if self._synced >= upto:
                return
            size, head = self._mark
            try:
                os.fsync(self._file)
            except OSError as error:
                raise self._unwritten(error) from error
            self._synced = size
            keep(self.path, head)

    def append(self, event: str, data: dict[str, Json]) -> LogRecord:
        """Writes one record and waits until it is on disk. Raises JobError when it cannot be."""
        with self.locked():
            if self._torn:
                self._cut()
            return self._write(event, data)

    def _write(self, event: str, data: dict[str, Json]) -> LogRecord:
        if event != "clock":
            self._follow_clock()
        row: dict[str, Json] = {"n": self.known.count, "time": self._now(event), "event": event}
        record, line = written({**row, "data": scrubbed(data), "prev": self.head}, self._key)
        try:
            if os.write(self._file, line) != len(line):
                raise OSError(0, "the line was not written whole")
        except OSError as error:
            raise self._unwritten(error) from error
        self._due = True
        self._chain.added(record)
        self._remember(record, len(line))
        return record

    def _follow_clock(self) -> None:
        """A clock that was set back is said before anything is recorded by it: approvals run out by the clock."""
        if self.known.time and datetime.fromisoformat(self.known.time) - self.clock() > SLACK:
            self._write("clock", {"before": self.known.time})

    def _now(self, event: str) -> str:
        """Time goes on: a clock that is a little behind the last record counts as standing still."""
        now, last = self.clock(), self.known.time
        if last and event != "clock" and now < datetime.fromisoformat(last):
            return last
        return now.isoformat(timespec="microseconds")

    def _unwritten(self, error: OSError) -> JobError:
        what = f"the audit log cannot be written: {error.strerror}"
        return JobError(what, where=str(self.path), next="make room, try again")

    def _remember(self, record: LogRecord, size: int) -> None:
        self._offset += size
        self.known.add(record)
        self._mark = (self._offset, LogHead(self.known.count, record.hash, bool(record.mac)))

    def _read(self, start: int, end: int) -> bytes:
        data = bytearray()
        while (size := end - start - len(data)) and (
            chunk := os.pread(self._file, min(size, 1 << 20), start + len(data))
        ):
            data += chunk
        return bytes(data)

    def _refresh(self) -> None:
        """Reads what was appended since; keeps a last line without its end apart."""
        size = self._size()
        if size < self._offset:
            raise broken(self.path, self.known.count, "lines that were there are gone")
        whole, _, self._torn = self._read(self._offset, size).rpartition(b"\n")
        for line in whole.split(b"\n") if whole else ():
            self._remember(self._chain.take(line), len(line) + 1)
        self._chain.ended()
        if self._chain.keyed and not self._key:
            what = "the lines of this log bear the mac of a key, and none is set"
            raise PrerequisiteError(what, where=str(self.path), next=f"name the file with the key in {KEY_FILE}")

    def _size(self) -> int:
        """Of the file that is open, which must still be the one at the path."""
        own = os.fstat(self._file)
        try:
            there = self.path.stat()
        except OSError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino):
            raise broken(self.path, self.known.count - 1, "it was moved or deleted while it was in use")
        return own.st_size

    def _cut(self) -> None:
        torn, self._torn = self._torn, b""
        os.ftruncate(self._file, self._offset)
        self._write("torn", {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()})


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
