"""preferences/: any judged format, what a row says of itself, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.chat.messages import Json
from steadyhand.check import check
from steadyhand.datasets.folder import load
from steadyhand.domain import load as folders
from steadyhand.domain.model import Domain
from steadyhand.errors import DomainError

CHECKS = """\
checks:
  red: {kind: rules, never: [guaranteed]}
  helps: {kind: says}
preferences: {red: true, helps: true}
"""
PLAIN = {"prompt": "Is it safe?", "chosen": "It can fall in value.", "rejected": "Yes, guaranteed.", "split": "train"}
GOOD, BAD = {"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}
ASKED = {"role": "user", "content": "Is it safe?"}
FORMATS: list[Json] = [
    PLAIN,
    {"messages": [ASKED], "chosen": PLAIN["chosen"], "rejected": ["No.", "Yes."]},
    {"prompt": "Is it safe?", "chosen": [GOOD], "rejected": [BAD]},
    {"input": {"messages": [ASKED]}, "preferred_output": [GOOD], "non_preferred_output": [BAD]},
    {
        "conversations": [{"from": "human", "value": "Is it safe?"}],
        "chosen": {"from": "gpt", "value": "a"},
        "rejected": {"from": "gpt", "value": "b"},
    },
    {"messages": [ASKED, GOOD], "rejected_response": "b"},
]


def folder(tmp_path: Path, *rows: Json, checks: str = "") -> Path:
    (tmp_path / "preferences").mkdir(parents=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "preferences" / "p.jsonl").write_text(text, "utf-8")
    if checks:
        (tmp_path / "checks.yaml").write_text(checks, "utf-8")
    return tmp_path


def loaded(tmp_path: Path, *rows: Json, checks: str = "") -> Domain:
    return load(folder(tmp_path, *rows, checks=checks))


@pytest.mark.parametrize("row", FORMATS)
def test_any_judged_format_is_a_comparison(row: Json, tmp_path: Path) -> None:
    (found,) = loaded(tmp_path, {**row, "split": "eval", "group": "g", "why": "tone", "id": "x"}).comparisons
    assert (found.id, found.group, found.split, found.why) == ("x", "g", "eval", {"category": "tone"})
    assert [m.content for m in found.messages[:1]] == ["Is it safe?"]
    assert found.rejected


def test_the_checks_of_all_rows_or_of_one(tmp_path: Path) -> None:
    own = {**PLAIN, "answer": {"red": True}}
    first, second = loaded(tmp_path, PLAIN, own, checks=CHECKS).comparisons
    assert [[one.name for one in row.checks[1]] for row in (first, second)] == [["red", "helps"], ["red"]]


def test_earlier_turns_are_context(tmp_path: Path) -> None:
    turns = [{"role": role, "content": role} for role in ("user", "assistant", "user")]
    row = {"messages": turns, "chosen": "a", "rejected": "b", "split": "train", "lang": "zh"}
    (found,) = loaded(tmp_path, row).comparisons
    assert (found.unscored, found.lang) == (frozenset({1}), "zh")


def test_answers_judged_one_by_one_are_compared_where_they_meet_and_said_where_not(tmp_path: Path) -> None:
    one = {"prompt": "a?", "completion": "good", "label": True, "split": "train"}
    rows = [one, {**one, "completion": "bad", "label": False}, {**one, "prompt": "b?"}]
    domain = loaded(tmp_path, *rows)
    (found,) = domain.comparisons
    assert (found.messages[-1].content, [m.content for m in found.rejected]) == ("good", ["bad"])
    assert [place.line for place in domain.uncompared] == [3]
    assert [one.code for one in check(domain) if one.code == "P207"] == ["P207"]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"prompt": "a?", "chosen": "b", "rejected": "c"}, "trained on or held out"),
        ({**PLAIN, "whyy": "x"}, "unknown key 'whyy'"),
        ({**PLAIN, "why": {"caus": "x"}}, "unknown key 'caus'"),
        ({**PLAIN, "answer": {"read": True}}, "no check 'read'"),
        ({"prompt": "a?", "completion": "b"}, "judges no answer"),
        ({"prompt": "a?", "chosen": "b"}, "without 'rejected'"),
        ({**PLAIN, "tools": [{"name": "look"}]}, "no tool 'look'"),
        ({**PLAIN, "class": "odd"}, "odd"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(row: Json, what: str, tmp_path: Path) -> None:
    with pytest.raises(DomainError, match=what) as error:
        loaded(tmp_path, row, checks=CHECKS)
    assert "p.jsonl:1" in str(error.value.where)


def test_a_reader_without_preferences_never_passes_them_over(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="reads preferences"):
        folders.load(folder(tmp_path, PLAIN))


def test_a_pair_that_the_checks_contradict_is_a_finding(tmp_path: Path) -> None:
    crossed = {**PLAIN, "chosen": "It is guaranteed.", "rejected": "It can fall."}
    unseen = {**PLAIN, "prompt": "b?", "rejected": "It can fall in value, yes."}
    found = {one.code: one for one in check(loaded(tmp_path, crossed, unseen, checks=CHECKS)) if one.code[0] == "C"}
    assert found.keys() == {"C101", "C104"}
    assert found["C101"].severity == "error"
    assert "passes all that judges it (red, helps)" in found["C104"].message
