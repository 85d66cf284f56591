"""From the rows of a file to a domain: what judges them, how many are held out, which are set aside, what is missing.

Knows what the rooms below offer; the command line only shows what is said here.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from steadyhand.check import Finding, check
from steadyhand.checks import Checker
from steadyhand.datasets.convert import Dialogue, Imported, Preference, Reject
from steadyhand.datasets.judges import Judges, judges_of
from steadyhand.datasets.propose import SAMPLE, check_of, propose, red_lines
from steadyhand.datasets.raw_rows import raw_rows
from steadyhand.datasets.to_domain import domain_of
from steadyhand.datasets.write import Summary
from steadyhand.errors import UsageError

EVIDENCE = 125  # held-out rows that carry a bar of 1
LEAST_HELD, MOST_HELD = 0.1, 0.3


def set_aside(
    imported: Imported, seed: int, share: float = 0.1, checkers: Mapping[str, Checker] | None = None
) -> Imported:
    """The same rows with the unsound ones among the rejects, each with the finding as its reason; the total stays, a
    row with several rejected answers counting once there. `checkers` judge the gold answers too.

    Repeats until no error is left, because the split depends on the rows that remain.
    """
    while rows := _in_order(imported):
        findings = check(domain_of(imported, seed, share, checkers))
        errors = [finding for finding in findings if finding.severity == "error"]
        reasons = {owner(rows, one).number: f"{one.code} {one.message}" for one in reversed(errors)}
        if not reasons:
            break
        places = {row.number: row.place for row in reversed(rows)}
        moved = [Reject(number, reason, places[number]) for number, reason in reasons.items()]
        imported = replace(
            imported,
            rows=[row for row in imported.rows if row.number not in reasons],
            preferences=[row for row in imported.preferences if row.number not in reasons],
            rejects=sorted([*imported.rejects, *moved], key=lambda reject: reject.number),
        )
    return imported


def _in_order(imported: Imported) -> list[Dialogue | Preference]:
    rows: list[Dialogue | Preference] = [*imported.rows, *imported.preferences]
    return sorted(rows, key=lambda row: row.number)


def owner(rows: Sequence[Dialogue | Preference], finding: Finding) -> Dialogue | Preference:
    """The row that a finding stands in: the last one that begins at or before it."""
    position = (finding.place.line, finding.place.column)
    before = [row for row in rows if (row.place.line, row.place.column) <= position]
    return before[-1] if before else rows[0]


def usable(imported: Imported, source: Path, folder: Path, *, mapped: bool) -> None:
    """Raises UsageError when no row could be used; where the file is a table of unknown columns, `next` is a command
    that says what they hold."""
    if imported.rows or imported.preferences:
        return
    reason = imported.rejects[0].reason if imported.rejects else "it is empty"
    rows = [raw.value for raw in islice(raw_rows(source), SAMPLE) if isinstance(raw.value, dict)]
    proposal = propose(rows, source)
    if mapped or not proposal.whole:
        columns = f" (its columns: {', '.join(rows[0])})" if rows else ""
        after = "check the file's format" if not rows else "name columns that it has: --map user=..., --map answer=..."
        raise UsageError(f"no row could be used: {reason}{columns}", where=imported.source, next=after)
    what = f"no row could be used: {reason}. The columns {', '.join(rows[0])} are of no known format"
    raise UsageError(what, where=imported.source, next=f"say what they hold: {proposal.command(source, folder)}")


def judges_for(
    imported: Imported, source: Path, folder: Path, words: Sequence[str], system: str, *, mapped: bool
) -> Judges:
    """The checks of a command line. Where columns were mapped and none is named, the answers say which one fits; `none`
    wants none. Raises UsageError for queries without a database to run them on."""
    answers = _answers(imported)
    if not words and mapped and imported.rows:
        guess = check_of(answers, source)
        if guess.startswith("exec_sql"):
            what = "the answers are queries, and a database has to say whether they are right"
            raise UsageError(what, where=str(source), next=f"add --check {guess} (or --check none)")
        words = [guess]
    return judges_of([word for word in words if word != "none"], answers, system)


def _answers(imported: Imported) -> list[str]:
    return [row.messages[row.learned[-1]].content for row in imported.rows if row.learned and not row.tools]


def given_share(imported: Imported, judges: Judges) -> float:
    """The share to hold out: a tenth; where answers are judged so many rows that a verdict has evidence, up to three
    tenths of them."""
    rows = len(imported.rows) + len({row.number for row in imported.preferences})
    if not judges.checkers and not imported.preferences:
        return LEAST_HELD
    return min(MOST_HELD, max(LEAST_HELD, EVIDENCE / rows))


def advice(summary: Summary, imported: Imported) -> Iterator[str]:
    """What somebody should know of the new domain: nothing held out, nothing that judges."""
    if summary.cards and not summary.eval and not summary.compared_eval:
        yield f"all {summary.cards} cards are trained on, and nothing is held out: --check says holds some out"
    if summary.judged and not summary.checks:
        pairs = [row for row in imported.preferences if row.chosen and row.rejected]
        lines = red_lines(
            [row.chosen.content for row in pairs if row.chosen], [row.rejected.content for row in pairs if row.rejected]
        )
        rules = f"--check {shlex.quote('rules:' + '|'.join(lines))} " if lines else ""
        yield f"no check judges what the model itself says there: for example {rules}--check says"
