"""A task in texts, from the command line: the embedded base, untrained, is never signed off against itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from steadyhand.ledger.result import Evaluation, Verdict
from steadyhand.report.catalog import load_catalog
from steadyhand.report.data import ReportData
from steadyhand.report.page import render_html
from steadyhand.report.tiles import tiles
from tests.cli.test_run import result, steady

ROWS = (
    ("The window did not close and the night was loud.", "complaint"),
    ("Friendly staff, and the soup came hot.", "praise"),
    ("A fine room, yet the lift was out of order.", "mixed"),
    ("床很舒服，早餐也新鲜。", "好评"),
    ("等了一个小时也没有人来。", "差评"),
    ("位置很好，只是隔壁太吵。", "中评"),
)


def domain(root: Path, *, judged: bool) -> Path:
    """What somebody writes who has comments and labels: no tools, no points, no probes."""
    rows = [
        {
            "id": f"r{number}",
            "split": "eval",
            "messages": [
                {"role": "user", "content": f"Label this review with one word: {comment}"},
                {"role": "assistant", "content": label} | ({"answer": {"must": [f"^{label}$"]}} if judged else {}),
            ],
        }
        for number, (comment, label) in enumerate(ROWS)
    ]
    (root / "scenarios").mkdir(parents=True)
    (root / "scenarios" / "reviews.yaml").write_text(yaml.safe_dump({"scenarios": rows}, allow_unicode=True), "utf-8")
    return root


@pytest.mark.parametrize(("judged", "word"), [(True, "FAIL"), (False, "INSUFFICIENT")])
def test_an_untrained_base_is_not_signed_off(
    judged: bool, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, saved = domain(tmp_path / "reviews", judged=judged), tmp_path / "base.json"
    quick = ("--set", "eval.determinism_items=2", "--set", "eval.determinism_runs=2", "--set", "sampling.max_tokens=64")
    result(capsys, "eval", "--model", "steady-nano", "--domain", folder, "--save", saved, *quick)
    found = result(capsys, "gate", saved, "--base", saved, "--domain", folder, code=1)
    assert found["word"] == word
    lines = steady(capsys, "gate", saved, "--base", saved, "--domain", folder, code=1)[0].splitlines()
    assert any(line.startswith("n/a ") and "tool_call_accuracy" in line for line in lines)
    if not judged:
        assert any("6 of 6 held-out answers are judged by nothing" in line for line in lines)
        told = steady(capsys, "compare", saved, saved)[1]
        assert "6 of 6 held-out answers are judged by nothing" in told
    evaluation = Evaluation.from_json(json.loads(saved.read_text("utf-8")))
    data = ReportData("reviews", "now", {"base": evaluation, "dpo": evaluation}, Verdict.from_json(found))
    assert tiles(data)[0].counts["dpo"] == (0, 6)
    assert "0 of 6" in render_html(data, load_catalog("en"), {})


def test_an_evaluation_of_an_older_version_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = {"model": "base", "fingerprint": "f", "metrics": {}, "items": [], "manifest": {}, "version": 1}
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old), "utf-8")
    for words in (("compare", path, path), ("gate", path, "--base", path)):
        error = result(capsys, *words, code=2)["error"]
        assert "an evaluation of version 1, not 2" in error["what"]
        assert error["where"] == str(path)
        assert "steady eval" in error["next"]
