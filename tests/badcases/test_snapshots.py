"""Runs, folders of runs and saved evaluations as snapshots: their order, what is left out and why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.badcases.snapshots import read
from steadyhand.errors import PrerequisiteError, UsageError
from tests.badcases.world import domain, measured, reported, saved


def test_the_runs_of_a_folder_come_oldest_first_each_once(tmp_path: Path) -> None:
    home = tmp_path / "memory"
    for key, day in (("b" * 64, 2), ("a" * 64, 3), ("c" * 64, 1)):
        reported(home, key, day, measured())
    found = read(home)
    assert [one.name for one in found.snapshots] == ["c" * 8, "b" * 8, "a" * 8]
    assert found.last.tuned == "dpo"
    assert not found.unread
    assert read(tmp_path).last.name == "memory/aaaaaaaa"
    (home / "model").mkdir()
    assert read(home / "model").last.name == "a" * 8


def test_a_run_that_a_gate_ended_is_there_too(tmp_path: Path) -> None:
    """Its page stands in report/ and in no artifact."""
    home = reported(tmp_path, "a" * 64, 1, measured())
    reported(home, "b" * 64, 2, measured())
    (home / "artifacts" / ("b" * 64) / "report.json").unlink()
    assert [one.name for one in read(home).snapshots] == ["a" * 8, "b" * 8]


def test_saved_evaluations_are_snapshots(tmp_path: Path) -> None:
    file = saved(tmp_path / "two.json", measured(model="m2"))
    saved(tmp_path / "one.json", measured(model="m1"))
    assert [(one.name, one.tuned) for one in read(tmp_path).snapshots] == [("one", "m1"), ("two", "m2")]
    assert read(file).last.tuned == "m2"


def test_what_is_left_out_is_counted_with_its_reason(tmp_path: Path) -> None:
    saved(tmp_path / "one.json", measured())
    (tmp_path / "notes.json").write_text("{}", "utf-8")
    old = json.loads((tmp_path / "one.json").read_text("utf-8")) | {"version": 1}
    (tmp_path / "old.json").write_text(json.dumps(old), "utf-8")
    saved(tmp_path / "also.json", measured(of=replace(domain(), name="other")))
    found = read(tmp_path)
    assert [one.name for one in found.snapshots] == ["one"]
    assert sorted(found.unread.values()) == [1, 1, 1]
    assert any("another domain (other)" in what for what in found.unread)
    assert any("version 1" in what for what in found.unread)


def test_nothing_to_read_is_an_error_that_says_what_to_name(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no"):
        with pytest.raises(PrerequisiteError) as caught:
            read(path)
        assert caught.value.next
    (tmp_path / "x.json").write_text('{"version": 2}', "utf-8")
    with pytest.raises(UsageError, match="not a saved evaluation"):
        read(tmp_path / "x.json")
