"""A process of its own that runs queries on SQLite databases: read-only, watched, limited.

Reads one JSON object a line, writes one a line. What a query may do is bounded four times: the file is opened with
`mode=ro`, an authorizer allows reading and plain functions only, the process may grow no file and its memory to a limit
only, and the parent kills it when it does not answer. Imports nothing of this package but `copies`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from steadyhand.checks.sql.copies import Original

MEMORY = 2 << 30  # bytes of address space
TEXT = 1 << 20  # bytes of one value
ANSWER = 8 << 20  # bytes of a result
STEPS = 1_000  # of the virtual machine, between two looks at the clock
COPIES = 64  # altered copies that are kept
# functions that leave the database, or that answer anew each time
_OUTSIDE = ("load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", "sqlite_log")
FORBIDDEN = frozenset((*_OUTSIDE, "zeroblob", "random", "randomblob"))
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
LIMITS = (
    (sqlite3.SQLITE_LIMIT_LENGTH, TEXT),
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
)
Ways = dict[str, sqlite3.Connection]  # "": as it comes; "up" and "down": two orders of what ties
WAYS = ("", "up", "down")


class Stopped(Exception):  # noqa: N818  a limit, not an error of ours
    """A query was ended; `code` says by which limit."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class Database:
    """A database file, and altered copies of it in memory."""

    def __init__(self, path: str) -> None:
        self.path, self.made = path, 0
        self.ways: Ways = {way: opened(path) for way in WAYS}
        self.original: Original | None = None
        self.copies: dict[str, Ways] = {}
        for way, connection in self.ways.items():
            close_up(connection, way)

    def copy(self, seed: str, constants: list[Any]) -> Ways:
        """The copy that `seed` draws, on whose borders the constants stand. Raises Stopped when there can be none."""
        name = json.dumps([seed, constants])
        if name not in self.copies:
            if len(self.copies) >= COPIES:
                self._forget()
            self.copies[name] = self._altered(name, constants)
        return self.copies[name]

    def _altered(self, seed: str, constants: list[Any]) -> Ways:
        self.made += 1
        place = f"file:copy{self.made}?mode=memory&cache=shared"
        ways = {way: sqlite3.connect(place, uri=True, isolation_level=None) for way in WAYS}
        try:
            if self.original is None:
                with contextlib.closing(opened(self.path)) as source:
                    self.original = Original(source)
            self.original.write_altered(ways[""], seed, constants)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise Stopped("no_copy", f"the database cannot be copied: {error}") from error
        for way, connection in ways.items():
            close_up(connection, way)
        return ways

    def _forget(self) -> None:
        for ways in self.copies.values():
            for connection in ways.values():
                connection.close()
        self.copies.clear()


def opened(path: str) -> sqlite3.Connection:
    """The file, read-only and with nothing made beside it; only a write-ahead log that holds something is read too."""
    log = Path(path + "-wal")
    still = "" if log.exists() and log.stat().st_size else "&immutable=1"
    return sqlite3.connect(f"file:{quote(path)}?mode=ro{still}", uri=True, isolation_level=None)


def close_up(connection: sqlite3.Connection, way: str) -> None:
    """From here on the connection reads and does nothing else; `steady_tie()` counts up or down."""
    for pragma in ("trusted_schema = OFF", "temp_store = MEMORY", f"reverse_unordered_selects = {int(way == 'down')}"):
        connection.execute(f"PRAGMA {pragma}")
    if way:
        counter = itertools.count(0, 1 if way == "up" else -1)
        connection.create_function("steady_tie", 0, lambda: next(counter))
    connection.execute("PRAGMA query_only = ON")
    for limit, most in LIMITS:
        connection.setlimit(limit, most)
    connection.set_authorizer(authorize)


def authorize(action: int, _: str | None, name: str | None, *__: str | None) -> int:
    if action in ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (name or "").lower() not in FORBIDDEN:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def run(connection: sqlite3.Connection, sql: str, deadline: float, most: int) -> list[list[Any]]:
    """All rows of a query. Raises Stopped at the deadline or beyond `most` rows."""
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    rows: list[list[Any]] = []
    size = 0
    try:
        for row in connection.execute(sql):
            rows.append([{"hex": value.hex()} if isinstance(value, bytes) else value for value in row])
            size += sum(len(value) for value in row if isinstance(value, (str, bytes))) + 8 * len(row)
            if len(rows) > most or size > ANSWER:
                raise Stopped("too_much", f"more than {most} rows or {ANSWER >> 20} MB")
        return rows
    except sqlite3.OperationalError as error:
        if str(error) == "interrupted":
            raise Stopped("too_slow", "it was stopped") from None
        raise
    finally:
        connection.set_progress_handler(None, 0)


def answer(request: dict[str, Any], databases: dict[str, Database]) -> dict[str, Any]:
    """Rows of one query on the database or an altered copy, in one of the ways."""
    path = request["path"]
    if path not in databases:
        databases[path] = Database(path)
    database = databases[path]
    ways = database.copy(request["copy"], request["constants"]) if request["copy"] else database.ways
    deadline = time.monotonic() + request["seconds"]
    connection = ways[request["ties"]]
    try:
        return {"rows": run(connection, request["tied"], deadline, request["most"])}
    except sqlite3.Error:
        if request["tied"] == request["sql"]:
            raise
        # it cannot be ordered so (a compound SELECT): then only the way of reading is another
        return {"rows": run(connection, request["sql"], deadline, request["most"])}


def told(error: Exception) -> dict[str, str]:
    """An error as a reason code and a sentence."""
    text = str(error)
    if isinstance(error, Stopped):
        return {"code": error.code, "why": text}
    if isinstance(error, MemoryError) or "too big" in text or "out of memory" in text:
        return {"code": "too_much", "why": text or "out of memory"}
    if any(word in text for word in ("not authorized", "prohibited", "readonly", "unsafe use")):
        return {"code": "forbidden", "why": text}
    return {"code": "second_statement" if "one statement at a time" in text else "fails", "why": text}


def limit_process() -> None:
    """No file may grow and memory has an end, where the system knows such limits."""
    try:
        import resource
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MEMORY)):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def main() -> None:
    limit_process()
    databases: dict[str, Database] = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), databases)
        except Exception as error:  # noqa: BLE001  whatever a query does, the next one is answered
            reply = told(error)
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
