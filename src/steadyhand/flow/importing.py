"""Sets aside imported rows that training must not see: those in which the check finds errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from steadyhand.check import Finding, check
from steadyhand.datasets.convert import Dialogue, Imported, Reject
from steadyhand.datasets.to_domain import domain_of


def set_aside(imported: Imported, seed: int) -> Imported:
    """The same rows with the unsound ones among the rejects, each with the finding as its reason; the total stays.

    Repeats until no error is left, because the split depends on the rows that remain.
    """
    while imported.rows:
        errors = [finding for finding in check(domain_of(imported, seed)) if finding.severity == "error"]
        reasons = {
            owner(imported.rows, finding).number: f"{finding.code} {finding.message}" for finding in reversed(errors)
        }
        if not reasons:
            break
        moved = [Reject(row.number, reasons[row.number], row.place) for row in imported.rows if row.number in reasons]
        usable = [row for row in imported.rows if row.number not in reasons]
        rejects = sorted([*imported.rejects, *moved], key=lambda reject: reject.number)
        imported = replace(imported, rows=usable, rejects=rejects)
    return imported


def owner(rows: Sequence[Dialogue], finding: Finding) -> Dialogue:
    """The row that a finding stands in: the last one that begins at or before it."""
    position = (finding.place.line, finding.place.column)
    before = [row for row in rows if (row.place.line, row.place.column) <= position]
    return before[-1] if before else rows[0]
