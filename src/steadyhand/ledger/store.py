"""Content-addressed artifacts on disk: complete or absent, whatever ends the process. Knows no stage and no database.

    <root>/artifacts/<key>/     a complete artifact with its done-marker
    <root>/work/<key>/          what an unfinished stage keeps for its resume (checkpoints)
    <root>/tmp/                 artifacts being written; worthless once their process is gone

An artifact is written in tmp/, flushed, marked last and renamed: the rename is the only moment at which it appears.
The marker has every file's sha256 and what the artifact was made of. An artifact that differs from its marker, or that
was made of other bytes than those that lie here now, is none: nothing is built on it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.errors import DiskFullError, JobError
from steadyhand.ledger.digests import digest, whole
from steadyhand.ledger.keys import canonical_json, files_below
from steadyhand.ledger.seal import MARKER, differences

MARKER_VERSION = 2
FORMER = "arte" + "facts"  # what 0.1 called the folder
_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,127}")
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class Swept:
    """What `gc` removed: folders by name, and bytes."""

    folders: tuple[str, ...]
    bytes: int


class Store:
    """Artifacts below `root` (made when missing). Safe for several processes; keys come from `ledger.keys.key_of`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._artifacts, self._work, self._tmp = root / "artifacts", root / "work", root / "tmp"
        with _translated(root):
            if (root / FORMER).is_dir() and not self._artifacts.exists():
                (root / FORMER).rename(self._artifacts)
            for folder in (self._artifacts, self._work, self._tmp):
                folder.mkdir(parents=True, exist_ok=True)

    def done(self, key: str) -> bool:
        """Whether the artifact is complete and every byte is as it was written (as far as `ledger.digests` knows)."""
        return self.begun(key) and not self.damage(key)

    def begun(self, key: str) -> bool:
        """Whether there is an artifact, whatever became of its files."""
        return (self._final(key) / MARKER).is_file()

    def damage(self, key: str) -> list[str]:
        """How the files of an artifact differ from its marker, one sentence each. A large file that the file system
        calls unchanged is not read again (`ledger.digests.whole` does)."""
        with _translated(self._final(key)):
            return differences(self._final(key))

    def content(self, key: str) -> str:
        """sha256 hex over what an artifact holds, but for files that its writer set `apart`: equal for two that were
        made alike. Raises JobError."""
        marker = self._marker(key)
        return _content(marker["files"], marker.get("apart") or ())

    def made_of(self, key: str) -> dict[str, str]:
        """The `inputs` with which an artifact was written; none are known of those of 0.1. Raises JobError."""
        return dict(self._marker(key).get("inputs") or {})

    def artifact(self, key: str) -> Path:
        """The folder of a complete artifact; raises JobError when there is none, or its files are not as written."""
        if not self.begun(key):
            raise JobError(f"artifact {key} is not complete", where=str(self._final(key)), next="run the stage again")
        if wrong := self.damage(key):
            raise JobError(
                f"an artifact is not what was finished: {wrong[0]}",
                where=str(self._final(key)),
                next="`steady run` makes it again, or put back a copy",
            )
        return self._final(key)

    def work(self, key: str) -> Path:
        """A folder that survives until the artifact of `key` is complete, for what a resume needs."""
        folder = self._work / _checked(key)
        with _translated(folder):
            folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def writing(
        self, key: str, inputs: Mapping[str, str] | None = None, *, apart: Collection[str] = ()
    ) -> Iterator[Path]:
        """An empty folder that becomes the artifact of `key` when the block ends well, and vanishes when it does not.

        `inputs` is noted with it: what it is made of (`content` of other artifacts, by a name). Files named in `apart`
        (times, say) do not count as its content.

        The work folder of `key` is removed after that. When another process was faster, its artifact stays (the key
        says that both hold the same). Raises JobError when the disk is full; work folders are kept then.
        """
        final = self._final(key)
        with _translated(final):
            temporary = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-{key}-", dir=self._tmp))
            try:
                yield temporary
                _mark(temporary, key, inputs or {}, apart)
                self._publish(temporary, key)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(self._work / key, ignore_errors=True)

    def keys(self) -> list[str]:
        """Keys of all complete artifacts."""
        return sorted(folder.name for folder in self._artifacts.iterdir() if (folder / MARKER).is_file())

    def verify(self, key: str) -> list[str]:
        """As `damage`, and every byte is read."""
        with whole():
            return self.damage(key)

    def discard(self, key: str) -> None:
        """Remove an artifact, for example a damaged one. It vanishes in one step."""
        if (final := self._final(key)).exists():
            with _translated(final):
                self._remove(final)

    def gc(self, keep: Collection[str] | None = None) -> Swept:
        """Remove leftovers of dead processes and work of complete artifacts; with `keep`, all other artifacts and work.

        Hold the folder's lock when `keep` is given: a running stage's inputs must be in it.
        """
        doomed = [folder for folder in self._tmp.iterdir() if not _alive(folder.name)]
        doomed += [folder for folder in self._work.iterdir() if self.begun(folder.name) or _unkept(folder, keep)]
        doomed += [folder for folder in self._artifacts.iterdir() if _unkept(folder, keep)]
        size = sum(path.lstat().st_size for folder in doomed for path in files_below(folder))
        with _translated(self.root):
            for folder in doomed:
                self._remove(folder)
        return Swept(tuple(f"{folder.parent.name}/{folder.name}" for folder in doomed), size)

    def _final(self, key: str) -> Path:
        return self._artifacts / _checked(key)

    def _publish(self, temporary: Path, key: str) -> None:
        final = self._final(key)
        if final.exists() and not self.done(key):
            self._remove(final)  # its marker was taken away by hand, or its files are not what they were
        try:
            temporary.replace(final)
        except OSError:
            if not self.done(key):
                raise
        _flush(self._artifacts)

    def _marker(self, key: str) -> dict[str, Json]:
        try:
            row: dict[str, Json] = json.loads((self._final(key) / MARKER).read_text("utf-8"))
            return {**row, "files": dict(row["files"])}
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise JobError(
                f"artifact {key} has no marker that can be read", where=str(self._final(key)), next="run it again"
            ) from error

    def _remove(self, folder: Path) -> None:
        """Rename first, so that nobody ever sees half a folder."""
        grave = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self._tmp))
        folder.replace(grave / folder.name)
        shutil.rmtree(grave, ignore_errors=True)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key: {key!r}")  # would leave the store's folder
    return key


def _unkept(folder: Path, keep: Collection[str] | None) -> bool:
    return keep is not None and folder.name not in keep


def _alive(name: str) -> bool:
    """Whether the process that the name of a temporary folder begins with still runs."""
    pid = name.partition("-")[0]
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def _manifest(folder: Path) -> dict[str, dict[str, str | int]]:
    return {
        path.relative_to(folder).as_posix(): {"sha256": digest(path), "bytes": path.stat().st_size}
        for path in files_below(folder)
        if path != folder / MARKER
    }


def _content(files: Mapping[str, Json], apart: Collection[str]) -> str:
    rows = [[name, row["sha256"]] for name, row in sorted(files.items()) if name not in apart]
    return hashlib.sha256(canonical_json(rows).encode()).hexdigest()


def _mark(folder: Path, key: str, inputs: Mapping[str, str], apart: Collection[str]) -> None:
    """Flush every file, then write the marker: after a power cut a marker never vouches for bytes that were lost."""
    for path in files_below(folder):
        _flush(path)
    for directory in (path for path in folder.rglob("*") if path.is_dir()):
        _flush(directory)
    files = _manifest(folder)
    row: dict[str, Json] = {"version": MARKER_VERSION, "key": key, "written": int(time.time())}
    row |= {"inputs": dict(inputs), "apart": list(apart), "files": files}
    marker = folder / MARKER
    marker.write_text(json.dumps(row, ensure_ascii=False, indent=1), encoding="utf-8")
    _flush(marker)
    _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(where: Path) -> Iterator[None]:
    """A full disk and a folder that cannot be written become a JobError; every other error passes unchanged."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            after = "free some space and run the same command again; finished work is kept"
            raise DiskFullError("the disk is full", where=str(error.filename or where), next=after) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}:
            what, after = f"the file system refuses: {error.strerror}", "choose a folder that you can read and write"
        else:
            raise
        raise JobError(what, where=str(error.filename or where), next=after) from error
