"""A rollout on disk: its journal folded, decisions made and kept, both models' answers written down.

One of these serves; others (a person's command) may append to the same journal meanwhile, which is read again before
each look. Knows no HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, UsageError
from steadyhand.rollout.config import RolloutConfig, folder_of, read_rollout
from steadyhand.rollout.decide import RolloutDecision, decide
from steadyhand.rollout.journal import FILE, RolloutJournal, now
from steadyhand.rollout.signs import AnswerSigns
from steadyhand.rollout.state import RolloutState

SENT, COMPARED = "answers.jsonl", "compared.jsonl"  # what clients got, and what the other model said to the same
_ASKED = ("messages", "tools", "functions")


class Rollout:
    """`told` hears of every step and of going back, in one sentence."""

    def __init__(self, config: RolloutConfig, folder: Path, told: Callable[[str], None] = lambda _: None) -> None:
        self.config, self.folder, self._told = config, folder, told
        self.journal = RolloutJournal(folder / FILE)
        self.state = RolloutState(config)
        self._known: tuple[int, int] | None = None  # what the last decision was made from
        self._decision = decide(self.state)
        self.catch_up()

    @classmethod
    def at(cls, path: Path, told: Callable[[str], None] = lambda _: None) -> Rollout:
        """Of the file at `path`. Raises UsageError or DomainError."""
        config = read_rollout(path)
        return cls(config, folder_of(path, config), told)

    def catch_up(self) -> None:
        for row in self.journal.news():
            self.state.fold(row)

    def begin(self, by: str = "", because: str = "begun") -> None:
        """The first step, unless the journal has one already. Raises UsageError where it is of other models."""
        self.catch_up()
        if self.state.mode == "new":
            self._append({"kind": "begin", "digest": self.config.digest, "by": by, "because": because})
        elif self.state.digest != self.config.digest:
            raise UsageError(
                "models, steps or guards are others than those that this rollout began with",
                where=str(self.folder),
                next="steady rollout restart FILE --because ... begins anew, without what was seen of the old ones",
            )

    def person(self, kind: str, by: str, because: str) -> None:
        """hold, resume, back, or begin (anew)."""
        self.catch_up()
        over = ("new", "back") if kind == "back" else ("new", "back", "done")
        if kind != "begin" and self.state.mode in over:
            raise UsageError(f"nothing to {kind}: the rollout is {self.state.mode}", next="steady rollout status FILE")
        row = {"kind": kind, "by": by, "because": because}
        self._append(row | ({"digest": self.config.digest} if kind == "begin" else {}))

    def answered(
        self, talk: str, arm: str, served: bool, share: float, mirrored: bool, end: bool, signs: AnswerSigns,
        seconds: float, used: Mapping[str, int], request: Mapping[str, Json], response: Json, timed: bool = True,
    ) -> None:  # fmt: skip
        """Writes the answer down and counts it."""
        row: dict[str, Any] = {
            "kind": "answer", "talk": talk, "arm": arm, "served": served, "share": share, "mirrored": mirrored,
            "end": end, "flagged": signs.flagged, "refused": signs.refused, "why": signs.why, "tool": signs.tool,
            "seconds": round(seconds, 4), "timed": timed, **used,
        }  # fmt: skip
        row["at"] = now()
        self._keep(row, request, response)
        self._append(row, safe=False)

    def reported(self, talk: str, because: str) -> None:
        """A person says that what they were sent is wrong."""
        self._append({"kind": "report", "talk": talk, "because": because})

    def go_on(self) -> RolloutDecision:
        """Steps and goes back as far as the evidence says; what is left is to wait, or to run the suite."""
        while (known := (self.state.finished, len(self.state.history))) != self._known:
            decision = self._decision = decide(self.state)
            if decision.kind not in ("back", "step"):
                self._known = known
                break
            self._append({"kind": decision.kind, "because": decision.because, "by": "rollout"}
                         | ({"to": decision.to} if decision.kind == "step" else {}))  # fmt: skip
        return self._decision

    def suite_ended(self, step: int, code: int, log: str) -> None:
        because = "the evaluation suite holds" if code == 0 else f"the evaluation suite failed (exit {code}): {log}"
        self._append({"kind": "regression", "step": step, "exit": code, "log": log, "because": because})

    def _append(self, row: dict[str, Any], safe: bool = True) -> None:
        self.journal.append(row, safe=safe)
        self.catch_up()
        if row["kind"] not in ("answer", "report"):
            self._told(f"{row['kind']}: {row.get('because', '')}")

    def _keep(self, row: Mapping[str, Any], request: Mapping[str, Json], response: Json) -> None:
        """As `steady badcases` reads logs: request, answer, conversation; a flag says what was seen."""
        kept = {
            "conversation_id": row["talk"] if row["served"] else f"{row['talk']}/{row['arm']}",
            "at": row["at"], "arm": row["arm"], "tool": row["tool"], "served": row["served"],
            "request": {key: request[key] for key in _ASKED if key in request}, "response": response,
        } | ({"flag": row["why"]} if row["flagged"] else {})  # fmt: skip
        path = self.folder / (SENT if row["served"] else COMPARED)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(json.dumps(kept, ensure_ascii=False) + "\n")
        except OSError as error:
            what = f"answers cannot be kept: {error.strerror}"
            raise JobError(what, where=str(path), next="free space") from error
