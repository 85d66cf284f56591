"""What a reader sees first: counts of what is right, and every public fact that was lost."""

from __future__ import annotations

from dataclasses import replace

from steadyhand.ledger.result import Evaluation, Item, Verdict
from steadyhand.report.banner import banner
from steadyhand.report.catalog import load_catalog
from steadyhand.report.data import ReportData
from steadyhand.report.page import render_html, render_markdown
from steadyhand.report.tiles import facts, tiles
from tests.evaluate.test_verdict import babble, measured, reviews, unjudged
from tests.report.sample import report_data

EN, ZH = load_catalog("en"), load_catalog("zh")
ITEM = Item("i", "public", "i", "en", "0", "text", "stop", 5, True)


def page_of(found: Evaluation, verdict: Verdict | None = None) -> ReportData:
    return ReportData("reviews", "now", {"base": found, "dpo": found}, verdict)


def public(*passed: bool | None) -> Evaluation:
    """Two wordings a fact."""
    items = tuple(replace(ITEM, id=f"p{i}", cluster=f"f{i // 2}", passed=ok) for i, ok in enumerate(passed))
    return Evaluation("m", "f", {}, items, {})


def test_the_first_tile_counts_scenarios_that_are_right() -> None:
    first = tiles(page_of(measured(reviews(150, None), babble)))[0]
    assert (first.name, first.counts, first.unjudged) == ("scenarios", {"base": (0, 150), "dpo": (0, 150)}, 0)


def test_what_nothing_judges_is_not_right() -> None:
    data = page_of(measured(unjudged(reviews(150, None)), babble))
    first = tiles(data)[0]
    assert (first.counts["dpo"], first.unjudged) == ((0, 150), 150)
    for language, words in (
        (EN, ("0 of 150", "150 with answers that nothing judges")),
        (ZH, ("0 / 共 150", "150 个场景")),
    ):
        assert all(word in render_html(data, language, {}) for word in words)
        assert all(word in render_markdown(data, language) for word in words)


def test_the_banner_says_how_many_answers_nothing_judges() -> None:
    from steadyhand.evaluate.verdict import verdict

    found = measured(unjudged(reviews(150, None)), babble)
    told = banner(page_of(found, verdict(found, found)), EN)
    assert told.word == "INSUFFICIENT"
    assert "150 of 150 held-out answers are judged by nothing" in told.sentence


def test_a_fact_is_lost_when_fewer_of_its_wordings_are_right() -> None:
    before, after = (
        public(True, True, True, False, False, False, True),
        public(True, False, False, True, True, True, True),
    )
    found = facts({"base": before, "sft": after}, ("base", "sft"))
    assert found is not None
    assert (found.facts, found.gained, found.asked) == (1, 1, 4)
    assert [one.after.id for one in found.lost] == ["p1", "p2"]
    assert facts({"base": before}, ("base",)) is None
    assert facts({"base": public(), "sft": after}, ("base", "sft")) is None


def test_unscored_questions_are_no_loss() -> None:
    found = facts({"base": public(True, None), "sft": public(None, False)}, ("base", "sft"))
    assert found is None


def test_every_lost_fact_stands_on_the_page() -> None:
    many = tuple(replace(ITEM, id=f"p{i}", cluster=f"p{i}", question=f"Fact number {i:02}?") for i in range(30))
    lost = tuple(replace(item, passed=False) for item in many)
    own = {"base": Evaluation("b", "f", {}, many, {}), "sft": Evaluation("s", "f", {}, lost, {})}
    for language in (EN, ZH):
        page = render_html(ReportData("d", "now", own), language, {})
        assert all(f"Fact number {i:02}?" in page for i in range(30))
        assert page.index('id="lost"') < page.index("Fact number 00?")
    assert 'id="lost"' not in render_html(report_data(), EN, {})


def test_what_does_not_apply_is_shown_and_not_counted() -> None:
    from steadyhand.evaluate.verdict import verdict
    from tests.evaluate.test_verdict import label_of

    found = measured(reviews(150, None), label_of)
    data = page_of(found, verdict(found, found))
    assert banner(data, EN).sentence.startswith("All 4 checks hold")
    assert "the domain has no tools" in render_html(data, EN, {})
    assert "该领域没有工具" in render_html(data, ZH, {})
