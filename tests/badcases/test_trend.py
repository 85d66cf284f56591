"""Counts over runs, and interfaces that stay wrong."""

from __future__ import annotations

from collections.abc import Mapping

from steadyhand.badcases.categories import categories
from steadyhand.badcases.collect import of_evaluation
from steadyhand.badcases.trend import column, rows_of, stubborn
from steadyhand.chat.messages import ToolCall
from steadyhand.ledger.result import Evaluation
from tests.badcases.world import ASKED, RESULT, measured, written
from tests.evaluate.world import THINK

KNOWN = categories()
SILENT = {ASKED: THINK + "Let me think."}
CUT = {ASKED: written(ToolCall("query", {"uri": "evil", "day": 30}))}
REPORTS = {RESULT: THINK + "Done."}


def runs(*answers: Mapping[str, str]) -> list[tuple[Evaluation, list]]:  # type: ignore[type-arg]
    return [(found, of_evaluation(found, KNOWN)) for found in map(measured, answers)]


def test_counts_by_category_run_by_run() -> None:
    made = runs(SILENT, {**CUT, **REPORTS}, {})
    columns = [column(str(n), "", *one) for n, one in enumerate(made)]
    assert rows_of(columns) == ["missed_call", "argument_cut"]
    assert [[one.counts.get(id, 0) for one in columns] for id in rows_of(columns)] == [[1, 1, 0], [0, 1, 0]]
    assert len({one.asked for one in columns}) == 1


def test_an_interface_is_stubborn_when_it_fails_run_after_run() -> None:
    (one,) = stubborn(runs({}, SILENT, SILENT), KNOWN)
    assert (one.tool, one.input_class, one.failed, one.scored) == ("query", "boundary", (0, 1, 1), (1, 1, 1))
    assert (one.advice, one.categories) == ("groups", ("missed_call",))
    assert 0 < one.low < one.high <= 1
    (fields,) = stubborn(runs(SILENT, CUT), KNOWN)
    assert (fields.advice, fields.semantics) == ("semantics", 1)


def test_one_run_or_one_that_was_right_makes_nothing_stubborn() -> None:
    assert stubborn(runs(SILENT), KNOWN) == []
    assert stubborn(runs(SILENT, SILENT, {}), KNOWN) == []
    assert stubborn(runs(SILENT, {}, SILENT), KNOWN) == []
    assert stubborn(runs(SILENT, SILENT), KNOWN, least=3) == []
    both = stubborn(runs({**SILENT, **REPORTS}, {**SILENT, **REPORTS}), KNOWN)
    assert [one.tool for one in both] == ["query", "report"]
