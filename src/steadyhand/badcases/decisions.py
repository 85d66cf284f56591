"""What people decided about bad cases: a file that only grows. Each line says who, when, what, on which version.

    {"n": 3, "time": "...", "by": "mei", "word": "confirm", "category": "", "because": "...", "group": "g-1f0c2a9b",
     "cases": {"c-5be1...": "0d21..."}}

A decision holds for the versions that it names, so a case that changed, or came later into its group, is open again.
It is taken back by another line. Safe for several processes; what a crash left of a line is cut off and counted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal, get_args

from steadyhand import locks
from steadyhand.badcases.case import BadCase
from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, Place, UsageError
from steadyhand.ledger.keys import canonical_json

FILE = Path("badcases") / "decisions.jsonl"
Word = Literal["confirm", "dismiss", "gold", "fix"]
WORDS: tuple[Word, ...] = get_args(Word)  # the model was wrong; nothing to do; the gold is wrong; this would be right
TAKEN_BACK = "take_back"


@dataclass(frozen=True)
class CaseDecision:
    """`category`: what the cases are called from now on ("": as the rules say). `correction`: the answer that would be
    right (`fix`), as an OpenAI message. `of`: the decision that this line takes back."""

    n: int
    time: str
    by: str
    word: str
    cases: Mapping[str, str] = field(default_factory=dict)  # id -> version
    group: str = ""
    category: str = ""
    because: str = ""
    correction: Json = None
    of: int | None = None

    def line(self) -> bytes:
        return canonical_json(
            {key: value for key, value in asdict(self).items() if value not in ("", None, {})}
        ).encode()


@dataclass(frozen=True)
class CaseStanding:
    """What holds for a case now; `stale`: it was decided on another version of it."""

    decision: CaseDecision
    stale: bool


def utc_now() -> datetime:
    return datetime.now(UTC)


class Decisions:
    """The decisions at `path`, which need not exist. Raises JobError for a file that was changed by hand."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.path, self._clock = path, clock
        self._known: tuple[int, dict[str, CaseDecision]] = 0, {}
        self.torn = 0  # bytes that a crash left at the end
        self.all: list[CaseDecision] = self._read(path.read_bytes()) if path.is_file() else []

    def standing(self, case: BadCase) -> CaseStanding | None:
        """The last decision on the case that was not taken back."""
        found = self._holding().get(case.id)
        return CaseStanding(found, found.cases[case.id] != case.version) if found else None

    def _holding(self) -> dict[str, CaseDecision]:
        """The last decision of each case that was not taken back; made again when there are more lines."""
        if self._known[0] != len(self.all):
            back = {one.of for one in self.all if one.word == TAKEN_BACK}
            self._known = len(self.all), {id: one for one in self.all if one.n not in back for id in one.cases}
        return self._known[1]

    def decide(
        self, cases: Sequence[BadCase], word: Word, by: str, *, group: str = "", category: str = "", because: str = "",
        correction: Json = None, again: bool = False,
    ) -> CaseDecision:  # fmt: skip
        """One decision on all of `cases`. Raises UsageError when somebody decided one of them on this version already
        (nothing is overwritten; `again` decides anew), and for a fix without a correction."""
        if not cases:
            raise UsageError("there is no case to decide about", next="`steady badcases RUN` lists ids")
        if (word == "fix") != (correction is not None):
            raise UsageError("a fix needs a correction, and nothing else takes one", next="add --correction FILE")
        told = {case.id: case.version for case in cases}
        if word == "fix" and len(told) > 1:
            raise UsageError(f"one correction for {len(told)} cases", next="correct each case by its own id")
        with self._locked() as file:
            decided = [s.decision for case in cases if (s := self.standing(case)) and not s.stale]
            if decided and not again:
                one = decided[-1]
                what = f"{one.by} decided it already: {one.word} ({one.time}, decision {one.n})"
                raise UsageError(what, where=str(self.path), next=f"take {one.n} back, or add --again")
            row = CaseDecision(len(self.all), self._now(), by, word, told, group, category, because, correction)
            return self._append(file, row)

    def take_back(self, number: int, by: str, because: str = "") -> CaseDecision:
        """Raises UsageError for a decision that does not stand."""
        with self._locked() as file:
            known = {one.n: one for one in self.all if one.word != TAKEN_BACK}
            back = {one.of for one in self.all if one.word == TAKEN_BACK}
            if number not in known or number in back:
                what = f"decision {number} was taken back already" if number in back else f"no decision {number}"
                raise UsageError(what, where=str(self.path), next="`steady badcases decisions RUN` lists them")
            return self._append(
                file, CaseDecision(len(self.all), self._now(), by, TAKEN_BACK, because=because, of=number)
            )

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        """Nobody else appends meanwhile, and `all` has what others appended before."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, locks.OPENED | os.O_APPEND, 0o644)
        except OSError as error:
            raise JobError(f"decisions cannot be kept: {error.strerror}", where=str(self.path)) from error
        with os.fdopen(descriptor, "a+b", buffering=0) as file:
            locks.exclusive(file)
            file.seek(0)
            self.all = self._read(file.read())
            yield file

    def _append(self, file: IO[bytes], row: CaseDecision) -> CaseDecision:
        try:
            if self.torn:
                file.truncate(file.seek(0, os.SEEK_END) - self.torn)
                self.torn = 0
            line = row.line() + b"\n"
            if file.write(line) != len(line):
                raise OSError(0, "the line was not written whole")
            os.fsync(file.fileno())
        except OSError as error:
            raise JobError(f"the decision cannot be written: {error.strerror}", where=str(self.path)) from error
        self.all.append(row)
        return row

    def _read(self, data: bytes) -> list[CaseDecision]:
        whole, _, torn = data.rpartition(b"\n")
        self.torn = len(torn)
        return [self._decision(number, line) for number, line in enumerate(whole.split(b"\n") if whole else ())]

    def _decision(self, number: int, line: bytes) -> CaseDecision:
        try:
            found = CaseDecision(**json.loads(line))
            if found.n != number:
                raise ValueError("a line is missing or stands twice")
        except (ValueError, TypeError, RecursionError) as error:
            place, after = Place(str(self.path), number + 1), "put back the file as it was; lines are only added"
            raise JobError(f"not a decision: {error}", where=place, next=after) from None
        return found
