"""What happened in a rollout, one JSON object a line, in a file that only grows. Knows no meaning of a row.

Everything else follows from it: whoever kills the process loses at most an answer that nobody had yet. Several
processes may append (the server, a person's command); each reads the others' rows as they come.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steadyhand import locks
from steadyhand.errors import DomainError, JobError, Place

FILE = "journal.jsonl"


class RolloutJournal:
    """`path` need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = self._line = 0

    def append(self, row: dict[str, Any], *, safe: bool = False) -> None:
        """`safe`: on the disk before this returns, as decisions are. Raises JobError."""
        data = (json.dumps({"at": row.pop("at", None) or now(), **row}, ensure_ascii=False) + "\n").encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, locks.OPENED | os.O_APPEND, 0o644)
            try:
                locks.exclusive(descriptor)
                os.write(descriptor, (b"\n" if _is_torn(descriptor) else b"") + data)
                if safe:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            what = f"the journal cannot be written: {error.strerror}"
            raise JobError(what, where=str(self.path), next="free space; nothing is counted before") from error

    def news(self) -> Iterator[dict[str, Any]]:
        """Rows that were not read yet, whole ones only. Raises DomainError for a line that is no object; a line that a
        kill tore is `{"kind": "torn"}`."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # it is being written, or was torn: whoever appends next ends it
                self._read += len(line)
                self._line += 1
                if row := self._row(line):
                    yield row

    def _row(self, line: bytes) -> dict[str, Any] | None:
        if not line.strip():
            return None
        try:
            row = json.loads(line)
        except ValueError:
            return {"kind": "torn", "line": self._line}
        if not isinstance(row, dict):
            raise DomainError("no JSON object", where=Place(str(self.path), self._line), next="remove this line")
        return row


def _is_torn(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
