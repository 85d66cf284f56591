"""What the page of `steady check --report` shows: gathers figures in check/ and hands them to report/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from steadyhand.check.asks import arenas
from steadyhand.check.dataset import Dataset
from steadyhand.check.diversity import SHOWN as CUES_SHOWN
from steadyhand.check.lint import LintReport
from steadyhand.check.rules import RULES
from steadyhand.check.spurious_cues import leanings, separators
from steadyhand.check.tool_usage import UsageMatrix as Counted
from steadyhand.check.tool_usage import matrix_of_pairs, matrix_of_records
from steadyhand.report.lint import SHOWN, CueRow, LintData, Matrix, RuleFindings

TOOLS_SHOWN = 40  # rows of a matrix: sets in which every row brings tools of its own would fill the page
_GRAVITY = ("error", "warning", "note")


def lint_data(
    name: str, report: LintReport, dataset: Dataset, classes: Mapping[str, str], counts: Mapping[str, int]
) -> LintData:
    """The page's figures; `classes`: name of a record -> its input class, where a domain folder says it."""
    asked = [len("\n".join(message.content for message in record.messages[:-1])) for record in dataset.records]
    answered = [len(record.messages[-1].content) for record in dataset.records]
    both = [(pair.chosen, pair.rejected) for pair in dataset.pairs if pair.chosen and pair.rejected]
    sides = {"chosen": [len(good.content) for good, _ in both], "rejected": [len(bad.content) for _, bad in both]}
    matrices = [
        table
        for table in (_shown(matrix_of_records(dataset, classes), False), _shown(matrix_of_pairs(dataset), True))
        if table.rows
    ]
    return LintData(
        name,
        datetime.now(UTC).isoformat(timespec="minutes"),
        {**counts, **report.severities()},
        tuple(_rules(report)),
        tuple(_cues(dataset)),
        tuple(matrices),
        {"prompts": {"prompt": asked}, "answers": {"answer": answered}, "judged": sides},
    )


def _rules(report: LintReport) -> Iterator[RuleFindings]:
    """Gravest first, then by code."""
    for severity in _GRAVITY:
        for code in sorted({finding.code for finding in report.findings if finding.severity == severity}):
            own = [finding for finding in report.findings if finding.code == code]
            places = tuple((str(finding.place), finding.message, finding.next) for finding in own[:SHOWN])
            yield RuleFindings(code, severity, RULES[code].titles, RULES[code].why, len(own), places)


def _cues(dataset: Dataset) -> Iterator[CueRow]:
    for arena in arenas(dataset.records):
        share = {outcome: count / len(arena.asks) for outcome, count in arena.outcomes.items()}
        for cue in separators(arena):
            n = arena.outcomes[cue.outcome]
            for feature in (*cue.spans, *cue.facts):
                yield CueRow(arena.name, feature, cue.outcome, n, 1.0, share[cue.outcome], None)
        for leaning in leanings(arena)[:CUES_SHOWN]:
            yield CueRow(
                arena.name, leaning.feature, leaning.outcome, leaning.n, leaning.k / leaning.n, leaning.p0, leaning.z
            )


def _shown(table: Counted, holes: bool) -> Matrix:
    """The rows with the most in them, in the order of tools."""
    weight = {key: sum(count or 0 for count in cells.values()) for key, cells in table.rows.items()}
    shown = sorted(sorted(weight, key=lambda key: (-weight[key], key))[:TOOLS_SHOWN])
    return Matrix(table.columns, {key: [table.rows[key][column] for column in table.columns] for key in shown}, holes)
