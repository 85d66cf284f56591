"""The chain of the audit log: whatever is changed is found at its line; what a crash leaves does no harm."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadyhand.agent.audit import GENESIS, Log, verify
from steadyhand.errors import JobError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "audit.jsonl"
    log = Log(path, lambda: datetime(2026, 1, 31, 8, tzinfo=UTC))
    for number in range(4):
        log.append("note", {"number": number, "text": "报告 \u2028 line"})
    log.close()
    return path


def test_a_log_is_verified_and_goes_on_where_it_ended(path: Path) -> None:
    before = verify(path)
    log = Log(path)
    assert (log.head, len(log.records), before.torn) == (before.head, 4, 0)
    log.append("note", {})
    log.close()
    assert verify(path).records == 5
    assert verify(path, before.head).head != before.head
    assert json.loads(path.read_text("utf-8").split("\n")[0])["prev"] == GENESIS


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda rows: [rows[0], rows[1].replace('"number":1', '"number":7'), *rows[2:]], 2),
        (lambda rows: [rows[0], *rows[2:]], 2),
        (lambda rows: [rows[0], rows[2], rows[1], rows[3]], 2),
        (lambda rows: [rows[0], rows[0], *rows[1:]], 2),
        (lambda rows: [*rows[:3], rows[3].replace('"event":"note"', '"event":"note" ')], 4),
        (lambda rows: [*rows[:3], rows[3].replace("08:00", "09:00")], 4),
        (lambda rows: [*rows[:2], "{}", rows[3]], 3),
        (lambda rows: ["[" * 100_000, *rows], 1),
    ],
)
def test_every_change_is_found_at_its_line(path: Path, change: object, line: int) -> None:
    rows = path.read_text("utf-8").rstrip("\n").split("\n")
    path.write_text("\n".join(change(rows)) + "\n", "utf-8")  # type: ignore[operator]
    with pytest.raises(JobError, match="broken") as caught:
        verify(path)
    assert str(caught.value.where) == f"{path}:{line}"
    with pytest.raises(JobError, match="broken"):
        Log(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_no_single_byte_can_be_changed(path: Path, place: int, byte: int) -> None:
    data = bytearray(path.read_bytes())
    place %= len(data) - 1  # the last line feed: without it the line is one that a crash left
    if data[place] == byte:
        return
    data[place] = byte
    broken = path.with_name("broken.jsonl")
    broken.write_bytes(data)
    with pytest.raises(JobError, match="broken"):
        verify(broken)


def test_lines_cut_off_the_end_are_missed_by_whoever_kept_a_hash(path: Path) -> None:
    head = verify(path).head
    path.write_text("\n".join([*path.read_text("utf-8").split("\n")[:2], ""]), "utf-8")
    assert verify(path).records == 2
    with pytest.raises(JobError, match="cut off"):
        verify(path, head)


def test_a_result_without_an_intent_is_a_breach(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.jsonl")
    log.append("result", {"key": "k"})
    log.close()
    with pytest.raises(JobError, match="without an intent"):
        verify(tmp_path / "a.jsonl")


def test_a_torn_line_is_cut_by_the_next_append_which_says_so(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"n":4,"half')
    assert (verify(path).records, verify(path).torn) == (4, 12)
    log = Log(path)
    assert len(log.records) == 4
    log.append("note", {})
    log.close()
    assert [record.event for record in log.records[4:]] == ["torn", "note"]
    assert log.records[4].data["bytes"] == 12
    assert (verify(path).records, verify(path).torn) == (6, 0)


def test_eight_threads_with_two_logs_lose_nothing(path: Path) -> None:
    logs = [Log(path), Log(path)]
    work = [threading.Thread(target=_many, args=(logs[n % 2], n)) for n in range(8)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    for log in logs:
        log.close()
    assert verify(path).records == 4 + 8 * 10


def _many(log: Log, number: int) -> None:
    for step in range(10):
        log.append("note", {"by": number, "step": step})


def _process(path: Path, number: int) -> None:
    log = Log(path)
    _many(log, number)
    log.close()


def test_processes_share_a_log(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    work = [context.Process(target=_process, args=(path, number)) for number in range(2)]
    for process in work:
        process.start()
    for process in work:
        process.join()
    assert [process.exitcode for process in work] == [0, 0]
    assert verify(path).records == 4 + 2 * 10


def test_a_log_that_shrinks_under_its_writer_stops_it(path: Path) -> None:
    log = Log(path)
    path.write_bytes(b"")
    with pytest.raises(JobError, match="are gone"):
        log.append("note", {})
    log.close()


def test_a_log_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="cannot be read"):
        verify(tmp_path / "none.jsonl")
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="cannot be opened"):
        Log(tmp_path / "file" / "audit.jsonl")


def test_threads_that_append_at_once_share_a_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, waits, sync = Log(tmp_path / "a.jsonl"), [], os.fsync
    begun, going = threading.Event(), threading.Event()

    def slow(descriptor: int) -> None:
        waits.append(os.fstat(descriptor).st_size)
        begun.set()
        going.wait(30)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    threads = [threading.Thread(target=log.append, args=("note", {"number": n})) for n in range(9)]
    threads[0].start()
    begun.wait(30)
    for thread in threads[1:]:
        thread.start()
    while len((tmp_path / "a.jsonl").read_bytes().split(b"\n")) < 10:
        pass  # all have written, and all wait
    assert threads[0].is_alive()
    going.set()
    for thread in threads:
        thread.join()
    assert len(waits) == 2  # the first one's, and one for the eight that came meanwhile
    assert waits[1] == (tmp_path / "a.jsonl").stat().st_size
    assert verify(tmp_path / "a.jsonl").records == 9
    log.close()


def test_a_disk_that_fails_is_an_error_of_the_append(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path / "a.jsonl")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JobError, match="No space left"):
        log.append("note", {})
    with pytest.raises(JobError, match="No space left"), log.locked():
        log.append("note", {})
    log.close()


def test_what_is_kept_in_mind_has_no_evidence(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.jsonl")
    row = {"key": "k" * 64, "digest": "d" * 64, "tool": "t", "arguments": {"a": 1}, "evidence": {"window": "secret"}}
    for event in ("proposal", "intent"):
        log.append(event, row)
    assert [record.event for record in log.records] == ["proposal", "intent"]
    assert log.records[0].data == row
    assert "secret" not in str(vars(log.known))
    assert [record.data for record in log.known.by_key["k" * 64]] == [
        {"key": "k" * 64, "digest": "d" * 64, "tool": "t"}
    ]
    log.close()
