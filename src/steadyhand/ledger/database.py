"""A database by its URL: SQLite, or any that SQLAlchemy reaches. Knows connections and their errors; knows no table.

Instants in it are ISO 8601 text in UTC: it sorts, reads and compares the same in every database.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, MetaData, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable

from steadyhand.errors import JobError, PrerequisiteError, SteadyError, UsageError, first_line

BUSY_TIMEOUT_MS = 30_000


class RecordsDatabase:
    """A connection; the tables of `metadata` are made when missing.

    Raises UsageError (not a URL), PrerequisiteError (the driver is not installed), JobError (database unreachable,
    full or damaged).
    """

    def __init__(self, url: str, metadata: MetaData) -> None:
        self._engine = _engine(url)
        self.url = self._engine.url.render_as_string(hide_password=True)
        with self.session() as session:
            for table in metadata.sorted_tables:  # IF NOT EXISTS, because two processes may begin at once
                session.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    session.execute(CreateIndex(index, if_not_exists=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Commits at its end, or nothing of it. Rows come back detached and may be read after `close`."""
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                yield session
        except DBAPIError as error:
            raise JobError(
                f"the records cannot be used: {first_line(error.orig)}",
                where=self._engine.url.render_as_string(hide_password=True),
                next="check `ledger.url` and that the database is up; finished stages are kept",
            ) from error


def utc_instant() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        parent = _sqlite_folder(parsed.database) if parsed.get_backend_name() == "sqlite" else None
        if parent:
            parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise _bad_url(UsageError, "`ledger.url` is not an SQLAlchemy URL of a known database") from error
    except ModuleNotFoundError as error:
        raise _bad_url(PrerequisiteError, f"the database driver `{error.name}` is not installed") from error
    except OSError as error:
        raise JobError(f"the records' folder cannot be made: {error.strerror}", where=str(error.filename)) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def _bad_url(kind: type[SteadyError], what: str) -> SteadyError:
    """Says nothing of the URL itself: it may hold a password."""
    return kind(
        what, where="ledger.url", next="for example sqlite:///runs/ledger.sqlite; other databases need a driver"
    )


def _sqlite_folder(database: str | None) -> Path | None:
    return None if not database or database == ":memory:" or database.startswith("file:") else Path(database).parent


def _tune_sqlite(connection: Any, _: object) -> None:
    """WAL: readers do not wait for the writer; the timeout: two writers wait for each other instead of failing."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Turns WAL on, once per file. The timeout does not cover this switch: whoever comes second is refused at once, and
    finds it done a moment later."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
