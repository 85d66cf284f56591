"""A digest that is remembered is the one that reading would give, or it is not used."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steadyhand.ledger import digests
from steadyhand.ledger.digests import SMALL, digest, whole
from steadyhand.ledger.keys import file_digest

BIG = b"x" * SMALL


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "steadyhand" / "digests.json"


def made(path: Path, data: bytes = BIG) -> Path:
    path.write_bytes(data)
    return path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file was written long enough ago."""
    monkeypatch.setattr(digests, "SETTLED", -1.0)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    seen: list[Path] = []

    def counted(path: Path) -> str:
        seen.append(path)
        return file_digest(path)

    monkeypatch.setattr(digests, "file_digest", counted)
    return seen


@pytest.mark.usefixtures("later")
def test_a_large_file_is_read_once_also_by_the_next_process(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    path = made(tmp_path / "tmp" / "w")
    read = reads(monkeypatch)
    assert [digest(path), digest(path)] == [sha(BIG)] * 2
    path = path.parent.rename(tmp_path / "artifact") / "w"  # as the store does
    assert digest(path) == sha(BIG)
    assert len(read) == 1
    assert cache.is_file()
    code = "import sys; from pathlib import Path; from steadyhand.ledger import digests\n"
    code += "digests.file_digest = lambda path: 'read'\nprint(digests.digest(Path(sys.argv[1])))"
    said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == sha(BIG)


@pytest.mark.usefixtures("later")
def test_a_changed_file_is_read_again_also_with_its_old_time_and_size(tmp_path: Path) -> None:
    path = made(tmp_path / "w")
    assert digest(path) == sha(BIG)
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"y")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_mtime_ns == times.st_mtime_ns
    assert digest(path) == sha(BIG[:1000] + b"y" + BIG[1001:])


@pytest.mark.usefixtures("later")
def test_a_file_in_anothers_place_is_read(tmp_path: Path) -> None:
    path, other = made(tmp_path / "w"), made(tmp_path / "o", BIG + b"!")
    assert digest(path) != digest(other)
    other.replace(path)
    assert digest(path) == sha(BIG + b"!")


def test_a_file_that_was_written_just_now_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "w")
    read = reads(monkeypatch)
    digest(path), digest(path)
    assert len(read) == 2
    monkeypatch.setattr(time, "time", lambda: path.stat().st_ctime + 60)
    digest(path), digest(path)
    assert len(read) == 3


@pytest.mark.usefixtures("later")
def test_small_files_and_whole_reading_trust_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = made(tmp_path / "s", b"small"), made(tmp_path / "l")
    digest(small), digest(large)
    read = reads(monkeypatch)
    digest(small), digest(large)
    assert read == [small]
    with whole(on=False):
        digest(large)
    with whole():
        digest(large)
    digest(large)
    assert read == [small, large]


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": 3}', '{"files": {"a": [1]}}', "[" * 50_000, "\ud800"])
def test_a_broken_cache_is_no_cache(tmp_path: Path, cache: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text(text, "utf-8", errors="surrogatepass")
    path = made(tmp_path / "w")
    assert [digest(path), digest(path)] == [sha(BIG)] * 2
    assert next(iter(json.loads(cache.read_text("utf-8"))["files"].values()))[-1] == sha(BIG)
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))  # a file: nothing can be kept there
    assert digest(path) == sha(BIG)
