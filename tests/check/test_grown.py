"""The rows that the speed of `steady check` is measured on are rows: distinct, readable, the same at every run."""

from __future__ import annotations

from pathlib import Path

from bench.grown import lines, rows_of
from steadyhand.check.lint import lint_files
from steadyhand.check.rules import selected
from steadyhand.datasets.convert import read_dialogues
from tests.corpora import corpus


def test_grown_rows_are_distinct_readable_and_a_fixed_share_are_near_copies(tmp_path: Path) -> None:
    names = ("alpaca_zh_demo", "glaive_toolcall_zh_demo")
    rows = rows_of([corpus(f"llamafactory/{name}.json") for name in names])
    made = list(lines(rows, 1200))
    assert made == [*lines(rows, 1200)]
    assert len(set(made)) == len(made)
    path = tmp_path / "rows.jsonl"
    shares = []
    for count in (400, 1200):
        path.write_text("".join(made[:count]), encoding="utf-8")
        report = lint_files([read_dialogues(path, preferences=True)], selected(["N"], []), workers=1)
        assert (report.rows, report.unusable) == (count, 0)
        shares.append(len({found.place.line for found in report.findings}) / count)
    assert all(0.01 < share < 0.05 for share in shares)
