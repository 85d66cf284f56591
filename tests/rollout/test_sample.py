from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from steadyhand.errors import DomainError, PrerequisiteError
from steadyhand.rollout.sample import answers_of, draw, judged, whole


def row(number: int, tool: str, flag: str = "") -> dict[str, Any]:
    one = {"at": f"2026-01-{1 + number % 28:02}", "arm": "candidate", "tool": tool, "n": number, "request": {}}
    return one | ({"flag": flag} if flag else {})


ROWS = [
    *(row(number, "query") for number in range(900)), *(row(number, "hold") for number in range(100)),
    *(row(number, "query", "refused: no JSON") for number in range(7)), row(1, "none"),
]  # fmt: skip


def test_every_flagged_answer_and_an_even_part_of_the_rest() -> None:
    sample = draw(ROWS, 60, 1)
    assert (len(sample.flagged), len(sample.drawn), sample.rest) == (7, 60, 1001)
    tools = Counter(one["tool"] for one in sample.drawn)
    assert tools["query"] in (53, 54, 55)
    assert tools["hold"] in (5, 6, 7)
    assert len({(one["tool"], one["n"]) for one in sample.drawn}) == 60  # nothing twice
    assert sample.strata["query", "refused"] == (7, 7)
    assert ("none", "ok") in sample.unseen or sample.strata["none", "ok"] == (1, 1)


def test_the_same_seed_draws_the_same_and_each_answer_has_the_same_chance() -> None:
    assert draw(ROWS, 60, 1) == draw(ROWS, 60, 1)
    assert draw(ROWS, 60, 1).drawn != draw(ROWS, 60, 2).drawn
    counts = Counter(one["n"] for seed in range(400) for one in draw(ROWS[900:1000], 10, seed).drawn)
    assert min(counts.values()) > 15
    assert max(counts.values()) < 80


def test_it_says_what_so_many_can_show() -> None:
    told = draw(ROWS, 60, 1).can_show()
    assert told[0] == "0 bad of 60: at most 4.9 % of the answers without a flag"
    assert "fewer than 1.1 %" in told[-1]
    assert "nothing was drawn" in draw(ROWS, 0, 1).can_show()[0]
    assert len(draw(ROWS[:3], 60, 1).drawn) == 3


def test_what_people_found(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    rows = [row(number, "query") | {"bad": False} for number in range(58)]
    rows += [row(1, "query") | {"bad": True}, row(2, "query") | {"bad": None}, row(3, "query", "empty") | {"bad": True}]
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    found = judged(path)
    assert (found.bad, found.seen, found.flagged_bad, found.flagged_seen, found.open) == (1, 59, 1, 1, 1)
    assert found.sentences()[0].startswith("1 bad of 59: at most 7.8 %")
    path.write_text(json.dumps(row(1, "query") | {"bad": "yes"}), "utf-8")
    with pytest.raises(DomainError, match="'yes'"):
        judged(path)


def test_answers_of_one_model_since_a_day(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row(number, "query")) + "\n" for number in range(28)) + '{"torn', "utf-8")
    rows, torn = answers_of([path, tmp_path / "compared.jsonl"], "candidate", "2026-01-20")
    assert (len(rows), torn) == (9, 1)
    assert [whole(one)["n"] for one in rows] == [*range(19, 28)]
    with pytest.raises(PrerequisiteError, match="no answer of the incumbent"):
        answers_of([path], "incumbent")
