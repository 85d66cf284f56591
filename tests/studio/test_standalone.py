"""A page as one file: everything that it shows, and nothing that could run, load or lead away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.studio.standalone import Rewriter
from tests.studio.filled import filled


def test_a_page_is_written_as_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = filled(tmp_path, n=8)
    project.close()
    words = ["report", str(project.out), "--domain", str(project.folder), "--json"]
    assert main([*words, "--page", "verdict", "--language", "zh"]) == 0
    (path,) = json.loads(capsys.readouterr().out)["report"]
    text = Path(path).read_text("utf-8")
    assert path.endswith("verdict.zh.html")
    assert "结论" in text
    assert "工具调用" in text or "98.1" in text
    assert text.index("Content-Security-Policy") < text.index("<body")
    for gone in ("<script", "<form", "<link", "csrf", 'href="/'):
        assert gone not in text, gone
    assert main([*words, "--page", "/evaluation/samples?outcome=failed"]) == 0
    made = Path(json.loads(capsys.readouterr().out)["report"][0])
    assert made.name == "evaluation-samples-outcome-failed.html"
    assert "&lt;script&gt;alert" in made.read_text("utf-8")
    assert main([*words, "--page", "none"]) == 2
    assert main([*words, "--page", "/none"]) == 2
    assert main([*words, "--page", "/evaluation/samples?model=none"]) == 4


def test_what_is_left_out_goes_with_all_in_it() -> None:
    text = (
        "<p>a &amp; b</p><form><p>x<input></form><script>1 < 2</script><a href='/x' class='c'>y</a><a href='#z'>z</a>"
    )
    assert Rewriter().of(text) == '<p>a &amp; b</p><a>y</a><a href="#z">z</a>'
