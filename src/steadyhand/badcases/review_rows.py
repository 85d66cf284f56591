"""Logged bad cases as rows that `steady review` opens: the state, and behind it the wrong answer to be corrected.

A state that the domain holds out makes no row, whoever decides about it later: training on it would spoil what is
measured. Knows rows; a review's own export makes groups, scenarios and cards of what was decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from steadyhand.badcases.categories import named
from steadyhand.badcases.logs.logged import Logged
from steadyhand.badcases.steps import Gold
from steadyhand.badcases.worklist import LOG, Worklist, WorklistRow
from steadyhand.chat.messages import Json, to_openai
from steadyhand.errors import UsageError


@dataclass
class ReviewRows:
    """`left_out`: reason -> cases that nobody is asked about."""

    rows: list[dict[str, Json]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def review_rows(found: Worklist, rows: Sequence[WorklistRow], gold: Gold) -> ReviewRows:
    """`gold`: of the domain that shall learn. Raises UsageError for a worklist of no log."""
    if found.model != LOG:
        after = "`steady badcases traces EVALUATION` writes one of it"
        raise UsageError("rows for a review are made of logs", next=after)
    made, seen = ReviewRows(), set[str]()
    for row in rows:
        logged = found.logged[row.case.subject]
        if reason := _reason(row, logged, gold, seen):
            made.left_out[reason] += 1
        else:
            made.rows.append(_to_row(row, logged))
        seen.add(row.case.id)
    return made


def _reason(row: WorklistRow, logged: Logged, gold: Gold, seen: set[str]) -> str:
    if row.case.id in seen:
        return "the same answer in the same state as another case"
    if row.state == "dismiss":
        return "a reviewer decided: dismiss"
    decision = gold.of(logged.messages[: _index(row)], logged.tools)
    if decision is not None and decision.scenario.split == "eval":
        return "the state is that of a held-out scenario: training on it would spoil the measurement"
    return ""


def _index(row: WorklistRow) -> int:
    return int(row.case.subject.rpartition("#")[2])


def _to_row(row: WorklistRow, logged: Logged) -> dict[str, Json]:
    category = row.category
    why = {"category": category.id, "cause": named(category.cause, "en"), "remedy": named(category.remedy, "en")}
    shown = {"id": row.case.subject, "messages": to_openai(logged.messages[: _index(row) + 1])}
    tools = {"tools": [tool.to_openai() for tool in logged.tools]} if logged.tools else {}
    return shown | tools | {"why": {key: text for key, text in why.items() if text}}
