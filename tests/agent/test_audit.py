"""The chain of the audit log: whatever is changed is found at its line; what a crash leaves does no harm."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadyhand.agent.audit import GENESIS, Log, read, verify
from steadyhand.agent.audit_head import LogHead, forget, keep, kept
from steadyhand.errors import JobError, PrerequisiteError
from steadyhand.ledger.keys import canonical_json


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


def cut(path: Path) -> None:
    path.write_text("\n".join([*path.read_text("utf-8").split("\n")[:2], ""]), "utf-8")


def rewritten(path: Path) -> None:
    """A whole chain of other lines, as somebody would write it who may write the file."""
    other = path.with_name("other.jsonl")
    log = Log(other)
    for number in range(6):
        log.append("note", {"number": number, "text": "nothing happened"})
    log.close()
    other.replace(path)


GONE = [
    (lambda path: path.unlink(), "4 lines were there"),
    (lambda path: path.rename(path.with_name("moved.jsonl")), "4 lines were there"),
    (lambda path: path.write_bytes(b""), "4 lines were there"),
    (cut, "4 lines were there"),
    (rewritten, "another one"),
]


@pytest.mark.parametrize(("change", "says"), GONE)
def test_a_log_that_is_cut_moved_deleted_or_written_anew_is_missed(
    path: Path, change: Callable[[Path], object], says: str
) -> None:
    change(path)
    for work in (verify, read, Log):
        with pytest.raises(JobError, match=says):
            work(path)
    assert not path.exists() or len(path.read_bytes().split(b"\n")) != 6  # nothing was begun on it
    forget(path)
    log = Log(path)
    log.append("note", {})
    log.close()
    assert verify(path).records >= 1


def test_a_folder_that_is_deleted_whole_is_missed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "runs" / "audit.jsonl"
    log = Log(path)
    log.append("note", {})
    log.close()
    assert [one.name for one in path.parent.iterdir()] == ["audit.jsonl"]
    shutil.rmtree(path.parent)
    with pytest.raises(JobError, match="1 lines were there"):
        Log(path)
    assert not path.exists()


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    log = Log(tmp_path / "runs" / "audit.jsonl")
    log.append("note", {})
    log.close()
    cut(tmp_path / "runs" / "audit.jsonl")
    (tmp_path / "runs" / "audit.jsonl").unlink()
    with pytest.raises(JobError, match="1 lines were there"):  # it stands beside the log
        Log(tmp_path / "runs" / "audit.jsonl")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"records": "x", "hash": "", "keyed": 0}', "[" * 50_000])
def test_a_head_that_cannot_be_read_is_none(path: Path, text: str) -> None:
    path.with_name(f".{path.name}.head.json").write_text(text)
    assert kept(path) is None
    log = Log(path)
    log.append("note", {})
    log.close()
    assert kept(path) == LogHead(5, log.head)


def test_a_head_never_goes_back(path: Path) -> None:
    keep(path, LogHead(2, "x" * 64))
    assert kept(path) == LogHead(4, verify(path).head)


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.rename(path.with_name("moved.jsonl"))])
def test_a_log_that_is_taken_away_under_its_writer_stops_it(path: Path, change: Callable[[Path], object]) -> None:
    log = Log(path)
    change(path)
    with pytest.raises(JobError, match="moved or deleted while it was in use"):
        log.append("note", {})
    path.touch()
    with pytest.raises(JobError, match="moved or deleted while it was in use"):
        log.append("note", {})
    log.close()


def test_a_log_is_read_without_a_right_to_write(path: Path) -> None:
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        assert [record.data["number"] for record in read(path)] == [0, 1, 2, 3]
        assert verify(path).records == 4
        assert sorted(one.name for one in path.parent.iterdir()) == [
            ".audit.jsonl.head.json", ".audit.jsonl.head.lock", "audit.jsonl",
        ]  # fmt: skip
    finally:
        path.parent.chmod(0o755)


KEY = "5f2c" * 8


def test_with_a_key_a_chain_of_somebody_else_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    monkeypatch.setenv("STEADYHAND_AUDIT_KEY", KEY)
    log = Log(path)
    log.append("note", {"told": KEY})
    log.append("note", {})
    log.close()
    found = verify(path)
    assert (found.keyed, found.checked) == (2, True)
    assert KEY not in path.read_text("utf-8")
    monkeypatch.setenv("STEADYHAND_AUDIT_KEY", "0" * 32)
    for work in (verify, read, Log):
        with pytest.raises(JobError, match="not of this key"):
            work(path)
    monkeypatch.delenv("STEADYHAND_AUDIT_KEY")
    assert (verify(path).keyed, verify(path).checked) == (2, False)  # the chain alone
    with pytest.raises(PrerequisiteError, match="mac of a key"):
        Log(path)
    (tmp_path / "key").write_text(KEY + "\n")
    monkeypatch.setenv("STEADYHAND_AUDIT_KEY_FILE", str(tmp_path / "key"))
    assert verify(path).checked


def test_macs_cannot_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    log = Log(path)
    log.append("note", {})
    log.close()
    monkeypatch.setenv("STEADYHAND_AUDIT_KEY", KEY)
    with pytest.raises(JobError, match="without the key"):
        verify(path)
    log = Log(path)  # from here on with the key, which vouches for what came before
    log.append("note", {})
    log.append("note", {})
    log.close()
    assert (verify(path).records, verify(path).keyed) == (3, 2)
    forget(path)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    del rows[2]["mac"]
    path.write_text("".join(canonical_json(row) + "\n" for row in rows), "utf-8")
    with pytest.raises(JobError, match="bears no mac"):
        verify(path)


@pytest.mark.parametrize("key", ["short", "0123456789abcde"])
def test_a_key_that_is_too_short_or_not_there_is_an_error(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEADYHAND_AUDIT_KEY", key)
    with pytest.raises(PrerequisiteError, match="fewer than 16 bytes") as caught:
        Log(tmp_path / "a.jsonl")
    assert key not in str(caught.value)
    monkeypatch.setenv("STEADYHAND_AUDIT_KEY_FILE", str(tmp_path / "gone"))
    with pytest.raises(PrerequisiteError, match="cannot be read"):
        Log(tmp_path / "a.jsonl")


def logged(path: Path, *events: tuple[str, dict[str, object]]) -> Path:
    log = Log(path)
    for event, data in events:
        log.append(event, data)
    log.close()
    return path


D: dict[str, object] = {"digest": "d" * 64, "key": "k" * 64}
ORDERS: list[tuple[list[tuple[str, dict[str, object]]], str]] = [
    ([("approval", {**D, "by": "ada"})], "approval of what was not proposed"),
    ([("refusal", {**D, "by": "ada"})], "refusal of what was not proposed"),
    ([("proposal", D), ("intent", {**D, "approval": 0})], "without the approval that it names"),
    ([("intent", {**D, "approval": 7})], "without the approval that it names"),
    ([("proposal", D), ("approval", D), ("refusal", D), ("intent", D)], "after its refusal"),
    ([("proposal", D), ("approval", D), ("refusal", D), ("intent", {**D, "approval": 1})], "after its refusal"),
    ([("proposal", D), ("approval", D), ("approval", D), ("intent", {**D, "approval": 1})], "that it names"),
    ([("result", D)], "result without an intent"),
    ([("undo_intent", D)], "undo_intent without an intent"),
    ([("proposal", D), ("intent", {**D, "key": "other"}), ("reconciled", D)], "reconciled without an intent"),
]


@pytest.mark.parametrize(("events", "says"), ORDERS)
def test_what_stands_in_a_wrong_order_is_a_breach(
    tmp_path: Path, events: list[tuple[str, dict[str, object]]], says: str
) -> None:
    path = logged(tmp_path / "a.jsonl", *events)
    with pytest.raises(JobError, match=says) as caught:
        verify(path)
    assert str(caught.value.where) == f"{path}:{len(events)}"


def test_writes_without_a_person_are_counted(tmp_path: Path) -> None:
    other: dict[str, object] = {**D, "digest": "e" * 64}
    events: list[tuple[str, dict[str, object]]] = [
        ("proposal", D),
        ("approval", D),
        ("intent", {**D, "approval": 1}),
        ("result", D),
    ]
    found = verify(logged(tmp_path / "a.jsonl", *events, ("proposal", other), ("intent", {**other, "approval": None})))
    assert (found.writes, found.unapproved) == (2, 1)


def test_time_goes_on_and_a_clock_that_is_set_back_is_said(tmp_path: Path) -> None:
    path, moments = tmp_path / "a.jsonl", iter([10, 20, 19, 30, 2, 3, 40])

    def clock() -> datetime:
        return datetime(2026, 1, 31, 8, minute=now[0], tzinfo=UTC)

    now = [0]
    log = Log(path, clock)
    for moment in moments:
        now[0] = moment
        log.append("note", {})
    log.close()
    told = [(record.event, int(record.time[14:16])) for record in log.records]
    assert told == [
        ("note", 10), ("note", 20), ("note", 20), ("note", 30), ("clock", 2), ("note", 2), ("note", 3), ("note", 40),
    ]  # fmt: skip
    assert verify(path).clock == 1


def test_a_line_with_an_older_time_is_a_breach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path / "a.jsonl", lambda: datetime(2026, 1, 31, 8, tzinfo=UTC))
    log.append("note", {})
    monkeypatch.setattr(log, "_follow_clock", lambda: None)
    monkeypatch.setattr(log, "_now", lambda event: "2026-01-31T07:00:00.000000+00:00")
    log.append("note", {})
    log.close()
    with pytest.raises(JobError, match="older than the line before"):
        verify(tmp_path / "a.jsonl")


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
