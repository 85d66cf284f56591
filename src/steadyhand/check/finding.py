"""What a check says. A code never changes its meaning: people silence, count and search for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from steadyhand.chat.messages import Json
from steadyhand.errors import Place

Severity = Literal["error", "warning"]

RULES: dict[str, tuple[Severity, str]] = {
    "R001": ("error", "a row of the data set cannot be used"),
    "S101": ("error", "an expected call does not fit its tool's schema"),
    "S102": ("error", "an expected call names a tool that is not offered"),
    "S103": ("error", "a call without its result"),
    "S104": ("error", "a tool result without a call"),
    "S105": ("warning", "nothing in the scenario is scored"),
    "S106": ("warning", "a placeholder was never filled"),
    "S107": ("warning", "no scenario is held out for evaluation"),
    "K301": ("error", "a point that others depend on has no cards"),
    "K302": ("error", "points depend on each other in a circle"),
    "L201": ("error", "a group stands on both sides of the split"),
    "L202": ("error", "the same prompt is trained on and evaluated"),
    "L203": ("warning", "the same last question is trained on and evaluated, in another context"),
    "L204": ("warning", "a probe's question is trained on word by word"),
    "P101": ("error", "a training sample does not begin with the prompt that generation sees"),
    "P102": ("error", "the chat template loses something"),
    "P103": ("error", "no token of a sample would be trained"),
    "T101": ("warning", "a sample is longer than the limit and would be left out of training"),
    "T102": ("warning", "many trained answers have an empty think block"),
    "T103": ("error", "a text contains control markers of the chat format"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the data: where, what, and what to do `next`. Errors stop a run."""

    code: str
    severity: Severity
    place: Place
    message: str
    next: str

    def to_json(self) -> dict[str, Json]:
        place = {"file": self.place.file, "line": self.place.line, "column": self.place.column}
        return {"code": self.code, "severity": self.severity, **place, "message": self.message, "next": self.next}


def finding(code: str, place: Place, message: str, next: str) -> Finding:
    """A finding with its rule's severity."""
    return Finding(code, RULES[code][0], place, message, next)


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(found.severity == "error" for found in findings)
