from __future__ import annotations

import json
from html import unescape
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from steadyhand.report.catalog import load_catalog
from steadyhand.report.roi import markdown_roi, render_roi, write_roi
from steadyhand.roi.fields import FIELDS
from steadyhand.roi.inputs import MeasuredInput, parse_costs
from steadyhand.roi.result import roi
from steadyhand.text.shingles import Language

EXAMPLE = resources.files("steadyhand.roi").joinpath("example.toml").read_text("utf-8")
EVIL = "<script>alert(1)</script>"


def none(path: Path, measure: str, model: str) -> MeasuredInput:
    raise AssertionError


def found(text: str = EXAMPLE) -> dict[str, Any]:
    return roi(parse_costs(text, Path("roi.toml"), none), "2026-01-02T03:04+00:00")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_draws_its_figures_has_them_as_tables_and_runs_nothing(language: Language) -> None:
    row = found()
    row["inputs"][3]["source"] = row["name"] = EVIL
    t = load_catalog(language)
    page = render_roi(row, t, {"en": "x.html"})
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    assert page.count("<svg") == 2
    assert page.count("<rect") == 24  # twelve numbers, two ends
    for one in row["inputs"]:
        assert t(f"roi.field.{one['name'].partition('.')[2]}") in unescape(page)
    text = markdown_roi(row, t)
    assert text.count("\n| ") > len(row["inputs"])
    assert "<script" not in text.replace("\\<", "")


def test_a_way_that_does_not_pay_says_so() -> None:
    row = found(EXAMPLE.replace("labeling_hours = {value = 120", "labeling_hours = {value = 900000").replace(
        "low = 60, high = 300", "low = 60, high = 1000000"))  # fmt: skip
    t = load_catalog("en")
    page = render_roi(row, t, {})
    assert not row["pays"]
    assert "Does not pay back" in page
    assert 'class="banner fail"' in page


def test_all_files_are_written_and_the_figures_are_the_same(tmp_path: Path) -> None:
    names = [path.name for path in write_roi(found(), tmp_path)]
    assert names == [f"roi-Security-reports-to-a-private-service{end}" for end in
                     (".html", ".zh.html", ".json", ".md", ".zh.md")]  # fmt: skip
    assert json.loads((tmp_path / names[2]).read_text("utf-8"))["net"] == found()["net"]


def test_every_number_and_unit_has_words() -> None:
    t = load_catalog("en")
    for fields in FIELDS.values():
        for name, field in fields.items():
            assert t(f"roi.field.{name}")
            assert t(f"roi.unit.{field.unit}", currency="EUR")
