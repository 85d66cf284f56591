"""What the page says of a domain without tools: labels, comparisons, the task's own figure, what to do next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.chat.messages import Json
from steadyhand.checks import checker_of
from steadyhand.evaluate.run import evaluate
from steadyhand.evaluate.verdict import verdict
from steadyhand.ledger.result import Evaluation
from steadyhand.report.catalog import load_catalog
from steadyhand.report.data import ReportData
from steadyhand.report.failures import heat_tables
from steadyhand.report.judged import categories, confusions
from steadyhand.report.metrics import metric_rows
from steadyhand.report.page import render_html, render_markdown
from steadyhand.report.tiles import tiles
from tests.evaluate.test_checks import FAST, LABELS, domain, label_of, majority
from tests.evaluate.test_ranking import Ranking, compared, measured
from tests.evaluate.world import THINK, Scripted


def page(base: Evaluation, tuned: Evaluation) -> ReportData:
    origin = {"origin": {"base": "steady-nano", "size": "11.8 M", "model": "runs/reviews/model"}}
    return ReportData("reviews", "now", {"base": base, "dpo": tuned}, verdict(base, tuned), manifest=origin)


@pytest.fixture(scope="module")
def data() -> ReportData:
    world = domain(150)
    silent = measured(Scripted(lambda _: THINK + "The guest liked it, I think."), world)
    return page(silent, measured(Scripted(majority), world))


def test_an_untrained_base_on_150_reviews_is_no_pass_and_its_first_tile_says_0_of_150() -> None:
    found = measured(Scripted(lambda _: THINK + "The guest liked it, I think."), domain(150))
    made = page(found, found)
    assert made.verdict is not None
    assert made.verdict.word == "FAIL"
    first = tiles(made)[0]
    assert (first.name, first.check, first.counts["base"]) == ("check.label", "mood", (0, 150))
    for language, words in (("en", "0 of 150"), ("zh", "0 / 共 150")):
        shown = render_html(made, load_catalog(language), {})
        assert shown.index(words) < shown.index('id="figures"')
        assert words in render_markdown(made, load_catalog(language))


def test_the_matrix_adds_up_and_shows_the_majority_for_what_it_is(data: ReportData) -> None:
    base, tuned = confusions(data)
    assert base.n == tuned.n == 150
    assert (base.right, tuned.right) == (0, 50)
    assert base.columns == tuned.columns
    assert all(sum(row.values()) == 50 for row in tuned.rows.values())
    assert {found for row in tuned.rows.values() for found in row} == {"praise"}
    assert {found for row in base.rows.values() for found in row} == {""}


def test_reasons_stand_beside_what_was_due(data: ReportData) -> None:
    base, tuned = heat_tables(data.evaluations, data.stages)
    assert set(tuned.tools) == set(LABELS)
    assert tuned.counts["wrong_label"] == {"complaint": 50, "mixed": 50}
    assert base.counts["no_label"] == dict.fromkeys(LABELS, 50)


def test_comparisons_are_shown_by_category_in_both_languages() -> None:
    found = measured(Ranking(LABELS), compared(12))
    made = page(found, found)
    table = categories(made)
    assert table is not None
    assert sum(cell[1] for row in table.rows.values() for cell in row[:1] if cell) == 24
    for language in ("en", "zh"):
        words = load_catalog(language)
        shown = render_html(made, words, {})
        assert all(words(key) in shown for key in ("comparisons.title", "comparisons.unnamed", "tile.preference"))
    assert categories(page(*[measured(Scripted(label_of), domain(3))] * 2)) is None


def test_the_first_screen_says_the_base_the_model_and_what_next(data: ReportData) -> None:
    for language in ("en", "zh"):
        words = load_catalog(language)
        shown = render_html(data, words, {})
        head = shown[: shown.index('id="figures"')]
        assert all(text in head for text in ("steady-nano", "11.8 M", "runs/reviews/model", words("after.FAIL")))


def test_an_answer_is_shown_with_what_the_user_said_last_and_the_gold_answer() -> None:
    found = measured(Scripted(majority), domain(6))
    item = found.items[1]
    assert (item.facts.gold, item.question) == ("complaint", "Label review 1.")
    after_tool = replace(item, facts=replace(item.facts, user="Is it open?"), question='{"level": 3}')
    made = page(found, replace(found, items=(found.items[0], after_tool, *found.items[2:])))
    shown = render_html(made, load_catalog("en"), {})
    assert "Is it open?" in shown
    assert "Right answer" in shown


def test_a_check_of_a_package_has_a_tile_too() -> None:
    found = measured(Scripted(label_of), domain(3))
    odd: dict[str, dict[str, Json]] = {"odd": {"kind": "haiku", "word": "passed", "code": None}}
    items = tuple(replace(item, facts=replace(item.facts, checks=odd)) for item in found.items)
    shown = render_html(page(*[replace(found, items=items)] * 2), load_catalog("en"), {})
    assert "Answers that pass" in shown


def test_figures_say_what_they_mean_and_nothing_of_tools_where_there_are_none(data: ReportData) -> None:
    groups = metric_rows(data)
    assert "tool" not in groups
    assert [row.name for row in groups["task"]] == ["scenario_pass", "mood", "mood.macro_f1", "red"]
    assert {row.spec.better for row in groups["task"]} == {"higher"}
    assert "cot_retention" not in {row.name for rows in groups.values() for row in rows}  # not applicable: no thinking
    for language in ("en", "zh"):
        words = load_catalog(language)
        shown = render_html(data, words, {})
        assert words("help.unknown") not in shown
        assert words("help.check.label.macro_f1") in shown


def test_the_right_answer_stands_once_beside_each_answer(data: ReportData) -> None:
    shown = render_html(data, load_catalog("en"), {})
    assert "mood: " not in shown.partition('id="examples"')[2].partition("</section>")[0]


def test_a_judge_that_always_says_a_decides_nothing_and_the_page_says_so() -> None:
    better = checker_of("better", "pairwise", {"against": "reference", "criteria": "asks first"}, Path())
    world = domain(30, better)
    found = evaluate(Scripted(lambda _: THINK + "Well."), world, model="m", settings=FAST, judge=lambda _: "A")
    assert (found.metrics["better"].n, found.metrics["better"].unscored) == (0, 30)
    assert (found.metrics["better.ties"].k, found.metrics["better.ties"].n) == (30, 30)
    made = page(found, found)
    assert made.verdict is not None
    assert made.verdict.word != "PASS"
    for language in ("en", "zh"):
        words = load_catalog(language)
        shown = render_html(made, words, {})
        assert words("help.check.pairwise.ties") in shown
        assert "30 of 30 comparisons turned" in shown
