"""`steady badcases`: from a list to a decision and back, over runs, into a file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from steadyhand.badcases.export import COLUMNS
from steadyhand.chat.messages import ToolCall
from tests.badcases.logs.rows import call, openai, put_rows
from tests.badcases.world import ASKED, QUERY, REPORT, RESULT, measured, reported, saved, written
from tests.cli.test_run import result, steady
from tests.domain.folder import put
from tests.evaluate.world import THINK

WRONG = {
    ASKED: written(ToolCall("query", {"uri": "good.example", "day": 30})),
    RESULT: THINK + "=1+1 is what I say.",
    "USS en 3?": THINK + "USS is a bus.",
}
BY = ("--by", "mei")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    home = tmp_path / "runs" / "memory"
    reported(home, "a" * 64, 1, measured({ASKED: THINK + "Let me see."}))
    return reported(home, "b" * 64, 2, measured(WRONG))


def test_a_run_lists_its_groups_and_what_helps(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown, told = steady(capsys, "badcases", run)
    assert "argument_mixed_up  query query.uri  (1 open)" in shown
    assert "groups with the neighbor value rejected" in shown
    assert told.startswith("3 cases of dpo in bbbbbbbb")
    found = result(capsys, "badcases", run)
    assert found["counts"] == {"argument_mixed_up": 1, "missed_call": 1, "drift": 1}
    assert (found["model"], found["scenarios_failed"], found["states"]) == ("dpo", 1, {"open": 3})
    assert "取错上下文中的值" in steady(capsys, "badcases", run, "--lang", "zh")[0]
    assert steady(capsys, "badcases", run, "--model", "base")[0] == ""


def test_filters(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, subjects in (
        (("--category", "drift"), ["a-en-3"]),
        (("--tool", "report"), ["s1#3"]),
        (("--tool", "query", "--tool", "report"), ["s1#1", "s1#3"]),
        (("--source", "gate"), []),
    ):
        assert [case["subject"] for case in result(capsys, "badcases", run, *words)["cases"]] == subjects
    error = result(capsys, "badcases", run, "--category", "drit", code=2)["error"]
    assert (error["what"], error["next"]) == ("no category 'drit'", "did you mean 'drift'?")


def test_a_decision_about_a_group_and_its_way_back(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    group = next(g for g in result(capsys, "badcases", run)["groups"] if g["category"] == "missed_call")
    made = result(capsys, "badcases", "decide", run, group["id"], "confirm", *BY, "--because", "silent again")
    assert (made["n"], made["by"], list(made["cases"])) == (0, "mei", group["cases"])
    assert result(capsys, "badcases", run)["states"] == {"open": 2, "confirm": 1}
    assert [case["subject"] for case in result(capsys, "badcases", run, "--open")["cases"]] == ["s1#1", "a-en-3"]
    error = result(capsys, "badcases", "decide", run, group["cases"][0], "dismiss", "--by", "li", code=2)["error"]
    assert error["what"].startswith("mei decided it already: confirm")
    steady(capsys, "badcases", "take-back", run, "0", *BY)
    assert result(capsys, "badcases", run)["states"] == {"open": 3}
    shown, _ = steady(capsys, "badcases", "decisions", run)
    assert [line.split()[3] for line in shown.splitlines()] == ["confirm", "take_back"]
    assert (run / "badcases" / "decisions.jsonl").is_file()


def test_a_person_knows_better_than_the_rules(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = next(c for c in result(capsys, "badcases", run)["cases"] if c["category"] == "missed_call")
    steady(capsys, "badcases", "decide", run, case["id"][:8], "confirm", *BY, "--as", "fabricated_result")
    (again,) = result(capsys, "badcases", run, "--category", "fabricated_result")["cases"]
    assert (again["id"], again["by_rule"], again["action"]) == (case["id"], "missed_call", "groups")
    assert result(capsys, "badcases", "decide", run, "c-", "confirm", *BY, code=2)["error"]["what"].startswith(
        "no case"
    )
    error = result(capsys, "badcases", "decide", run, case["id"], "confirm", "--as", "lie", "--again", code=2)["error"]
    assert error["what"] == "no category 'lie'"


def test_a_fix_holds_the_right_answer(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = next(c for c in result(capsys, "badcases", run)["cases"] if c["category"] == "drift")
    right = {"role": "assistant", "content": "USS is a service."}
    put(tmp_path, "right.json", json.dumps(right))
    words = ("badcases", "decide", run, case["id"], "fix", *BY)
    assert "needs a correction" in result(capsys, *words, code=2)["error"]["what"]
    made = result(capsys, *words, "--correction", tmp_path / "right.json")
    assert made["correction"] == right
    put(tmp_path, "wrong.json", json.dumps({"role": "assistant", "say": "x"}))
    assert "say" in result(capsys, *words, "--again", "--correction", tmp_path / "wrong.json", code=2)["error"]["what"]


def test_export_is_whole_and_no_cell_is_a_formula(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steady(capsys, "badcases", run, "--export", tmp_path / "all.csv")
    steady(capsys, "badcases", run, "--export", tmp_path / "all.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text("utf-8").splitlines()]
    assert rows == result(capsys, "badcases", run)["cases"]
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    assert [row["id"] for row in table] == [row["id"] for row in rows]
    assert not [cell for row in table for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert (
        "not written here" in result(capsys, "badcases", run, "--export", tmp_path / "a.xls", code=2)["error"]["what"]
    )


def test_trend_and_stubborn_over_the_runs_of_a_folder(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown, _ = steady(capsys, "badcases", "trend", run)
    assert shown.splitlines()[0].startswith("run 1: aaaaaaaa  2026-01-01T08:00:00  1 cases in ")
    assert [line.split()[:3] for line in shown.splitlines()[2:]] == [
        ["missed_call", "1", "1"], ["argument_mixed_up", "0", "1"], ["drift", "0", "1"],
    ]  # fmt: skip
    found = result(capsys, "badcases", "stubborn", run, code=1)
    assert [(one["tool"], one["failed"], one["advice"]) for one in found["stubborn"]] == [
        ("query", [1, 1], "semantics")
    ]
    assert "back to SFT: field semantics" in steady(capsys, "badcases", "stubborn", run, code=1)[0]
    steady(capsys, "badcases", "stubborn", run, "--runs", "3")


def test_a_saved_evaluation_and_a_domain_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(tmp_path / "e.json", measured(WRONG))
    own = "categories: [{id: bus, name: Takes it for a bus, when: {suite: anchoring, got: bus}}]"
    put(tmp_path, "mine/badcases.yaml", own)
    found = result(capsys, "badcases", file, "--domain", tmp_path / "mine")
    assert found["counts"]["bus"] == 1
    case = next(case for case in found["cases"] if case["category"] == "bus")
    shown, _ = steady(capsys, "badcases", "show", file, case["id"], "--domain", tmp_path / "mine")
    assert "Takes it for a bus" not in shown
    assert "bus" in shown.splitlines()[0]
    assert "  question  USS en 3?" in shown
    error = result(capsys, "badcases", tmp_path / "no.json", code=3)["error"]
    assert error["what"] == "no such run or evaluation"


def test_a_log_becomes_a_group(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "d"
    for tool in (QUERY, REPORT):
        put(home, f"tools/{tool.name}.json", json.dumps(tool.to_openai()))
    log = put_rows(tmp_path / "log.jsonl", [{**openai(), "latency": 3}, {"hello": 1}])
    assert "not read: latency (1 rows)" in steady(capsys, "badcases", log)[1]
    found = result(capsys, "badcases", log, "--domain", home)
    assert (found["model"], found["counts"]) == ("log", {"schema_violation": 1})
    assert (found["answers"], found["ignored"]) == (1, {"latency": 1})
    assert found["unread"] == {"a row of no format that is read here": 1}
    words = ("badcases", "groups", log, "--domain", home)
    _, told = steady(capsys, *words, code=1)
    assert "nothing made of 1: nobody said what would be right" in told
    assert "left out: 1: a row of no format that is read here" in told
    right = {"role": "assistant", "content": "", "tool_calls": [call(arguments={"uri": "evil.example", "day": 30})]}
    put(tmp_path, "right.json", json.dumps(right))
    fix = ("decide", log, found["cases"][0]["id"], "fix", "--correction", tmp_path / "right.json", *BY)
    steady(capsys, "badcases", *fix, "--domain", home)
    made = result(capsys, *words)
    assert [name.removeprefix("badcase-") for name in made["groups"]] == [found["cases"][0]["id"].removeprefix("c-")]
    assert "0 errors" in steady(capsys, "check", home, "--select", "P206,P207,C104")[0]
    row = json.loads((home / "preferences" / "badcases.jsonl").read_text("utf-8"))
    put(home, "preferences/badcases.jsonl", json.dumps({**row, "prompt": "Something else?"}) + "\n")
    error = result(capsys, "check", home, code=2)["error"]
    assert "the worse answer was given in" in error["what"]
    assert result(capsys, "badcases", "decisions", log)["decisions"][0]["word"] == "fix"
