"""What a check says: which rule, where, what, and what to do next. The rules themselves are in `rules`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from steadyhand.chat.messages import Json
from steadyhand.check.rules import RULES, Severity
from steadyhand.errors import Place
from steadyhand.text.html import table

__all__ = ["RULES", "Finding", "Severity", "finding", "in_order"]


@dataclass(frozen=True)
class Finding:
    """One thing that a rule says about the data: where, what, and what to do `next`. Errors stop a run."""

    code: str
    severity: Severity
    place: Place
    message: str
    next: str

    def to_json(self) -> dict[str, Json]:
        place = {"file": self.place.file, "line": self.place.line, "column": self.place.column}
        return {"code": self.code, "severity": self.severity, **place, "message": self.message, "next": self.next}


class Findings(list[Finding]):
    """A list that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        counts = Counter(finding.severity for finding in self)
        head = ", ".join(f"{counts[word]} {word}s" for word in ("error", "warning", "note"))
        rows = [[finding.code, finding.severity, finding.place, finding.message, finding.next] for finding in self]
        return table(head, ["rule", "severity", "where", "what", "next"], rows)


def finding(code: str, place: Place, message: str, next: str) -> Finding:
    """A finding with its rule's severity."""
    return Finding(code, RULES[code].severity, place, message, next)


def more(count: int) -> str:
    """ " (and 2 more)"; nothing where there are none."""
    return f" (and {count} more)" if count > 0 else ""


def in_order(findings: Iterable[Finding]) -> Findings:
    """By code, then by place."""
    return Findings(sorted(findings, key=lambda f: (f.code, f.place.file, f.place.line, f.place.column, f.message)))
