"""The lines of an audit log: how one is written, what makes it whole, in which order they may stand. Writes nothing.

    {"n": 7, "time": "2026-01-31T08:00:00.000000+00:00", "event": "intent", "data": {...}, "prev": "...", "hash": "..."}

`hash` is the sha256 of the rest as canonical JSON, so a line that was changed, removed, added or moved breaks the chain
at its place. Whoever can write the file can also write a whole chain of his own. Against that stand a `mac`, which each
line has besides where a key is set (HMAC-SHA256 of its hash), and the head that is kept elsewhere (`audit_head`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from steadyhand import locks
from steadyhand.agent.audit_head import LogHead, kept
from steadyhand.agent.audit_index import GENESIS, LogRecord
from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, Place, PrerequisiteError
from steadyhand.ledger.keys import canonical_json

KEY, KEY_FILE = "STEADYHAND_AUDIT_KEY", "STEADYHAND_AUDIT_KEY_FILE"
SHORTEST_KEY = 16  # bytes
SLACK = timedelta(minutes=5)  # by which clocks are set right without a word
_KEYS = {"n", "time", "event", "data", "prev", "hash"}


@dataclass(frozen=True)
class Verified:
    """`records` lines are whole, `head` is the hash of the last; `torn` bytes at the end are what a crash left. `keyed`
    lines bear a mac, which was `checked` where the key is set. `writes` were begun, `unapproved` of them without a
    person: policy asked for none, or an older version wrote it. `clock` counts how often the clock was set back."""

    records: int
    head: str
    torn: int
    keyed: int = 0
    checked: bool = False
    writes: int = 0
    unapproved: int = 0
    clock: int = 0


def audit_key() -> bytes:
    """The key of the macs, from the environment or the file that it names; empty for none. Raises PrerequisiteError."""
    if place := os.environ.get(KEY_FILE):
        try:
            key = Path(place).read_bytes().strip()
        except OSError as error:
            raise PrerequisiteError(f"the key cannot be read: {error.strerror}", where=place) from error
    else:
        key = os.environ.get(KEY, "").strip().encode()
    if (place or key) and len(key) < SHORTEST_KEY:
        after = f"make one: `openssl rand -hex 32`, in a file that only you read, and name it in {KEY_FILE}"
        raise PrerequisiteError(f"the key of the audit log has fewer than {SHORTEST_KEY} bytes", next=after)
    return key


def written(row: dict[str, Json], key: bytes) -> tuple[LogRecord, bytes]:
    """A record of `row` (all but its hash) and its line."""
    claimed = _hash(row)
    mac = _mac(claimed, key) if key else ""
    line = {**row, "hash": claimed} | ({"mac": mac} if mac else {})
    return LogRecord(**row, hash=claimed, mac=mac), canonical_json(line).encode() + b"\n"


@dataclass
class Chain:
    """Takes the lines of the log at `path` one after the other. `far`: the head that is kept elsewhere."""

    path: Path
    key: bytes
    far: LogHead | None
    head: str = GENESIS
    count: int = 0
    keyed: int = 0

    def take(self, line: bytes) -> LogRecord:
        """The record of the next line, without its line feed. Raises JobError when it is not what it must be."""
        record = self._read(line)
        self._check_mac(record)
        if self.far and self.far.records == self.count + 1 and self.far.hash != record.hash:
            raise self.broken("its last known line was another one: it was written anew, or it is another log")
        self.added(record)
        return record

    def added(self, record: LogRecord) -> None:
        self.head, self.count, self.keyed = record.hash, self.count + 1, self.keyed + bool(record.mac)

    def ended(self) -> None:
        """Raises JobError when lines are missing that were there."""
        if self.far and self.count < self.far.records:
            what = f"{self.far.records} lines were there: it was moved, deleted or cut off"
            raise self.broken(f"{what} (their head was {self.far.hash})", self.count - 1)
        if self.far and self.far.keyed and not self.keyed:
            raise self.broken("its lines bore a mac, and none does now", self.count - 1)

    def broken(self, what: str, number: int | None = None) -> JobError:
        return broken(self.path, self.count if number is None else number, what)

    def _read(self, line: bytes) -> LogRecord:
        try:
            row = json.loads(line.decode("utf-8"))
            if row.keys() - {"mac"} != _KEYS or not isinstance(row["data"], dict):
                raise ValueError
            if datetime.fromisoformat(row["time"]).tzinfo is None:
                raise ValueError
            record = LogRecord(**row)
            same = canonical_json(row).encode() == line  # no second spelling of a record
            claimed = _hash({name: value for name, value in row.items() if name not in ("hash", "mac")})
        except (ValueError, AttributeError, TypeError, RecursionError):
            raise self.broken("not a record") from None
        if record.n != self.count or record.prev != self.head:
            raise self.broken("it does not follow the line before it")
        if not same or record.hash != claimed:
            raise self.broken("its content was changed")
        return record

    def _check_mac(self, record: LogRecord) -> None:
        if self.keyed and not record.mac:
            raise self.broken("it bears no mac, and the line before it does")
        if self.key and record.mac and not _equal(str(record.mac), _mac(record.hash, self.key)):
            raise self.broken("its mac is not of this key")


@dataclass
class Order:
    """In which order records may stand: what was proposed is approved, what was not refused is begun, what was begun
    has a result, and time goes on."""

    chain: Chain
    proposed: set[str] = field(default_factory=set)
    judged: dict[str, LogRecord] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    last: datetime | None = None
    writes: int = 0
    unapproved: int = 0
    clock: int = 0

    def take(self, record: LogRecord) -> None:
        """Raises JobError for a record that stands where it must not."""
        self._check_time(record)
        digest, key = str(record.data.get("digest")), str(record.data.get("key"))
        if record.event == "proposal":
            self.proposed.add(digest)
        elif record.event in ("approval", "refusal"):
            if digest not in self.proposed:
                raise self._wrong(record, f"a {record.event} of what was not proposed before it")
            self.judged[digest] = record
        elif record.event == "intent":
            self._begin(record, digest)
            self.begun.add(key)
        elif record.event in ("result", "reconciled", "undo_intent") and key not in self.begun:
            raise self._wrong(record, f"a {record.event} without an intent before it")

    def _begin(self, record: LogRecord, digest: str) -> None:
        """A write names the approval that it was sent by; one of a policy without approvals names none."""
        judged, named = self.judged.get(digest), record.data.get("approval")
        if judged is not None and judged.event == "refusal":
            raise self._wrong(record, "an intent after its refusal")
        if named is not None and (judged is None or judged.n != named):
            raise self._wrong(record, "an intent without the approval that it names")
        self.writes, self.unapproved = self.writes + 1, self.unapproved + (judged is None)

    def _check_time(self, record: LogRecord) -> None:
        now = datetime.fromisoformat(record.time)
        back = self.last is not None and now < self.last
        if back and record.event == "clock":
            self.clock += 1
        elif back and self.last is not None and self.last - now > SLACK:
            raise self._wrong(record, "it is older than the line before it")
        self.last = now

    def _wrong(self, record: LogRecord, what: str) -> JobError:
        return self.chain.broken(what, record.n)


def verify(path: Path, expect: str | None = None) -> Verified:
    """Checks every line of the log; changes nothing. `expect`: a hash noted earlier, which must be in the chain.

    Raises JobError at the first line that is wrong, or when lines are gone that are known to have been there.
    """
    chain = Chain(path, audit_key(), kept(path))
    order, torn, seen = Order(chain), 0, expect in (None, GENESIS)
    for line in _lines(path, chain):
        if not line.endswith(b"\n"):
            torn = len(line)
            break
        record = chain.take(line[:-1])
        order.take(record)
        seen = seen or record.hash == expect
    if not seen:
        what = f"no line has the hash {expect}: lines were cut off, or it is another log"
        raise chain.broken(what, chain.count - 1)
    chain.ended()
    if chain.key and chain.count and not record.mac:
        raise chain.broken("its last line was written without the key that is set, or its mac was taken away", record.n)
    told = {"writes": order.writes, "unapproved": order.unapproved, "clock": order.clock}
    return Verified(chain.count, chain.head, torn, chain.keyed, bool(chain.key and chain.keyed), **told)


def read(path: Path) -> list[LogRecord]:
    """All records of the log, read without a right to write it. Raises JobError at the first line that is wrong."""
    chain = Chain(path, audit_key(), kept(path))
    found = [chain.take(line[:-1]) for line in _lines(path, chain) if line.endswith(b"\n")]
    chain.ended()
    return found


def _lines(path: Path, chain: Chain) -> Iterator[bytes]:
    with _opened(path, chain) as file:
        with suppress(OSError):  # a file system without locks: nobody can append there either
            locks.shared(file)  # no line is half written by somebody alive
        yield from file


@contextmanager
def _opened(path: Path, chain: Chain) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        chain.ended()
        raise JobError("the audit log cannot be read: there is none", where=str(path)) from error
    except OSError as error:
        raise JobError(f"the audit log cannot be read: {error.strerror}", where=str(path)) from error


def broken(path: Path, number: int, what: str) -> JobError:
    after = "compare it with a copy and put it back; to go on without it, keep this file for the inquiry, then "
    after += "`steady audit forget` lets a new log begin"
    return JobError(f"the audit log is broken: {what}", where=Place(str(path), max(number + 1, 1)), next=after)


def _hash(row: dict[str, Json]) -> str:
    return hashlib.sha256(canonical_json(row).encode()).hexdigest()


def _mac(claimed: str, key: bytes) -> str:
    return hmac.new(key, claimed.encode(), hashlib.sha256).hexdigest()


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
