"""A file of rows that only grows, one JSON object a line, each with its number: what people decided, beside a run.

Safe for several processes; what a crash left of a line is cut off and counted, and a line that is missing, stands twice
or was changed is named. Knows no row.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Generic, Protocol, TypeVar, cast

from steadyhand import locks
from steadyhand.errors import JobError, Place
from steadyhand.ledger.keys import canonical_json


class Numbered(Protocol):
    """A frozen dataclass whose `n` is the number of its line, from 0."""

    @property
    def n(self) -> int: ...


T = TypeVar("T", bound=Numbered)


def utc_now() -> datetime:
    return datetime.now(UTC)


class GrowingFile(Generic[T]):
    """The rows at `path`, which need not exist. `row` is their dataclass, `noun` what a message calls one. Raises
    JobError for a file that was changed by hand."""

    row: type[T]
    noun: str

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.path, self._clock = path, clock
        self.torn = 0  # bytes that a crash left at the end
        self.all: list[T] = self._read(path.read_bytes()) if path.is_file() else []

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        """Nobody else appends meanwhile, and `all` has what others appended before."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, locks.OPENED | os.O_APPEND, 0o644)
        except OSError as error:
            raise JobError(f"{self.noun}s cannot be kept: {error.strerror}", where=str(self.path)) from error
        with os.fdopen(descriptor, "a+b", buffering=0) as file:
            locks.exclusive(file)
            file.seek(0)
            self.all = self._read(file.read())
            yield file

    def _append(self, file: IO[bytes], row: T) -> T:
        """What is empty in a row is left out of its line."""
        told = {key: value for key, value in asdict(cast(Any, row)).items() if value not in ("", None, {})}
        line = canonical_json(told).encode() + b"\n"
        try:
            if self.torn:
                file.truncate(file.seek(0, os.SEEK_END) - self.torn)
                self.torn = 0
            if file.write(line) != len(line):
                raise OSError(0, "the line was not written whole")
            os.fsync(file.fileno())
        except OSError as error:
            raise JobError(f"the {self.noun} cannot be written: {error.strerror}", where=str(self.path)) from error
        self.all.append(row)
        return row

    def _read(self, data: bytes) -> list[T]:
        whole, _, torn = data.rpartition(b"\n")
        self.torn = len(torn)
        return [self._line(number, line) for number, line in enumerate(whole.split(b"\n") if whole else ())]

    def _line(self, number: int, line: bytes) -> T:
        try:
            found = self.row(**json.loads(line))
            if found.n != number:
                raise ValueError("a line is missing or stands twice")
        except (ValueError, TypeError, RecursionError) as error:
            place, after = Place(str(self.path), number + 1), "put back the file as it was; lines are only added"
            article = "an" if self.noun[0] in "aeiou" else "a"
            raise JobError(f"not {article} {self.noun}: {error}", where=place, next=after) from None
        return found
