"""Which missed bars a person accepted, and why: a file that only grows, beside the run that it is about.

    {"n": 0, "time": "...", "by": "mei", "about": "verdict", "metric": "tool_call_accuracy", "bar": ">= 0.97",
     "word": "FAIL", "value": 0.95, "fingerprint": "9c0b...", "because": "..."}

An override changes no verdict: it stands beside it. It holds for one measured model, one bar and one value, so whatever
is trained or measured anew is judged anew. It is taken back by another line. Safe for several processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.ledger.growing_file import GrowingFile
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


class Overrides(GrowingFile[Override]):
    """Those at `path`, which need not exist. Raises JobError for a file that was changed by hand."""

    row, noun = Override, "override"

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


def unaccepted(verdict: Verdict, held: Mapping[str, Override]) -> list[Check]:
    """The missed bars that nobody accepted."""
    return [check for check in verdict.checks if check.verdict in MISSED and check.metric not in held]


def told_of(held: Mapping[str, Override]) -> dict[str, Json]:
    """As reports and `--json` have them: metric -> who, when, why."""
    return {
        metric: {"n": one.n, "by": one.by, "time": one.time, "because": one.because} for metric, one in held.items()
    }
