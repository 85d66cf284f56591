"""Where a rollout stands: the journal's rows, folded one by one. Pure: same rows, same state; decides nothing.

The unit of evidence is a finished conversation, not an answer: answers of one conversation fail together. Where both
models answered all of it, it is a pair; where one did, it counts by the probability that it was that one's.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import log
from typing import Any, Literal

from steadyhand.rollout.config import RolloutConfig
from steadyhand.stats.betting import Contrast, log_e_within

SIGNS = ("flagged", "refused", "slow", "reported")
COMPARED = SIGNS[:3]  # a person reports what was sent to them, and so never both answers
WARM = 100  # answers of the incumbent by which "slow" is set
QUANTILE = 0.9
SLACK = 0.1  # seconds that the gateway's own turns may add to either model's answer
Mode = Literal["new", "running", "held", "back", "done"]
PAIR = "pair"


@dataclass
class OpenTalk:
    """A conversation under way. `failed`: sign -> arms that showed it; `asked` answers were sent, of which `compared`
    have the other model's beside them."""

    arm: str
    share: float
    mirrored: bool
    step: int
    slow_after: float
    last: float
    failed: dict[str, set[str]] = field(default_factory=dict)
    asked: int = 0
    compared: int = 0
    ended: bool = False
    timed: bool = True  # a streamed answer takes as long as its client reads

    @property
    def whole(self) -> bool:
        return not self.mirrored or self.compared == self.asked


@dataclass
class RolloutState:
    """`step` counts from 0; `here`: conversations that began and ended in this step. `counts`: sign -> (pair, or the
    share) -> conversations by outcome. `lost`: conversations without the other model's whole answer, and torn lines."""

    config: RolloutConfig
    mode: Mode = "new"
    step: int = 0
    because: str = ""
    digest: str = ""
    here: int = 0
    finished: int = 0
    talks: OrderedDict[str, OpenTalk] = field(default_factory=OrderedDict)
    seen: set[str] = field(default_factory=set)
    counts: dict[str, dict[str | float, Counter[str]]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    excluded: bool = False
    slow_after: float = 0.0
    warm: list[float] = field(default_factory=list)
    regressions: dict[int, int] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Of new conversations that the candidate answers."""
        return self.config.steps.shares[self.step] if self.mode in ("running", "held", "done") else 0.0

    @property
    def mirrors(self) -> bool:
        """Whether both models answer now."""
        return self.mode in ("running", "held") and (self.share == 0 or self.config.steps.mirror) and self.share < 1

    def arm_of(self, talk: str) -> str:
        """Who answers: a conversation stays with its model, unless the candidate is taken back."""
        if self.mode in ("new", "back"):
            return "incumbent"
        known = self.talks.get(talk)
        return known.arm if known else "candidate" if dealt(talk, self.config.salt) < self.share else "incumbent"

    def contrasts(self, sign: str) -> list[Contrast]:
        """The counts of one sign, ready for the tests."""
        return [
            Contrast(one["n"], one["worse"], one["better"], 0.5 if kind == PAIR else float(kind), kind == PAIR)
            for kind, one in self.counts.get(sign, {}).items()
        ]

    def fold(self, row: Mapping[str, Any]) -> None:
        """One row of the journal. Rows of a kind that this version does not know are counted as lost."""
        folded = _FOLDS.get(str(row.get("kind")))
        if folded is None:
            self.lost[f"a row of kind {row.get('kind')!r}"] += 1
            return
        folded(self, row)

    def _begin(self, row: Mapping[str, Any]) -> None:
        history = self.history
        self.__init__(self.config)  # type: ignore[misc]  # what was seen of other models says nothing of these
        self.mode, self.digest, self.because = "running", str(row.get("digest")), str(row.get("because", ""))
        self.slow_after, self.history = self.config.guard.slow_seconds, [*history, dict(row)]

    def _decided(self, row: Mapping[str, Any]) -> None:
        self.because = str(row.get("because", ""))
        self.history.append(dict(row))
        kind = row["kind"]
        if kind == "step":
            self.step, self.here = int(row["to"]), 0
            self.mode = "done" if self.share == 1 else self.mode
        elif kind == "regression":
            self.regressions[int(row["step"])] = int(row["exit"])
        elif self.mode != "back":
            self.mode = {"back": "back", "hold": "held", "resume": "running"}[kind]  # type: ignore[assignment]
            if kind == "resume":  # a suite that failed is asked again
                self.regressions = {step: code for step, code in self.regressions.items() if code == 0}

    def _answered(self, row: Mapping[str, Any]) -> None:
        at, arm, served = datetime.fromisoformat(row["at"]).timestamp(), str(row["arm"]), bool(row["served"])
        self.answers[arm if served else f"{arm}, compared"] += 1
        slow_after = self.slow_after  # before this answer: what sets the bar is not held against it
        timed = bool(row.get("timed", True))
        if timed:
            self._warm_up(arm, float(row["seconds"]))
        self._close_quiet(at)
        name = str(row["talk"])
        if name in self.seen or self.mode in ("back", "done"):
            return
        if (talk := self.talks.get(name)) is None:
            other = "candidate" if arm == "incumbent" else "incumbent"
            talk = self.talks[name] = OpenTalk(arm if served else other, float(row["share"]), bool(row["mirrored"]),
                                               self.step, slow_after, at)  # fmt: skip
        self.talks.move_to_end(name)
        talk.last = at
        talk.asked, talk.compared = talk.asked + served, talk.compared + (not served)
        talk.timed = talk.timed and timed
        talk.ended = talk.ended or bool(row.get("end"))
        shown = [sign for sign in ("flagged", "refused") if row.get(sign)]
        shown += ["slow"] if talk.slow_after and float(row["seconds"]) > talk.slow_after else []
        for sign in shown:
            talk.failed.setdefault(sign, set()).add(arm)
        if talk.ended and talk.whole:
            self._finish(name)

    def _reported(self, row: Mapping[str, Any]) -> None:
        if talk := self.talks.get(str(row["talk"])):
            talk.failed.setdefault("reported", set()).add(talk.arm)
        else:
            self.lost["a report on a conversation that is over"] += 1

    def _torn(self, _: Mapping[str, Any]) -> None:
        self.lost["a line that a kill tore"] += 1

    def _warm_up(self, arm: str, seconds: float) -> None:
        if self.slow_after or arm != "incumbent":
            return
        self.warm.append(seconds)
        if len(self.warm) == WARM:
            usual = sorted(self.warm)[int(QUANTILE * WARM)]
            self.slow_after = max(usual * self.config.guard.slow_times, usual + SLACK)

    def _close_quiet(self, at: float) -> None:
        while self.talks:
            name, talk = next(iter(self.talks.items()))
            if talk.last + self.config.steps.quiet_seconds > at:
                return
            self._finish(name)

    def _finish(self, name: str) -> None:
        talk = self.talks.pop(name)
        self.seen.add(name)
        self.finished += 1
        if not talk.whole:
            self.lost["a conversation without the other model's whole answer"] += 1
            return
        self.here += talk.step == self.step
        for sign in COMPARED if talk.slow_after and talk.timed else COMPARED[:2]:
            self._count(sign, talk, PAIR if talk.mirrored else talk.share)
        self._count("reported", talk, talk.share)
        guard = self.config.guard
        if not self.excluded and (seen := self.contrasts("flagged")):
            self.excluded = log_e_within(seen, guard.margin) >= -log(guard.alpha)

    def _count(self, sign: str, talk: OpenTalk, kind: str | float) -> None:
        if kind != PAIR and not 0 < float(kind) < 1:
            return  # one model had them all: nothing to compare
        failed = talk.failed.get(sign, set())
        one = self.counts.setdefault(sign, {}).setdefault(kind, Counter())
        one["n"] += 1
        if len(failed) == 1:
            one["worse" if "candidate" in failed else "better"] += 1
        for arm in failed:
            one[arm] += 1


_FOLDS = {
    "begin": RolloutState._begin,
    "answer": RolloutState._answered,
    "report": RolloutState._reported,
    "torn": RolloutState._torn,
    **dict.fromkeys(("step", "back", "hold", "resume", "regression"), RolloutState._decided),
}


def dealt(talk: str, salt: str) -> float:
    """A conversation's place in [0, 1): the same whenever it is asked, so that a larger share keeps who had it."""
    return int.from_bytes(hashlib.sha256(f"{salt}\n{talk}".encode()).digest()[:6]) / 2**48
