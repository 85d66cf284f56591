from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from steadyhand.errors import JobError
from steadyhand.ledger import store as module
from steadyhand.ledger.keys import key_of
from steadyhand.ledger.seal import MARKER
from steadyhand.ledger.store import FORMER, Store

KEY = key_of("sft", 1, {"epochs": 3}, ["abc"])
OTHER = key_of("sft", 2, {"epochs": 3}, ["abc"])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def write(store: Store, key: str = KEY, text: str = "weights") -> Path:
    with store.writing(key) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "model.txt").write_text(text, encoding="utf-8")
        (folder / "config.json").write_text("{}", encoding="utf-8")
    return store.artifact(key)


def leftovers(store: Store) -> list[str]:
    return [path.name for path in (store.root / "tmp").iterdir()]


def test_a_folder_of_the_former_name_is_taken_over(tmp_path: Path) -> None:
    with Store(tmp_path).writing("k") as folder:
        (folder / "a").write_text("one", "utf-8")
    (tmp_path / "artifacts").rename(tmp_path / FORMER)
    assert (Store(tmp_path).artifact("k") / "a").read_text("utf-8") == "one"
    assert not (tmp_path / FORMER).exists()


def test_an_artifact_appears_whole_and_verifies(store: Store) -> None:
    assert not store.done(KEY)
    folder = write(store)
    assert store.done(KEY)
    assert (folder / "deep" / "model.txt").read_text(encoding="utf-8") == "weights"
    assert (store.verify(KEY), store.keys(), leftovers(store)) == ([], [KEY], [])


def test_an_artifact_that_is_not_there_is_a_job_error(store: Store) -> None:
    with pytest.raises(JobError, match="not complete") as caught:
        store.artifact(KEY)
    assert caught.value.next


def test_a_failing_block_leaves_nothing_but_its_work(store: Store) -> None:
    (store.work(KEY) / "checkpoint").write_text("step 40", encoding="utf-8")
    with pytest.raises(FileNotFoundError), store.writing(KEY) as folder:
        (folder / "half").rename(folder / "whole")
    assert not store.done(KEY)
    assert leftovers(store) == []
    assert (store.work(KEY) / "checkpoint").read_text(encoding="utf-8") == "step 40"


def test_work_survives_until_the_artifact_is_complete(store: Store) -> None:
    (store.work(KEY) / "checkpoint").write_text("step 40", encoding="utf-8")
    assert list(Store(store.root).work(KEY).iterdir())
    write(store)
    assert not list(store.work(KEY).iterdir())


def test_a_full_disk_is_a_job_error_that_loses_nothing(store: Store) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    write(store, OTHER)
    (store.work(KEY) / "checkpoint").write_text("step 40", encoding="utf-8")
    with pytest.raises(JobError, match="disk is full") as caught, store.writing(KEY):
        Path("/dev/full").write_bytes(b"x" * 100_000)
    assert "run the same command again" in (caught.value.next or "")
    assert (store.keys(), store.verify(OTHER), leftovers(store)) == ([OTHER], [], [])
    assert list(store.work(KEY).iterdir())


@pytest.mark.parametrize("at", range(1, 7))
def test_an_error_at_any_flush_leaves_nothing_or_everything(
    store: Store, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    calls, flush = 0, module._flush

    def failing(path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise OSError(28, "No space left on device", str(path))
        flush(path)

    monkeypatch.setattr(module, "_flush", failing)
    with pytest.raises(JobError):
        write(store)
    assert not store.done(KEY) or store.verify(KEY) == []
    assert leftovers(store) == []


CHILD = """
import sys
from pathlib import Path
from steadyhand.ledger import store as module

store = module.Store(Path(sys.argv[1]))
(store.work(sys.argv[2]) / "checkpoint").write_text("step 40")
moment = sys.argv[3]

def stop(*_, **__):
    print("ready", flush=True)
    sys.stdin.read()

if moment == "before the rename":
    store._publish = stop
if moment == "before the marker":
    module._mark = stop
if moment == "after the rename":
    module.shutil.rmtree = stop
with store.writing(sys.argv[2]) as folder:
    (folder / "model").write_text("weights")
    if moment == "in the block":
        stop()
"""


@pytest.mark.parametrize("moment", ["in the block", "before the marker", "before the rename", "after the rename"])
def test_kill_9_leaves_nothing_or_a_complete_artifact(store: Store, moment: str) -> None:
    command = [sys.executable, "-c", CHILD, str(store.root), KEY, moment]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        assert store.gc().folders == (("work/" + KEY,) if store.done(KEY) else ())  # never under a living writer
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert store.done(KEY) == (moment == "after the rename")
    if store.done(KEY):
        assert store.verify(KEY) == []
    else:
        assert (store.work(KEY) / "checkpoint").exists()
        assert len(store.gc().folders) == 1
        assert leftovers(store) == []
        write(store)
        assert store.verify(KEY) == []


def test_of_two_writers_of_one_key_the_first_stays(store: Store) -> None:
    with store.writing(KEY) as slow:
        write(store, text="first")
        (slow / "model").write_text("second", encoding="utf-8")
    assert (store.artifact(KEY) / "deep" / "model.txt").read_text(encoding="utf-8") == "first"
    assert (store.verify(KEY), leftovers(store)) == ([], [])


def test_verify_names_every_difference(store: Store) -> None:
    folder = write(store)
    (folder / "deep" / "model.txt").write_text("Weights", encoding="utf-8")
    (folder / "config.json").unlink()
    (folder / "new").touch()
    assert store.verify(KEY) == ["config.json is missing", "deep/model.txt was changed", "new was added"]
    (folder / MARKER).write_text("[]", encoding="utf-8")
    assert store.verify(KEY) == [f"{MARKER} is damaged"]


def test_an_artifact_without_marker_is_written_again(store: Store) -> None:
    (write(store, text="old") / MARKER).unlink()
    assert not store.done(KEY)
    assert (write(store, text="new") / "deep" / "model.txt").read_text(encoding="utf-8") == "new"


def test_discard_removes_one_artifact(store: Store) -> None:
    write(store)
    write(store, OTHER)
    store.discard(KEY)
    store.discard(KEY)
    assert (store.keys(), leftovers(store)) == ([OTHER], [])


def test_gc_keeps_what_it_is_told_and_counts_bytes(store: Store) -> None:
    write(store)
    write(store, OTHER)
    (store.work("unfinished") / "checkpoint").write_bytes(b"x" * 1000)
    assert store.gc().folders == ()
    swept = store.gc(keep={KEY})
    assert sorted(swept.folders) == sorted([f"artifacts/{OTHER}", "work/unfinished"])
    assert swept.bytes > 1000
    assert store.keys() == [KEY]


@pytest.mark.parametrize("key", ["", "..", "a/b", "/etc", "a\n", ".hidden", "x" * 200])
def test_a_key_cannot_leave_the_store(store: Store, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        store.work(key)


def test_a_store_in_a_file_is_a_job_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JobError) as caught:
        Store(tmp_path / "file" / "store")
    assert str(tmp_path) in str(caught.value.where)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_that_cannot_be_written_is_a_job_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(JobError, match="refuses"):
        Store(tmp_path / "store")
