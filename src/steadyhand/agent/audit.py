"""The audit log: one JSON object a line, each with the hash of the one before. Knows no policy and no tool.

    {"n": 7, "time": "2026-01-31T08:00:00.000000+00:00", "event": "intent", "data": {...}, "prev": "...", "hash": "..."}

`hash` is the sha256 of the rest as canonical JSON, so a line that was changed, removed, added or moved breaks the chain
at its place. Cutting lines off the end leaves a shorter chain that is whole: against that, keep a `hash` elsewhere and
give it to `verify`. Appending is safe for several threads and processes. A line is on disk when `append` returns, or
where that stands in a `locked` block, when the block ends; threads that append at the same time share one wait for the
disk. What a crash left of a line is cut off by the next append, which records that.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from steadyhand.agent.audit_index import GENESIS, Memory, Record
from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, Place
from steadyhand.ledger.keys import canonical_json

__all__ = ["GENESIS", "Log", "Record", "Verified", "utc_now", "verify"]
_KEYS = {"n", "time", "event", "data", "prev", "hash"}


@dataclass(frozen=True)
class Verified:
    """`records` lines are whole, `head` is the hash of the last; `torn` bytes at the end are what a crash left."""

    records: int
    head: str
    torn: int


def utc_now() -> datetime:
    return datetime.now(UTC)


class Log:
    """The log at `path`, made when missing. Raises JobError when the chain is broken: nothing may be built on it."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.path, self.clock = path, clock
        self.known = Memory()
        self._lock, self._depth, self._offset, self._torn = threading.RLock(), 0, 0, b""
        self._disk, self._synced, self._due = threading.Lock(), 0, False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
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
    def records(self) -> list[Record]:
        """All of it, read from the file."""
        lines = self.path.read_bytes().split(b"\n")[:-1]  # what stands after the last line feed is not written yet
        return [Record(**json.loads(line)) for line in lines]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else appends during the block, and `known` has everything that was appended before it."""
        upto = 0
        try:
            with self._lock:
                if not self._depth:
                    fcntl.flock(self._file, fcntl.LOCK_EX)
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
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return upto

    def _sync(self, upto: int) -> None:
        """Waits until the file's first `upto` bytes are on disk; who waited meanwhile finds his own there as well."""
        with self._disk:
            if self._synced >= upto:
                return
            written = self._offset
            try:
                os.fsync(self._file)
            except OSError as error:
                raise self._unwritten(error) from error
            self._synced = written

    def append(self, event: str, data: dict[str, Json]) -> Record:
        """Writes one record and waits until it is on disk. Raises JobError when it cannot be."""
        with self.locked():
            if self._torn:
                self._cut()
            return self._write(event, data)

    def _write(self, event: str, data: dict[str, Json]) -> Record:
        time = self.clock().isoformat(timespec="microseconds")
        row: dict[str, Json] = {"n": self.known.count, "time": time, "event": event, "data": data, "prev": self.head}
        record = Record(**row, hash=_hash(row))
        line = canonical_json({**row, "hash": record.hash}).encode() + b"\n"
        try:
            if os.write(self._file, line) != len(line):
                raise OSError(0, "the line was not written whole")
        except OSError as error:
            raise self._unwritten(error) from error
        self._due = True
        self._remember(record, len(line))
        return record

    def _unwritten(self, error: OSError) -> JobError:
        what = f"the audit log cannot be written: {error.strerror}"
        return JobError(what, where=str(self.path), next="make room, try again")

    def _remember(self, record: Record, size: int) -> None:
        self._offset += size
        self.known.add(record)

    def _read(self, start: int, end: int) -> bytes:
        data = bytearray()
        while (size := end - start - len(data)) and (
            chunk := os.pread(self._file, min(size, 1 << 20), start + len(data))
        ):
            data += chunk
        return bytes(data)

    def _refresh(self) -> None:
        """Reads what was appended since; keeps a last line without its end apart."""
        size = os.fstat(self._file).st_size
        if size < self._offset:
            raise _broken(self.path, self.known.count, "lines that were there are gone")
        whole, _, self._torn = self._read(self._offset, size).rpartition(b"\n")
        for line in whole.split(b"\n") if whole else ():
            self._remember(_checked(line, self.known.count, self.head, self.path), len(line) + 1)

    def _cut(self) -> None:
        torn, self._torn = self._torn, b""
        os.ftruncate(self._file, self._offset)
        self._write("torn", {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()})


def verify(path: Path, expect: str | None = None) -> Verified:
    """Checks every line of the log; changes nothing. `expect`: a hash noted earlier, which must be in the chain.

    Raises JobError at the first line that is wrong.
    """
    head, number, torn, seen = GENESIS, 0, 0, expect in (None, GENESIS)
    intents: set[str] = set()
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)  # no line is half written by somebody alive
            for line in file:
                if not line.endswith(b"\n"):
                    torn = len(line)
                    break
                record = _checked(line[:-1], number, head, path)
                _check_order(record, intents, path)
                head, number, seen = record.hash, number + 1, seen or record.hash == expect
    except OSError as error:
        raise JobError(f"the audit log cannot be read: {error.strerror}", where=str(path)) from error
    if not seen:
        raise _broken(path, number - 1, f"no line has the hash {expect}: lines were cut off, or it is another log")
    return Verified(number, head, torn)


def _check_order(record: Record, intents: set[str], path: Path) -> None:
    """Every result has its intent before it: a write without one was done behind the log's back."""
    key = record.data.get("key")
    if record.event == "intent":
        intents.add(str(key))
    elif record.event in ("result", "reconciled") and str(key) not in intents:
        raise _broken(path, record.n, f"a {record.event} without an intent before it")


def _checked(line: bytes, number: int, head: str, path: Path) -> Record:
    try:
        row = json.loads(line.decode("utf-8"))
        if row.keys() != _KEYS or not isinstance(row["data"], dict):
            raise ValueError
        record = Record(**row)
        claimed = row.pop("hash")
        same = canonical_json({**row, "hash": claimed}).encode() == line  # no second spelling of a record
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise _broken(path, number, "not a record") from None
    if record.n != number or record.prev != head:
        raise _broken(path, number, "it does not follow the line before it")
    if not same or claimed != _hash(row):
        raise _broken(path, number, "its content was changed")
    return record


def _hash(row: dict[str, Json]) -> str:
    return hashlib.sha256(canonical_json(row).encode()).hexdigest()


def _broken(path: Path, number: int, what: str) -> JobError:
    after = "compare it with a copy; to go on, keep this file for the inquiry and start a new log"
    return JobError(f"the audit log is broken: {what}", where=Place(str(path), max(number + 1, 1)), next=after)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
