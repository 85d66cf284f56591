"""Which missed bars a person accepted, and why: a file that only grows, beside the run that it is about.

    {"n": 0, "time": "...", "by": "mei", "about": "verdict", "metric": "tool_call_accuracy", "bar": ">= 0.97",
     "word": "FAIL", "value": 0.95, "fingerprint": "9c0b...", "because": "..."}

An override changes no verdict: it stands beside it. It holds for one measured model, one bar and one value, so whatever
is trained or measured anew is judged anew. It is taken back by another line. Safe for several processes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from steadyhand import locks
from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, Place, UsageError
from steadyhand.ledger.keys import canonical_json
from steadyhand.ledger.result import Check, Verdict

FILE = "overrides.jsonl"
MISSED = ("FAIL", "INSUFFICIENT")
LONGEST = 2000  # characters of a reason
About = Literal["verdict", "gate"]


@dataclass(frozen=True)
class Override:
    """`fingerprint` names the measured model; `of` the line that this one takes back (None: it takes none back)."""

    n: int
    time: str
    by: str
    about: About = "verdict"
    metric: str = ""
    bar: str = ""
    word: str = ""
    value: float | None = None
    fingerprint: str = ""
    because: str = ""
    of: int | None = None

    def fits(self, about: str, fingerprint: str, check: Check) -> bool:
        """Whether it was said of exactly this: the model, the bar, and what was measured."""
        own = (self.about, self.fingerprint, self.metric, self.bar, self.word, self.value)
        return own == (about, fingerprint, check.metric, check.bar, check.verdict, check.value)


class Overrides:
    """Those at `path`, which need not exist. Raises JobError for a file that was changed by hand."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path, self._clock, self._torn = path, clock, 0
        self.all: list[Override] = self._read(path.read_bytes()) if path.is_file() else []

    @property
    def standing(self) -> list[Override]:
        """Those that nobody took back, oldest first."""
        back = {one.of for one in self.all if one.of is not None}
        return [one for one in self.all if one.of is None and one.n not in back]

    def of(self, about: About, fingerprint: str, verdict: Verdict | None) -> dict[str, Override]:
        """Metric -> the last override that holds for this verdict on this model."""
        checks = verdict.checks if verdict else ()
        fits = ((check.metric, one) for check in checks for one in self.standing if one.fits(about, fingerprint, check))
        return dict(fits)

    def accept(self, about: About, fingerprint: str, check: Check, by: str, because: str) -> Override:
        """Raises UsageError without a reason, for a bar that was not missed, and for one that was accepted already."""
        if check.verdict not in MISSED:
            raise UsageError(f"{check.metric} does not miss its bar", next="there is nothing to accept")
        if not because.strip():
            raise UsageError("an override needs a reason", next="say why this is accepted, for whoever reads it later")
        if len(because) > LONGEST:
            raise UsageError(f"a reason of {len(because):,} characters", next=f"{LONGEST:,} are enough")
        with self._locked() as file:
            if held := next((one for one in self.standing if one.fits(about, fingerprint, check)), None):
                raise UsageError(f"{held.by} accepted it already ({held.time})", next="take that back first")
            told = {"metric": check.metric, "bar": check.bar, "word": check.verdict, "value": check.value}
            row = Override(len(self.all), self._now(), by, about, fingerprint=fingerprint, because=because.strip(),
                           **told)  # type: ignore[arg-type]  # fmt: skip
            return self._append(file, row)

    def take_back(self, number: int, by: str) -> Override:
        """Raises UsageError for one that does not stand."""
        with self._locked() as file:
            if number not in {one.n for one in self.standing}:
                raise UsageError(f"no override {number} stands", where=str(self.path), next="look at the page again")
            return self._append(file, Override(len(self.all), self._now(), by, of=number))

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        """Nobody else appends meanwhile, and `all` has what others appended before."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, locks.OPENED | os.O_APPEND, 0o644)
        except OSError as error:
            raise JobError(f"overrides cannot be kept: {error.strerror}", where=str(self.path)) from error
        with os.fdopen(descriptor, "a+b", buffering=0) as file:
            locks.exclusive(file)
            file.seek(0)
            self.all = self._read(file.read())
            yield file

    def _append(self, file: IO[bytes], row: Override) -> Override:
        line = canonical_json({key: value for key, value in asdict(row).items() if value not in ("", None)}) + "\n"
        try:
            if self._torn:
                file.truncate(file.seek(0, os.SEEK_END) - self._torn)
                self._torn = 0
            if file.write(line.encode()) != len(line.encode()):
                raise OSError(0, "the line was not written whole")
            os.fsync(file.fileno())
        except OSError as error:
            raise JobError(f"the override cannot be written: {error.strerror}", where=str(self.path)) from error
        self.all.append(row)
        return row

    def _read(self, data: bytes) -> list[Override]:
        whole, _, torn = data.rpartition(b"\n")
        self._torn = len(torn)  # what a crash left of a line
        return [self._line(number, line) for number, line in enumerate(whole.split(b"\n") if whole else ())]

    def _line(self, number: int, line: bytes) -> Override:
        try:
            found = Override(**json.loads(line))
            if found.n != number:
                raise ValueError("a line is missing or stands twice")
        except (ValueError, TypeError, RecursionError) as error:
            place, after = Place(str(self.path), number + 1), "put back the file as it was; lines are only added"
            raise JobError(f"not an override: {error}", where=place, next=after) from None
        return found


def unaccepted(verdict: Verdict, held: Mapping[str, Override]) -> list[Check]:
    """The missed bars that nobody accepted."""
    return [check for check in verdict.checks if check.verdict in MISSED and check.metric not in held]


def told_of(held: Mapping[str, Override]) -> dict[str, Json]:
    """As reports and `--json` have them: metric -> who, when, why."""
    return {
        metric: {"n": one.n, "by": one.by, "time": one.time, "because": one.because} for metric, one in held.items()
    }
