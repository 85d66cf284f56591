from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steadyhand.cli import main
from steadyhand.settings import resolve
from tests.domain.folder import SCENARIOS, make

ROWS = [
    {"instruction": "What is it?", "output": "A test.", "x": 1},
    {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "tools": '[{"name": "t"}]'},
    {"chosen": "a", "rejected": "b"},
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def result(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 0) -> Any:
    assert main([*map(str, words), "--json"]) == code
    out = json.loads(capsys.readouterr().out)
    assert out["version"] == 1
    return out


def test_init_makes_a_domain_that_checks_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    assert "steady.toml" in result(capsys, "init", folder)["files"]
    assert resolve(folder).settings == resolve().settings
    found = result(capsys, "check", folder)
    assert (found["errors"], found["warnings"]) == (0, 0)
    assert found["counts"]["points"] == 2
    assert main(["init", str(folder)]) == 2
    assert "not an empty folder" in capsys.readouterr().err


def test_check_groups_findings_by_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = SCENARIOS.replace("{uri: a.example}", "{url: a.example}")
    folder = make(tmp_path, scenarios=broken)
    assert main(["check", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "S101 error: an expected call does not fit its tool's schema (1)"
    assert f"  {folder}/scenarios/s.yaml:2:5: s1#1: query:" in out
    last = out.splitlines()[-1]
    assert last.startswith("1 errors, 4 warnings, 2 notes in 2 points, 2 cards, 1 tools, 1 training scenarios")
    assert err.startswith("next: steady check --explain K304 ")
    found = result(capsys, "check", folder, code=1)
    assert [f["code"] for f in found["findings"]] == ["D106", "D106", "K304", "K304", "K305", "S101", "S107"]


def test_warnings_are_findings_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert result(capsys, "check", make(tmp_path), "--select", "S", code=1)["warnings"] == 1
    assert result(capsys, "check", make(tmp_path / "again"), "--select", "S", "--ignore", "S107")["warnings"] == 0


def test_check_takes_a_data_set_file(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, "check", source, code=1)
    reject = next(f for f in found["findings"] if f["code"] == "R001")
    assert (reject["file"], reject["line"]) == (str(source), 3)
    assert "starts with the assistant" in reject["message"]


def test_check_says_where_a_folder_is_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make(tmp_path, scenarios="scenarios:\n\t- id: x\n")
    found = result(capsys, "check", folder, code=2)
    assert (found["error"]["line"], found["error"]["column"]) == (2, 1)
    result(capsys, "check", tmp_path / "nowhere", code=2)


def test_import_then_export(tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    summary = result(capsys, "import", source, "--to", folder)
    assert (summary["total"], summary["cards"], summary["train"] + summary["eval"], summary["rejects"]) == (3, 1, 1, 1)
    assert summary["ignored"] == {"x": 1}
    assert (folder / "rejects.jsonl").is_file()
    taught = resolve().settings.sft.model_copy(update={"scenarios": True, "epochs": 1, "learning_rate": 5e-5})
    assert resolve(folder).settings == resolve().settings.model_copy(update={"sft": taught})
    for form in ("openai", "sharegpt"):
        target = tmp_path / f"{form}.jsonl"
        out = result(capsys, "export", folder, "--to", target, "--format", form)
        assert (out["rows"], out["splits"]) == (2, {"train": 2})
        again = result(capsys, "import", target, "--to", tmp_path / form)
        assert (again["cards"], again["rejects"]) == (1, 0)


def test_import_speaks_to_a_person(tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(source), "--to", str(tmp_path / "new")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("3 rows: 1 cards, 1 training and 0 evaluation scenarios, 1 rejected; 1 tools")
    assert "not read: x (1 rows)" in err
    assert "2 answers to learn or to measure; 0 are context only" in out
    assert "rejects.jsonl" in err
    assert main(["import", str(source), "--to", str(tmp_path / "new")]) == 2
    assert main(["import", str(tmp_path / "none"), "--to", str(tmp_path / "other")]) == 3
    assert main(["import", str(source), "--to", str(tmp_path / "other"), "--format", "openai"]) == 2
    assert "no row could be used" in capsys.readouterr().err


def test_check_renders_with_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.tiny import tokenizer

    tokenizer().save_pretrained(tmp_path / "model")
    folder = make(tmp_path / "domain")
    (folder / "steady.toml").write_text("[sft]\nmax_length = 16\n", encoding="utf-8")
    assert main(["check", str(folder), "--model", str(tmp_path / "model"), "--json"]) == 1
    out = json.loads(capsys.readouterr().out)
    assert {f["code"] for f in out["findings"]} == {"D106", "K304", "K305", "S107", "T101", "T102"}


def test_check_writes_what_other_programs_read(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check", str(source), "--select", "R", "--format"]
    assert main([*words, "sarif"]) == 1
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"][0]["ruleId"] == "R001"
    assert main([*words, "github"]) == 1
    assert capsys.readouterr().out.startswith(f"::error file={source},line=3,")


def test_check_explains_a_rule_and_refuses_unknown_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--explain", "s101"]) == 0
    assert capsys.readouterr().out.startswith("# S101 call-breaks-schema (error)")
    for words in (["check"], ["check", "--explain", "S999"], ["check", "x", "--select", "nothing"]):
        assert main(words) == 2


def test_several_files_are_checked_together_but_a_folder_alone(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "more.jsonl"
    other.write_text(json.dumps(ROWS[1]) + "\n", encoding="utf-8")
    found = result(capsys, "check", source, other, "--select", "R", code=1)
    assert found["counts"] == {"files": 2, "unreadable": 0, "rows": 4, "records": 3, "unusable": 1}
    assert main(["check", str(source), str(make(tmp_path / "domain"))]) == 2
