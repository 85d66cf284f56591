"""Classes and languages add up to the whole, and stand on the page in both languages."""

from __future__ import annotations

from dataclasses import replace

from steadyhand.report.catalog import load_catalog
from steadyhand.report.data import ReportData
from steadyhand.report.page import render_html, render_markdown
from steadyhand.report.parts import parts
from tests.evaluate.test_checks import domain, measured
from tests.evaluate.world import THINK


def data(split: bool = True) -> ReportData:
    """The first 30 of 90 reviews are of the common class, and answered right."""
    world = domain(90)
    classed = [
        replace(row, input_class="common" if at < 30 or not split else "boundary")
        for at, row in enumerate(world.scenarios)
    ]
    gold = {row.messages[0].content: row.messages[-1].content for row in classed[:30]}
    found = measured(
        replace(world, scenarios=tuple(classed)), lambda p: THINK + gold.get(p.messages[-1].content, "none of them")
    )
    return ReportData("reviews", "now", {"base": found})


def test_each_class_has_its_own_share() -> None:
    common, boundary = parts(data())
    assert (common.name, boundary.name) == ("common", "boundary")
    ((right,), (wrong,)) = common.shares, boundary.shares
    assert right is not None
    assert wrong is not None
    assert (right.right, right.asked, wrong.right, wrong.asked) == (30, 30, 0, 60)
    assert wrong.interval.high < right.interval.low


def test_one_class_alone_is_no_table() -> None:
    assert parts(data(split=False)) == []
    assert load_catalog("en")("parts.title") not in render_html(data(split=False), load_catalog("en"), {})


def test_the_page_shows_them_in_both_languages() -> None:
    for language, words in (("en", "30 of 30"), ("zh", "30 / 共 30")):
        for page in (render_html(data(), load_catalog(language), {}), render_markdown(data(), load_catalog(language))):
            assert load_catalog(language)("parts.title") in page
            assert words in page
