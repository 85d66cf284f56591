from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.domain.coverage import Coverage, CoverageCell
from steadyhand.errors import JobError, UsageError
from steadyhand.report.catalog import load_catalog
from steadyhand.report.data import DatasetCounts, ReportData
from steadyhand.report.page import cell, flatten, moment, render_html, render_markdown
from steadyhand.report.write import write_report
from tests.report.sample import HOSTILE, evaluation, report_data

EN, ZH = load_catalog("en"), load_catalog("zh")
VOID = ("meta", "link", "br")


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(report_data(), EN, {"zh": "report.zh.html"})


def test_files_and_their_languages(tmp_path: Path) -> None:
    written = write_report(report_data(), tmp_path / "deep" / "folder")
    assert [path.name for path in written] == ["report.html", "report.zh.html", "report.json", "report.md"]
    assert '<html lang="en">' in written[0].read_text(encoding="utf-8")
    assert '<a href="report.html"' in written[1].read_text(encoding="utf-8")
    assert ReportData.from_json(json.loads(written[2].read_text(encoding="utf-8"))).domain == "uss"
    assert sorted(path.name for path in written[0].parent.iterdir()) == sorted(path.name for path in written)


def test_first_language_names_the_plain_file(tmp_path: Path) -> None:
    names = [path.name for path in write_report(report_data(), tmp_path, ("zh", "en"))]
    assert names == ["report.html", "report.en.html", "report.json", "report.md"]
    assert "通过" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert [path.name for path in write_report(report_data(), tmp_path / "one", ["en"])][:2] == [
        "report.html",
        "report.json",
    ]


def test_same_data_same_bytes(tmp_path: Path) -> None:
    for first, second in zip(
        write_report(report_data(), tmp_path / "a"), write_report(report_data(), tmp_path / "b"), strict=True
    ):
        assert first.read_bytes() == second.read_bytes()


def test_unknown_language_touches_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_report(report_data(), tmp_path / "x", ("fr",))
    assert not (tmp_path / "x").exists()


def test_unwritable_folder_is_a_job_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot be written"):
        write_report(report_data(), tmp_path / "file")


def test_lone_surrogates_do_not_stop_the_report(tmp_path: Path) -> None:
    base = evaluation("base", n=4)
    broken = replace(base, items=(replace(base.items[-1], raw="\ud83d broken"),))
    written = write_report(ReportData("d", "now", {"base": broken}), tmp_path)
    assert "? broken" in written[0].read_text(encoding="utf-8")


def test_model_output_is_escaped_everywhere(page: str) -> None:
    assert "&lt;script&gt;alert(&#34;owned&#34;)&lt;/script&gt;" in page
    assert "&lt;/tool_call&gt;" in page
    assert "<img" not in page
    assert "</tool_call>" not in page
    assert page.count("<script") == 2  # our own data block and our own few lines


def test_markup_in_every_text_field_is_escaped() -> None:
    base = evaluation("base", n=8)
    nasty = [
        replace(one, raw=HOSTILE, question=HOSTILE, expected=HOSTILE, id=f"{i}{HOSTILE}", code=HOSTILE)
        for i, one in enumerate(base.items)
    ]
    nasty = [replace(one, lang=HOSTILE, facts=replace(one.facts, tool=HOSTILE)) for one in nasty]
    evaluations = {stage: replace(base, items=tuple(nasty), manifest={HOSTILE: HOSTILE}) for stage in ("base", "dpo")}
    data = replace(
        report_data(), domain=HOSTILE, created=HOSTILE, evaluations=evaluations, manifest={HOSTILE: {HOSTILE: HOSTILE}}
    )
    hostile = Coverage((CoverageCell(HOSTILE, HOSTILE, HOSTILE, 1, True),))
    data = replace(data, seconds={HOSTILE: 1.0}, dataset=DatasetCounts(coverage=hostile, cards={HOSTILE: 2}))
    page = render_html(data, ZH, {})
    assert "<img" not in page
    assert page.count("<script") == 2


def test_embedded_json_cannot_close_its_block() -> None:
    page = render_html(replace(report_data(), domain="</script><script>alert(1)</script>"), EN, {})
    block = re.search(r'<script type="application/json" id="summary">(.*?)</script>', page, re.S)
    assert block is not None
    assert json.loads(block[1])["domain"] == "</script><script>alert(1)</script>"
    assert json.loads(block[1])["metrics"]["dpo"]["missed_rate"]["k"] == 1


def test_page_is_self_contained(page: str) -> None:
    loaded = re.findall(r"""(?:src|href)=["']([^"']*)""", page)
    assert [one for one in loaded if not one.startswith(("#", "data:")) and one != "report.zh.html"] == []
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_tags_are_balanced_and_anchors_lead_somewhere(page: str) -> None:
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    depth: list[str] = []
    for close, name, rest in re.findall(r"<(/?)([a-zA-Z][\w]*)([^>]*)>", body):
        if close:
            assert depth.pop() == name
        elif name not in VOID and not rest.endswith("/"):
            depth.append(name)
    assert depth == []
    targets = set(re.findall(r'href="#(\w+)"', page))
    assert targets <= set(re.findall(r'\bid="(\w+)"', page))
    assert len(targets) == 11


def test_numbers_on_the_page_carry_their_evidence(page: str) -> None:
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "31.0 % [24.8 – 38.0 %] n = 371 186 independent 1 unscored" in text
    assert "— n = 0 12 unscored" in text
    assert "about 30 % → 97-99 %" in text
    assert "Qwen3-8B in its own private domain" in text
    assert "2 of 10 turns pass" in text
    assert "4 of 251 shown" in text


def test_chinese_page_is_chinese() -> None:
    page = render_html(report_data("FAIL"), ZH, {"en": "report.html"})
    assert '<html lang="zh-CN">' in page
    assert "6 项检查中有 1 项不通过" in page
    shown = re.sub(r"<script\b.*?</script>", "", page, flags=re.S)
    for english in ("Before and after", "higher is better", "unscored", "Tool-call accuracy"):
        assert english not in shown


@pytest.mark.parametrize("stages", [(), ("base",), ("base", "sft"), ("dpo",), ("sft", "dpo")])
def test_any_subset_of_a_run_can_be_reported(stages: tuple[str, ...]) -> None:
    data = ReportData("d", "now", {stage: evaluation(stage, n=6) for stage in stages})
    for catalog in (EN, ZH):
        assert catalog("word.NONE") in render_html(data, catalog, {})
        assert catalog("word.NONE") in render_markdown(data, catalog)


def test_only_a_failed_gate(tmp_path: Path) -> None:
    full = report_data("FAIL")
    data = ReportData("d", "now", {"base": full.evaluations["base"]}, gate=full.verdict)
    assert "ended the run" in render_html(data, EN, {})


def test_markdown_tables_are_whole() -> None:
    text = render_markdown(report_data(), EN)
    assert text.startswith("# uss: ✓ PASS\n")
    tables = [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, re.M)]
    assert len(tables) == 5
    for table in tables:
        assert len({line.replace("\\|", "").count("|") for line in table}) == 1
        assert re.fullmatch(r"[|-]+", table[1])
    assert "31.0 % (24.8 – 38.0 %), n = 371, 1 unscored" in text
    assert "\n\n\n\n" not in text


def test_markdown_cells_cannot_break_out() -> None:
    assert cell("a|b\n<script>`x`") == "a\\|b \\<script\\>\\`x\\`"


def test_long_lists_in_the_manifest_show_their_length() -> None:
    leaves = dict(flatten({"seed": 7, "hashes": list(range(40)), "sft": {"rates": [1, 2]}, "empty": {}}))
    assert leaves == {"seed": "7", "hashes": "[40]", "sft.rates": "[1, 2]", "empty": "{}"}


def test_moment() -> None:
    assert moment("2026-11-21T11:40:00+00:00") == "2026-11-21 11:40 UTC"
    assert moment("2026-11-21T11:40:59") == "2026-11-21 11:40"
    assert moment("yesterday") == "yesterday"
