"""An index of the agent's traces, so that a hundred thousand of them are listed and filtered at once.

A cache in SQLite beside the runs, and nothing else: it is made again from the traces whenever it is lost. A trace is
read once; one that was written anew is read anew. Reading goes on in the background while pages show what is there.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

from steadyhand.chat.messages import Json
from steadyhand.errors import JobError

VERSION = 1
BATCH = 500
LARGEST = 8_000_000  # bytes of a trace that is still read into the index
_TABLE = """CREATE TABLE IF NOT EXISTS traces (name TEXT PRIMARY KEY, stamp INTEGER, state TEXT, mode TEXT,
    steps INTEGER, things INTEGER, written INTEGER, blocked INTEGER, codes TEXT, text TEXT)"""
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS by_stamp ON traces (stamp DESC)",
    "CREATE INDEX IF NOT EXISTS by_state ON traces (state, stamp DESC)",
)
_COLUMNS = "name, stamp, state, mode, steps, things, written, blocked, codes, text"


@dataclass(frozen=True)
class TraceEntry:
    """`name` is the file's without its ending; `stamp` its time in ns. `state`: as it ended, "torn" where it cannot be
    read. `things` were looked at; of these `written` were sent and `blocked` were stopped by policy. `codes`: why, with
    spaces between; `text`: the beginning of the input."""

    name: str
    stamp: int
    state: str
    mode: str
    steps: int
    things: int
    written: int
    blocked: int
    codes: str
    text: str


class TraceIndex:
    """The traces in `folder`, indexed in the file `path`. Safe for several threads and processes."""

    def __init__(self, folder: Path, path: Path) -> None:
        self.folder, self.path = folder, path
        self._lock, self._reading, self._seen = Lock(), False, (-1, -1)
        self.left = 0  # traces that are not read yet

    def refresh(self, *, wait: bool = False) -> None:
        """Looks for new traces in the background, unless that is going on. `wait` until it is done."""
        with self._lock:
            if self._reading or self._mark() == self._seen:
                return
            self._reading = True
        reader = Thread(target=self._read_all, daemon=True)
        reader.start()
        if wait:
            reader.join()

    @property
    def reading(self) -> bool:
        return self._reading

    def page(
        self, *, state: str = "", code: str = "", q: str = "", limit: int = 50, offset: int = 0
    ) -> list[TraceEntry]:
        """The latest that fit, newest first."""
        where, values = _where(state, code, q)
        with self._opened() as base:
            rows = base.execute(
                f"SELECT {_COLUMNS} FROM traces {where} ORDER BY stamp DESC, name LIMIT ? OFFSET ?",
                (*values, limit, offset),
            )
            return [TraceEntry(*row) for row in rows]

    def count(self, *, state: str = "", code: str = "", q: str = "") -> int:
        where, values = _where(state, code, q)
        with self._opened() as base:
            return int(base.execute(f"SELECT count(*) FROM traces {where}", values).fetchone()[0])

    def states(self) -> dict[str, int]:
        with self._opened() as base:
            return dict(base.execute("SELECT state, count(*) FROM traces GROUP BY state ORDER BY 2 DESC"))

    def _mark(self) -> tuple[int, int]:
        """Changes when a trace is added, replaced or removed: each of these renames within the folder."""
        try:
            found = self.folder.stat()
        except OSError:
            return (0, 0)
        return found.st_mtime_ns, found.st_ino

    def _read_all(self) -> None:
        try:
            mark = self._mark()
            with self._opened() as base:
                known = dict(base.execute("SELECT name, stamp FROM traces"))
                there = dict(_files(self.folder))
                new = [name for name, stamp in there.items() if known.get(name) != stamp]
                gone = [(name,) for name in known if name not in there]
                base.executemany("DELETE FROM traces WHERE name = ?", gone)
                base.commit()
                self.left = len(new)
                for start in range(0, len(new), BATCH):
                    rows = [_entry(self.folder, name, there[name]) for name in new[start : start + BATCH]]
                    holes = ", ".join("?" * len(_COLUMNS.split(",")))
                    base.executemany(f"INSERT OR REPLACE INTO traces ({_COLUMNS}) VALUES ({holes})", rows)
                    base.commit()
                    self.left -= len(rows)
            self._seen = mark
        except (sqlite3.Error, OSError, JobError):  # the next look tries again; what is there is shown meanwhile
            self._seen = (-1, -1)
        finally:
            self.left, self._reading = 0, False

    def _opened(self) -> closing[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            base = sqlite3.connect(self.path, timeout=30)
            if base.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                base.execute("DROP TABLE IF EXISTS traces")
                base.execute(f"PRAGMA user_version = {VERSION}")
            for line in (_TABLE, *_INDEXES):
                base.execute(line)
            return closing(base)
        except (sqlite3.Error, OSError) as error:
            what = f"the index of traces cannot be used: {error}"
            raise JobError(what, where=str(self.path), next="remove this file: it is made again") from error


def _where(state: str, code: str, q: str) -> tuple[str, tuple[str, ...]]:
    parts = [("state = ?", state), ("' ' || codes || ' ' LIKE ?", code and f"% {code} %"),
             ("(text LIKE ? ESCAPE '\\')", q and f"%{_plain(q)}%")]  # fmt: skip
    chosen = [(sql, value) for sql, value in parts if value]
    return ("WHERE " + " AND ".join(sql for sql, _ in chosen) if chosen else ""), tuple(value for _, value in chosen)


def _plain(q: str) -> str:
    return "".join(f"\\{char}" if char in "\\%_" else char for char in q)


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name.endswith(".jsonl") and entry.is_file(follow_symlinks=False):
                    yield entry.name.removesuffix(".jsonl"), entry.stat().st_mtime_ns
    except OSError:
        return


def _entry(folder: Path, name: str, stamp: int) -> tuple[object, ...]:
    """The row of one trace. What cannot be read is listed as torn, never left out."""
    try:
        path = folder / f"{name}.jsonl"
        if path.stat().st_size > LARGEST:
            raise ValueError("too large")
        lines = path.read_text("utf-8").splitlines()
        start, end = json.loads(lines[0]), json.loads(lines[-1])
        told = _told(start, end)
    except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError):
        return name, stamp, "torn", "", 0, 0, 0, 0, "", ""
    return name, stamp, told["state"], told["mode"], len(lines), *told["counts"], told["codes"], told["text"]


def _told(start: dict[str, Json], end: dict[str, Json]) -> dict[str, Json]:
    rows = end.get("rows") or []
    endings = [str(row["ending"]) for row in rows]
    counts = (len(rows), endings.count("written"), endings.count("blocked"))
    codes = " ".join(sorted({str(row["code"]) for row in rows if row.get("code")}))
    text = " ".join(str(start["text"])[:400].split())[:200]
    return {
        "state": str(end["state"]),
        "mode": str(start.get("mode", "rule")),
        "counts": counts,
        "codes": codes,
        "text": text,
    }
