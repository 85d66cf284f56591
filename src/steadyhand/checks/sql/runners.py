"""Where queries run: a SQLite file through the worker process, or a Postgres server by its URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from steadyhand.checks.sql.client import WORKER, Failure
from steadyhand.checks.sql.copies import quoted
from steadyhand.checks.sql.rows import Row
from steadyhand.checks.sql.text import Ties
from steadyhand.checks.sql.worker import opened
from steadyhand.errors import UsageError


class QueryRunner(Protocol):
    """Runs one query, with limits, reading only."""

    def rows(
        self,
        sql: str,
        *,
        seconds: float,
        most: int,
        copy: str = "",
        constants: Sequence[object] = (),
        ties: Ties = "",
    ) -> list[Row] | Failure:
        """All rows. `copy` names an altered copy, `ties` turns what it leaves unordered round."""

    def columns(self) -> dict[str, list[str]]:
        """Table -> columns."""


class SqliteRunner:
    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(
        self,
        sql: str,
        *,
        seconds: float,
        most: int,
        copy: str = "",
        constants: Sequence[object] = (),
        ties: Ties = "",
    ) -> list[Row] | Failure:
        return WORKER.rows(self.path, sql, seconds=seconds, most=most, copy=copy, constants=constants, ties=ties)

    def columns(self) -> dict[str, list[str]]:
        try:
            with closing(opened(str(self.path))) as source:
                tables = [row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                return {
                    table: [row[1] for row in source.execute(f"PRAGMA table_info({quoted(table)})")] for table in tables
                }
        except sqlite3.Error as error:
            raise UsageError(f"no SQLite database: {error}", where=str(self.path)) from error


def runner_of(database: str, root: Path) -> QueryRunner:
    """Raises UsageError for a URL of another kind of server."""
    if "://" not in database:
        return SqliteRunner(root / database)
    if not database.startswith(("postgresql://", "postgres://")):
        raise UsageError(
            f"no such kind of database: {database.partition('://')[0]}", next="use postgresql://, or a file"
        )
    from steadyhand.checks.sql.postgres import PostgresRunner

    return PostgresRunner(database)
