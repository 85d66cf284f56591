"""Accepting a missed bar: who, why, of what exactly; kept whole, taken back, never read from a changed file."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.errors import JobError, UsageError
from steadyhand.ledger.overrides import LONGEST, Overrides, told_of, unaccepted
from steadyhand.ledger.result import Check, Verdict

MISSED = Check("accuracy", ">= 0.97", "FAIL", 0.95, 0.9, 0.98, 100, least=0.97)
OPEN = Check("anchoring", ">= 0.9", "INSUFFICIENT", 0.9, 0.6, 1.0, 10, least=0.9)
PASSED = Check("quality", ">= 0.9", "PASS", 0.99, 0.95, 1.0, 100, least=0.9)
FOUND = Verdict("FAIL", (MISSED, OPEN, PASSED))


def test_an_override_holds_for_one_model_bar_and_value(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "overrides.jsonl"
    made = Overrides(path).accept("verdict", "9c0b", MISSED, "mei", " the pilot knows ")
    known = Overrides(path)
    held = known.of("verdict", "9c0b", FOUND)
    assert held == {"accuracy": made}
    assert told_of(held)["accuracy"]["because"] == "the pilot knows"
    assert unaccepted(FOUND, held) == [OPEN]
    other = Check("accuracy", ">= 0.97", "FAIL", 0.94, 0.9, 0.98, 100, least=0.97)
    assert not known.of("verdict", "9c0b", Verdict("FAIL", (other,)))
    assert not known.of("verdict", "other", FOUND)
    assert not known.of("gate", "9c0b", FOUND)
    assert not known.of("verdict", "9c0b", None)


def test_it_needs_a_missed_bar_and_a_reason_and_is_said_once(tmp_path: Path) -> None:
    known, second = Overrides(tmp_path / "o.jsonl"), Overrides(tmp_path / "o.jsonl")
    for check, because in ((PASSED, "x"), (MISSED, "  "), (MISSED, "x" * (LONGEST + 1))):
        with pytest.raises(UsageError):
            known.accept("verdict", "1", check, "mei", because)
    known.accept("verdict", "1", MISSED, "mei", "x")
    with pytest.raises(UsageError, match="mei accepted it already"):
        second.accept("verdict", "1", MISSED, "li", "y")  # who looked before it was written
    second.take_back(0, "li")
    with pytest.raises(UsageError, match="no override 0 stands"):
        known.take_back(0, "mei")
    assert Overrides(tmp_path / "o.jsonl").standing == []


def test_a_torn_line_is_cut_off_and_a_changed_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    Overrides(path).accept("verdict", "1", MISSED, "mei", "x")
    with path.open("ab") as file:
        file.write(b'{"n": 1, "by": ')
    Overrides(path).accept("verdict", "1", OPEN, "mei", "y")
    assert [one.metric for one in Overrides(path).standing] == ["accuracy", "anchoring"]
    path.write_bytes(path.read_bytes().replace(b'"n":1', b'"n":7'))
    with pytest.raises(JobError, match="a line is missing"):
        Overrides(path)
