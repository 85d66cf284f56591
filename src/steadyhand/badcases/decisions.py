"""What people decided about bad cases: a file that only grows. Each line says who, when, what, on which version.

    {"n": 3, "time": "...", "by": "mei", "word": "confirm", "category": "", "because": "...", "group": "g-1f0c2a9b",
     "cases": {"c-5be1...": "0d21..."}}

A decision holds for the versions that it names, so a case that changed, or came later into its group, is open again.
It is taken back by another line. Safe for several processes; what a crash left of a line is cut off and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from steadyhand.badcases.case import BadCase
from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.ledger.growing_file import GrowingFile

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


@dataclass(frozen=True)
class CaseStanding:
    """What holds for a case now; `stale`: it was decided on another version of it."""

    decision: CaseDecision
    stale: bool


class Decisions(GrowingFile[CaseDecision]):
    """The decisions at `path`, which need not exist. Raises JobError for a file that was changed by hand."""

    row, noun = CaseDecision, "decision"
    _known: tuple[int, dict[str, CaseDecision]] = 0, {}

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
