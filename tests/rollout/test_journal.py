"""A kill may come between any two bytes: whole rows are kept, half ones are counted, nothing is read twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.errors import DomainError
from steadyhand.rollout.journal import RolloutJournal


def test_rows_come_once_and_others_rows_too(tmp_path: Path) -> None:
    ours, theirs = (RolloutJournal(tmp_path / "j.jsonl") for _ in range(2))
    ours.append({"kind": "a"})
    assert [row["kind"] for row in ours.news()] == ["a"]
    theirs.append({"kind": "b"}, safe=True)
    assert [row["kind"] for row in ours.news()] == ["b"]
    assert list(ours.news()) == []
    assert [row["kind"] for row in theirs.news()] == ["a", "b"]


def test_a_file_cut_at_any_byte_keeps_every_whole_row(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    for number in range(3):
        RolloutJournal(path).append({"kind": "a", "n": number, "at": "2026-01-05T08:00:00+00:00"})
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        kept = sum(end <= cut for end in ends)
        assert [row["n"] for row in RolloutJournal(path).news()] == list(range(kept))
        RolloutJournal(path).append({"kind": "a", "n": 9})
        rows = list(RolloutJournal(path).news())
        assert [row["n"] for row in rows if row["kind"] == "a"] in ([*range(kept), 9], [*range(kept + 1), 9])
        assert sum(row["kind"] == "torn" for row in rows) <= 1


def test_a_line_that_is_no_row_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_text('{"kind": "a"}\n[1]\n', "utf-8")
    with pytest.raises(DomainError, match=r"j\.jsonl:2"):
        list(RolloutJournal(path).news())
    assert list(RolloutJournal(tmp_path / "none").news()) == []
