"""Files as people have them: each comes in by one command, nothing is dropped, and what is held out is judged."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from steadyhand.chat.messages import Message, Tool
from steadyhand.check import check
from steadyhand.cli import main
from steadyhand.datasets.folder import load
from steadyhand.domain.model import Domain
from steadyhand.evaluate.run import evaluate
from steadyhand.pairs.build import build_groups
from steadyhand.report.data import ReportData
from steadyhand.report.tiles import tiles
from steadyhand.settings.model import EvalSettings
from tests.corpora import SHARED
from tests.evaluate.world import Scripted

USERS = Path(os.environ.get("STEADYHAND_USERS", SHARED / "users"))
if not USERS.is_dir():
    pytest.skip("the users' files are not here; set STEADYHAND_USERS to their folder", allow_module_level=True)
FAST = EvalSettings(determinism_items=0)
RED = "guaranteed|for sure|I promise|best product|any fee|保本|稳赚|百分之百|绝对|肯定划算|全国最好|没有任何费用"


def rows(name: str) -> list[dict[str, str]]:
    with (USERS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def brought(capsys: pytest.CaptureFixture[str], folder: Path, name: str, *words: str) -> tuple[Domain, Any]:
    assert main(["import", str(USERS / name), "--to", str(folder), *words, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["total"] == len(rows(name))
    assert summary["cards"] + summary["train"] + summary["eval"] + summary["judged"] == summary["total"]
    assert summary["rejects"] == 0
    domain = load(folder)
    assert [finding for finding in check(domain) if finding.severity == "error"] == []
    sides: dict[str, set[str]] = {"train": set(), "eval": set()}
    for scenario in domain.scenarios:
        sides[scenario.split].add(scenario.group)
    assert sides["eval"]
    assert not sides["train"] & sides["eval"]
    return domain, summary


def write(messages: tuple[Message, ...], tools: tuple[Tool, ...], target: Message) -> str:
    return target.content


def test_reviews_are_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    domain, summary = brought(capsys, tmp_path / "d", "reviews.csv", "--map", "user=comment", "--map", "answer=label")
    assert summary["checks"] == {"label": "label"}
    assert summary["train"] + summary["eval"] == summary["total"]
    assert Counter(scenario.messages[-1].content for scenario in domain.scenarios) == Counter(
        row["label"] for row in rows("reviews.csv")
    )
    assert all(name in domain.system for name in ("praise", "complaint", "mixed"))
    found = evaluate(Scripted(lambda _: "I think it is fine."), domain, model="base", settings=FAST)
    first = tiles(ReportData("d", "now", {"base": found}))[0]
    assert (first.name, first.counts["base"]) == ("check.label", (0, summary["eval"]))


def test_queries_run_on_the_database_that_came_with_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--map", "user=question", "--map", "answer=sql", "--check", f"exec_sql:{USERS / 'shop.db'}")
    domain, summary = brought(capsys, tmp_path / "d", "sql_pairs.csv", *words)
    assert summary["checks"] == {"rows": "exec_sql"}
    assert "CREATE TABLE" in domain.system
    assert (tmp_path / "d" / "shop.db").read_bytes() == (USERS / "shop.db").read_bytes()
    gold = {scenario.messages[-2].content: scenario.messages[-1].content for scenario in domain.scenarios}
    right = evaluate(Scripted(lambda p: gold[p.messages[-1].content]), domain, model="m", settings=FAST)
    wrong = evaluate(Scripted(lambda _: "SELECT 1"), domain, model="m", settings=FAST)
    assert right.metrics["rows"].value == 1
    assert wrong.metrics["rows"].k == 0


def test_wording_pairs_become_groups_with_the_given_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--check", f"red=rules:{RED}", "--check", "helps=says")
    domain, summary = brought(capsys, tmp_path / "d", "wording_pairs.csv", *words)
    assert (summary["judged"], summary["uncompared"]) == (len(rows("wording_pairs.csv")), 0)
    training = [one for one in domain.comparisons if one.split == "train"]
    groups = build_groups(domain, [], write, k=3, seed=0)
    assert len(groups) == len(training) == summary["compared_train"]
    given = {one.id: one.rejected[0].content for one in training}
    firsts = {group.id.rpartition("#")[0]: group.rejected[0] for group in groups}
    assert {id: one.text for id, one in firsts.items()} == given
    assert {one.origin for one in firsts.values()} == {"given"}


def test_a_model_that_always_refuses_crosses_no_line_and_does_not_help(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--check", f"red=rules:{RED}", "--check", "helps=says")
    domain, _ = brought(capsys, tmp_path / "d", "wording_pairs.csv", *words)

    def refuse(prompt: object) -> str:
        return "抱歉，这个问题我不能回答。" if "吗" in str(prompt) else "I cannot help with that."

    found = evaluate(Scripted(refuse), domain, model="m", settings=FAST).metrics
    assert found["red"].value == 1
    assert found["helps"].k == 0
    assert found["scenario_pass"].k == 0


def test_bad_cases_keep_their_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--map", "dialogue=dialogue", "--map", "chosen=better_reply", "--map", "rejected=bad_reply")
    why = ("--why", "category", "--why", "cause", "--why", "remedy", "--check", "says")
    domain, _ = brought(capsys, tmp_path / "d", "sales_badcases.csv", *words, *why)
    assert Counter(tuple(one.why.values()) for one in domain.comparisons) == Counter(
        (row["category"], row["cause"], row["remedy"]) for row in rows("sales_badcases.csv")
    )
    turns = Counter(len(one.messages) - 1 for one in domain.comparisons)  # without the answer
    assert turns == Counter(row["dialogue"].count("\n") + 1 for row in rows("sales_badcases.csv"))
    assert all(
        m.role == ("user", "assistant")[at % 2] for one in domain.comparisons for at, m in enumerate(one.messages)
    )
    modes = {one.mode for group in build_groups(domain, [], write, k=1, seed=0) for one in group.rejected}
    assert modes <= {row["category"] for row in rows("sales_badcases.csv")}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("reviews.csv", "--map user=comment --map answer=label --check label"),
        ("sql_pairs.csv", f"--map user=question --map answer=sql --check exec_sql:{USERS / 'shop.db'}"),
        (
            "sales_badcases.csv",
            "--map dialogue=dialogue --map chosen=better_reply --map rejected=bad_reply "
            "--why category=category --why cause=cause --why remedy=remedy --check says",
        ),
    ],
)
def test_without_a_map_the_message_is_a_command_to_type(
    name: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(USERS / name), "--to", str(tmp_path / "d")]) == 2
    assert f"steady import {USERS / name} --to {tmp_path / 'd'} {told}" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_queries_without_a_database_are_not_taken_for_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["import", str(USERS / "sql_pairs.csv"), "--to", str(tmp_path / "d")]
    assert main([*words, "--map", "user=question", "--map", "answer=sql"]) == 2
    assert f"--check exec_sql:{USERS / 'shop.db'}" in capsys.readouterr().err
