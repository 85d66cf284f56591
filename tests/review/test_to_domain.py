"""Decisions as rows of a domain folder, each read back as the folder's loader reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from steadyhand.datasets.folder import read_judged
from steadyhand.errors import UsageError
from steadyhand.review.session import ReviewSession
from steadyhand.review.to_domain import domain_rows, write_rows
from tests.review.rows import ANSWERS, COMPARISONS, GOOD

TOOL = {
    "name": "find",
    "description": "finds",
    "parameters": {"type": "object", "properties": {"q": {"type": "string"}}},
}
CALLED = {
    "messages": [
        {"role": "user", "content": "find x"},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "find", "arguments": {"q": "y"}}}]},
    ],
    "tools": [{"type": "function", "function": TOOL}],
}


def reviewed(path: Path, rows: list[Any], *decisions: dict[str, Any]) -> ReviewSession:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    session = ReviewSession(path)
    assert not session.apply([{"by": "mei", **one} for one in decisions]).left
    return session


def test_groups_carry_their_source_and_state(tmp_path: Path) -> None:
    session = reviewed(
        tmp_path / "in.jsonl",
        [COMPARISONS["texts"], ANSWERS["openai"], {"prompt": "c", "chosen": "d", "rejected": "e"}],
        {"row": 1, "word": "rejected", "because": "honest", "category": "tone"},
        {"row": 2, "word": "fix", "correction": "31 m."},
        {"row": 3, "word": "tie"},
    )
    made = domain_rows(session.file, session.states(), "groups")
    write_rows(made, "groups", tmp_path / "preferences" / "review.jsonl")
    read = read_judged(tmp_path / "preferences" / "review.jsonl")
    assert [row.chosen.content for row in read if row.chosen] == ["No idea.", "31 m."]
    assert [row.rejected[0].content for row in read] == [GOOD, GOOD]
    assert all(row["source"].startswith("badcase/r-") for row in made.rows)
    assert dict(read[0].why) == {"category": "tone", "cause": "honest"}
    assert made.left == {"`tie` prefers no answer to another": 1}


def test_cards_and_scenarios(tmp_path: Path) -> None:
    session = reviewed(
        tmp_path / "in.jsonl",
        [ANSWERS["openai"], CALLED],
        {"row": 1, "word": "accept"},
        {
            "row": 2,
            "word": "fix",
            "correction": {"tool_calls": [{"function": {"name": "find", "arguments": {"q": "x"}}}]},
        },
    )
    cards = domain_rows(session.file, session.states(), "cards", "towers")
    assert [(row["point"], row["a"]) for row in cards.rows] == [("towers", GOOD)]
    assert list(cards.left) == ["it has to do with tools: make it a scenario or a group"]
    write_rows(cards, "cards", tmp_path / "cards.jsonl")
    scenarios = domain_rows(session.file, session.states(), "scenarios")
    write_rows(scenarios, "scenarios", tmp_path / "scenarios.jsonl")
    assert scenarios.rows[1]["messages"][-1]["calls"] == [{"name": "find", "arguments": {"q": "x"}}]


def test_a_second_export_replaces_its_own_rows_and_refuses_others(tmp_path: Path) -> None:
    session = reviewed(tmp_path / "in.jsonl", [ANSWERS["openai"]], {"row": 1, "word": "accept"})
    made = domain_rows(session.file, session.states(), "cards")
    for _ in range(2):
        write_rows(made, "cards", tmp_path / "cards.jsonl")
    assert len((tmp_path / "cards.jsonl").read_text("utf-8").splitlines()) == 1
    (tmp_path / "mine.jsonl").write_text('{"point": "p", "id": "c", "q": "a", "a": "b"}\n', "utf-8")
    with pytest.raises(UsageError, match="not made of decisions"):
        write_rows(made, "cards", tmp_path / "mine.jsonl")


def test_disputed_rows_make_nothing(tmp_path: Path) -> None:
    session = reviewed(tmp_path / "in.jsonl", [ANSWERS["openai"]], {"row": 1, "word": "accept"})
    session.decide(session.file.items[0].version, "ravi", "reject", because="wrong", again=True)
    made = domain_rows(session.file, session.states(), "cards")
    assert (made.rows, list(made.left)) == ([], ["people disagree about it: settle it first"])
    assert domain_rows(session.file, session.states("mei"), "cards").rows
