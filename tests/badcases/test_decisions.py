"""Decisions: appended, taken back, bound to versions; two at once, a crash in the middle, a file changed by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from steadyhand.badcases.case import BadCase
from steadyhand.badcases.decisions import Decisions
from steadyhand.errors import JobError, UsageError

CASE = BadCase("evaluation", "s1#1", "missed_call", got="Hm.", tool="query")
OTHER = replace(CASE, subject="s2#1")
WRITER = """
import sys, itertools
from pathlib import Path
from steadyhand.badcases.case import BadCase
from steadyhand.badcases.decisions import Decisions
kept = Decisions(Path(sys.argv[1]))
for number in itertools.count():
    case = BadCase("evaluation", f"{sys.argv[2]}-{number}", "missed_call")
    kept.decide([case], "confirm", sys.argv[2], because="x" * 200)
    print(number, flush=True)
    if number == int(sys.argv[3]):
        break
"""


def kept(path: Path) -> Decisions:
    return Decisions(path / "d.jsonl", clock=lambda: datetime(2026, 1, 31, 8, tzinfo=UTC))


def test_a_decision_covers_its_cases_and_can_be_taken_back(tmp_path: Path) -> None:
    one = kept(tmp_path)
    made = one.decide([CASE, OTHER], "confirm", "mei", group=CASE.group, because="seen thrice")
    again = kept(tmp_path)
    for case in (CASE, OTHER):
        standing = again.standing(case)
        assert standing is not None
        assert (standing.decision, standing.stale) == (made, False)
    assert made.time == "2026-01-31T08:00:00+00:00"
    again.take_back(made.n, "li", "looked again")
    assert [kept(tmp_path).standing(case) for case in (CASE, OTHER)] == [None, None]
    assert [row.word for row in kept(tmp_path).all] == ["confirm", "take_back"]
    with pytest.raises(UsageError, match="already"):
        again.take_back(made.n, "li")
    with pytest.raises(UsageError, match="no decision 7"):
        again.take_back(7, "li")


def test_a_case_that_changed_since_is_open_again(tmp_path: Path) -> None:
    one = kept(tmp_path)
    one.decide([CASE], "dismiss", "mei")
    changed = replace(CASE, category="fabricated_result")
    assert changed.id == CASE.id
    standing = one.standing(changed)
    assert standing is not None
    assert standing.stale
    one.decide([changed], "confirm", "li")  # nothing in the way: it was never decided as it is now
    assert one.standing(changed).decision.by == "li"  # type: ignore[union-attr]


def test_the_second_of_two_people_is_told_and_nothing_is_overwritten(tmp_path: Path) -> None:
    first, second = kept(tmp_path), kept(tmp_path)  # both looked before anybody decided
    first.decide([CASE], "confirm", "mei")
    before = first.path.read_bytes()
    with pytest.raises(UsageError, match="mei decided it already: confirm"):
        second.decide([CASE], "dismiss", "li")
    assert first.path.read_bytes() == before
    second.decide([CASE], "dismiss", "li", again=True)
    assert kept(tmp_path).standing(CASE).decision.word == "dismiss"  # type: ignore[union-attr]
    assert len(kept(tmp_path).all) == 2


def test_a_fix_and_a_correction_go_together(tmp_path: Path) -> None:
    for word, correction in (("fix", None), ("confirm", {"role": "assistant", "content": "x"})):
        with pytest.raises(UsageError, match="correction"):
            kept(tmp_path).decide([CASE], word, "mei", correction=correction)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no case"):
        kept(tmp_path).decide([], "confirm", "mei")
    assert not (tmp_path / "d.jsonl").exists()


def test_what_a_crash_left_is_cut_off_and_the_rest_stays(tmp_path: Path) -> None:
    one = kept(tmp_path)
    one.decide([CASE], "confirm", "mei")
    whole = one.path.read_bytes()
    one.path.write_bytes(whole + b'{"n":1,"ti')
    again = kept(tmp_path)
    assert (again.torn, len(again.all)) == (10, 1)
    again.decide([OTHER], "gold", "li")
    assert one.path.read_bytes().startswith(whole + b'{"by":"li"')
    assert [row.n for row in kept(tmp_path).all] == [0, 1]


@pytest.mark.parametrize("change", [b"nonsense\n", b"[]\n", b'{"n": 4}\n', b""])
def test_a_file_that_was_changed_is_refused(tmp_path: Path, change: bytes) -> None:
    one = kept(tmp_path)
    one.decide([CASE], "confirm", "mei")
    one.decide([OTHER], "confirm", "mei")
    lines = one.path.read_bytes().split(b"\n")
    one.path.write_bytes(change + lines[1] + b"\n")
    with pytest.raises(JobError, match="not a decision") as caught:
        kept(tmp_path)
    assert str(caught.value.where).startswith(f"{one.path}:1")


def run(path: Path, name: str, last: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    at_work = [run(path, name, 19) for name in ("mei", "li")]
    assert [one.communicate() and one.returncode for one in at_work] == [0, 0]
    found = Decisions(path).all
    assert [row.n for row in found] == [*range(40)]
    assert sorted(row.by for row in found) == ["li"] * 20 + ["mei"] * 20


def test_what_was_told_to_be_decided_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    for turn in range(3):
        one = run(path, f"mei{turn}", 10_000)
        assert one.stdout is not None
        told = [int(one.stdout.readline()) for _ in range(4 + turn)][-1]
        one.send_signal(signal.SIGKILL)
        one.communicate()
        found = [row for row in Decisions(path).all if row.by == f"mei{turn}"]
        assert len(found) >= told + 1
