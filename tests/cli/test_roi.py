from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.ledger.result import Evaluation, Facts, Item


def test_the_example_runs_as_it_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roi", "--example"]) == 0
    file = tmp_path / "roi.toml"
    file.write_text(capsys.readouterr().out, "utf-8")
    assert main(["roi", str(file), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["pays"]
    assert all(Path(page).is_file() for page in row["report"])
    assert main(["roi", str(file), "--lang", "zh"]) == 0
    assert "个月节省" in capsys.readouterr().out


def test_a_pass_rate_comes_from_a_saved_evaluation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = tuple(
        Item(f"s{n}#0", "tool", f"s{n}", "en", "h", "", "stop", 40, n < 30, facts=Facts(scenario=f"s{n}"))
        for n in range(40)
    )
    (tmp_path / "tuned.json").write_text(json.dumps(Evaluation("dpo", "f" * 64, {}, items, {}).to_json()), "utf-8")
    main(["roi", "--example"])
    lines = capsys.readouterr().out.split("\n")
    at = [number for number, line in enumerate(lines) if line.startswith("first_pass")][1]
    lines[at] = 'first_pass = {run = "tuned.json"}'
    file = tmp_path / "roi.toml"
    file.write_text("\n".join(lines), "utf-8")
    assert main(["roi", str(file), "--json"]) == 0
    inputs = {one["name"]: one for one in json.loads(capsys.readouterr().out)["inputs"]}
    assert inputs["new.first_pass"]["value"] == 0.75
    assert inputs["new.first_pass"]["n"] == 40
    lines[at] = 'first_pass = {run = "tuned.json", model = "sft"}'
    file.write_text("\n".join(lines), "utf-8")
    assert main(["roi", str(file)]) == 3
    assert "no model 'sft' in this run" in capsys.readouterr().err


def test_a_cost_that_is_not_paid_back_is_exit_1_and_no_file_is_a_question(tmp_path: Path) -> None:
    assert main(["roi"]) == 2
    assert main(["roi", str(tmp_path / "none.toml")]) == 2
