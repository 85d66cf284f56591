from __future__ import annotations

from pathlib import Path

import pytest
from markupsafe import escape

from steadyhand.check.rules import RULES
from steadyhand.errors import JobError
from steadyhand.report.catalog import load_catalog
from steadyhand.report.lint import CueRow, LintData, Matrix, RuleFindings, histogram, render_lint, write_lint
from steadyhand.text.shingles import Language

EVIL = "<script>alert(1)</script>"
MATRIX = Matrix(("no_call", "needless_call"), {("search", "noisy"): [0, None], ("none", ""): [None, 4]}, True)
DATA = LintData(
    EVIL,
    "2026-01-02T03:04+00:00",
    {"rows": 1200, "errors": 1},
    (RuleFindings("S101", "error", RULES["S101"].titles, "why", 7, ((EVIL, "message", "next"),)),),
    (CueRow("calls", "please", "no call", 45, 1.0, 0.5, 6.7), CueRow("q", "level", "safe", 1, 1.0, 0.5, None)),
    (MATRIX,),
    {"prompts": {"prompt": [1, 0, 70]}, "judged": {"chosen": [], "rejected": []}},
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_what_it_was_given_and_runs_nothing(language: Language) -> None:
    page = render_lint(DATA, load_catalog(language), {"en": "x.html"})
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "script-src" not in page  # default-src 'none' forbids scripts
    for said in ("1,200", "S101", "message", "please", "+6.7", 'class="num hole"', "search"):
        assert said in page
    assert [str(escape(RULES["S101"].titles[name])) in page for name in ("en", "zh")] == [
        language == "en",
        language == "zh",
    ]


def test_a_hole_is_a_zero_that_could_be_filled() -> None:
    assert (MATRIX.empty, MATRIX.largest) == (1, 4)
    assert Matrix(MATRIX.columns, MATRIX.rows, False).empty == 0


def test_a_histogram_counts_by_powers_of_two() -> None:
    drawing = histogram({"chosen": [0, 1, 2, 3, 1500], "rejected": [3]}, load_catalog("en"), "t")
    for bar in ("chosen: 2 (1-1)", "chosen: 2 (2-3)", "chosen: 1 (1024-2047)", "rejected: 1 (2-3)"):
        assert bar in drawing
    assert drawing.count("<rect") == 4


def test_both_pages_are_written_and_link_each_other(tmp_path: Path) -> None:
    first, second = write_lint(DATA, tmp_path / "new" / "check.html")
    assert (first.name, second.name) == ("check.html", "check.zh.html")
    assert 'href="check.zh.html"' in first.read_text(encoding="utf-8")
    assert 'href="check.html"' in second.read_text(encoding="utf-8")
    with pytest.raises(JobError):
        write_lint(DATA, first / "check.html")
