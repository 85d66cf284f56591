from __future__ import annotations

from dataclasses import replace

import pytest

from steadyhand.ledger.result import Check, Metric, Verdict
from steadyhand.report.banner import banner, bar, value
from steadyhand.report.catalog import load_catalog
from steadyhand.report.compare import compare_names, compared
from steadyhand.report.data import ReportData
from steadyhand.report.determinism import determinism
from steadyhand.report.metrics import metric_rows, spec_of
from tests.report.sample import evaluation, gate, rate, report_data

EN, ZH = load_catalog("en"), load_catalog("zh")


def test_a_bar_is_shown_in_the_unit_of_its_metric() -> None:
    check = Check("tool_call_accuracy", ">= 0.97", "PASS", 0.98, 0.97, 0.99, 90, least=0.97)
    assert bar(check, EN) == "≥ 97.0 %"
    assert bar(Check("own", ">= 5", "PASS", 7.0, None, None, 3, least=5.0), EN) == "≥ 5"
    assert bar(Check("judged_answers", "all", "PASS", 1.0, None, None, 9), EN) == "all"


def test_rows_are_grouped_in_page_order_with_their_bars() -> None:
    groups = metric_rows(report_data())
    assert list(groups) == ["task", "tool", "answer", "knowledge", "other"]
    first = groups["tool"][0]
    assert (first.name, first.bar, first.axis) == ("tool_call_accuracy", 0.97, (0.0, 1.0))
    assert list(first.cells) == ["base", "sft", "dpo"]
    assert [row.name for row in groups["other"]] == ["answer_tokens"]
    assert not any(row.name.startswith("determinism") for rows in groups.values() for row in rows)


def test_name_and_args_accuracy_keep_each_models_own_n() -> None:
    rows = {row.name: row for row in metric_rows(report_data())["tool"]}
    assert [cell.n for cell in rows["tool_args_accuracy"].cells.values() if cell] == [96, 142, 278]


def test_unit_of_an_unlisted_metric_follows_its_evidence() -> None:
    assert spec_of("own", [Metric("own", 61.5, 4, None, None)]).unit == "number"
    assert spec_of("own", [Metric("own", 1.0, 4, None, None, k=4)]).unit == "rate"


def test_metric_missing_on_one_model_is_an_empty_cell() -> None:
    data = report_data()
    base = data.evaluations["base"]
    fewer = replace(base, metrics={name: one for name, one in base.metrics.items() if name != "scenario_pass"})
    rows = metric_rows(replace(data, evaluations={**data.evaluations, "base": fewer}))["task"]
    assert next(row for row in rows if row.name == "scenario_pass").cells["base"] is None


def test_banner_says_why_it_passes() -> None:
    found = banner(report_data("PASS"), EN)
    assert (found.word, found.symbol, found.label) == ("PASS", "✓", "PASS")
    assert found.sentence == "All 6 checks hold; the tightest is Response quality with 99.8 % (bar: ≥ 99.0 %)."


def test_banner_names_what_failed_and_what_is_missing() -> None:
    assert banner(report_data("FAIL"), EN).sentence == "1 of 6 checks fail: Tool-call accuracy 98.1 % (bar: ≥ 97.0 %)."
    assert "Tool-call accuracy (160 more cases needed)" in banner(report_data("INSUFFICIENT"), EN).sentence
    assert banner(report_data("INSUFFICIENT"), ZH).label == "证据不足"


def test_banner_names_three_and_counts_the_rest() -> None:
    checks = tuple(Check(f"m{i}", ">= 0.5", "FAIL", 0.1, None, None, 9) for i in range(5))
    sentence = banner(replace(report_data(), verdict=Verdict("FAIL", checks)), EN).sentence
    assert "m2" in sentence
    assert "m3" not in sentence
    assert "and 2 more" in sentence


def test_failed_gate_speaks_when_there_is_no_verdict() -> None:
    damaged = Verdict("FAIL", (Check("think_whole", ">= 0.97", "FAIL", 0.6, 0.5, 0.7, 90),))
    found = banner(replace(report_data(), verdict=None, gate=damaged), EN)
    assert (found.word, found.stopped) == ("FAIL", True)
    assert "60.0 %" in found.sentence
    assert banner(replace(report_data(), verdict=None, gate=gate()), EN).word == "NONE"
    assert banner(ReportData("d", "now"), EN).word == "NONE"


def test_noninferiority_check_reads_in_points() -> None:
    bar_of_three = "non-inferior to base at 3 points"
    knowledge = Check("general_knowledge_loss", bar_of_three, "PASS", -0.008, None, None, 120, margin=0.03)
    assert (value(knowledge, EN), bar(knowledge, EN)) == ("−0.8 points", "loses less than 3 points")
    assert bar(knowledge, ZH) == "损失小于 3 个百分点"
    assert value(replace(knowledge, value=None), EN) == "—"
    assert value(Check("own", ">= 5", "PASS", 7.0, None, None, 3), EN) == "7"


def test_comparison_rows() -> None:
    row = compared({"metric": "tool_call_accuracy", "a": 0.31, "b": 0.98, "n": 371, "p": 0.03, "p_holm": 0.06})
    assert (row.a, row.b, row.n, row.discordant, row.reading) == ("31.0 %", "98.0 %", "371", "—", "luck")
    assert compared({"metric": "m", "p": 0.01}).reading == "real"
    assert compared({"metric": "m", "a": "base", "discordant": [12, 3]}).discordant == "12 / 3"
    spread = {"metric": "m", "difference": 0.5, "low": 0.4, "high": 0.6}
    assert compared(spread).difference == "+50.0 [+40.0, +60.0]"
    assert compare_names(report_data(), ZH) == ("基座", "DPO")
    assert compare_names(ReportData("d", "now"), EN) == ("A", "B")


def test_determinism_rows_and_what_they_could_have_missed() -> None:
    found = determinism({"dpo": evaluation("dpo", n=4)}, ["dpo"])
    assert found is not None
    assert [(row.level, row.mode) for row in found.rows][:4] == [
        ("text", "all"),
        ("text", "sequential"),
        ("text", "batched"),
        ("calls", "all"),
    ]
    assert (found.runs, found.items) == (5, 40)
    assert found.missed == pytest.approx(0.95**5 + 0.05**5)
    assert found.hidden is not None
    assert (1 - found.hidden) ** (5 * 40) == pytest.approx(0.05, rel=0.01)


def test_determinism_without_runs_claims_nothing() -> None:
    one = evaluation("dpo", n=4)
    bare = replace(one, manifest={}, metrics={"determinism": rate("determinism", 9, 10)})
    found = determinism({"dpo": bare}, ["dpo"])
    assert found is not None
    assert (found.rows[0].level, found.rows[0].mode, found.runs, found.missed) == ("outcome", "all", None, None)
    assert determinism({"dpo": replace(one, metrics={})}, ["dpo"]) is None
