"""Queries on a Postgres server, by URL: one read-only transaction each, a cursor, a timeout.

A cursor can only be declared for one statement that reads, whatever the text holds, and the extended protocol takes one
statement only. Altered copies are temporary tables of a session, which stand before the real ones in its search path;
a role that may make none is judged without copies.
"""

from __future__ import annotations

import json
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any

from steadyhand.checks.sql.client import Failure
from steadyhand.checks.sql.copies import SAMPLE, Table, altered_rows, is_name, parents_first, quoted
from steadyhand.checks.sql.rows import Row
from steadyhand.checks.sql.text import TIE, Ties, with_ties
from steadyhand.errors import JobError, UsageError, first_line
from steadyhand.extras import not_installed

if TYPE_CHECKING:
    import psycopg

_OPTIONS = "-c standard_conforming_strings=on -c lock_timeout=2s -c idle_in_transaction_session_timeout=60s"
SESSIONS = 8  # with altered copies, that are kept open
_REFUSED = ("25006", "42501", "2F003")  # writing in a read-only transaction, no privilege, prohibited statement
_TIMEOUTS = ("57014", "55P03")
_SYNTAX = "42601"


class PostgresRunner:
    """Raises UsageError for a URL that is none, JobError when the server does not answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._sessions: OrderedDict[str, psycopg.Connection[Any] | None] = OrderedDict()
        self._counters: dict[psycopg.Connection[Any], bool] = {}
        self._opened: list[psycopg.Connection[Any]] = []
        weakref.finalize(self, _close, self._opened)

    @cached_property
    def _main(self) -> psycopg.Connection[Any]:
        return self._connected()

    def _connected(self) -> psycopg.Connection[Any]:
        try:
            import psycopg
        except ImportError as error:
            raise not_installed("psycopg", "a Postgres database") from error
        try:
            session = psycopg.connect(self.url, connect_timeout=10, options=_OPTIONS)
        except psycopg.ProgrammingError as error:
            raise UsageError(f"no URL of a Postgres database: {error}") from None
        except psycopg.OperationalError as error:
            what = f"the Postgres server does not answer: {first_line(error)}"
            raise JobError(what, next="start it, or correct the URL") from None
        self._opened.append(session)
        return session

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
        session = self._copy(copy, list(constants)) if copy else self._main
        if session is None:
            return Failure("no_copy", "the role may make no temporary tables")
        text = with_ties(sql)
        if not ties or text == sql or not self._can_tie(session):
            return _asked(session, sql, seconds, most)
        ordered = _asked(session, text.replace(TIE, _TIE if ties == "up" else f"-{_TIE}"), seconds, most)
        return (
            _asked(session, sql, seconds, most) if isinstance(ordered, Failure) else ordered
        )  # it cannot be ordered so

    def _can_tie(self, session: psycopg.Connection[Any]) -> bool:
        """Whether a counter can be made in the session, to order what ties."""
        import psycopg

        if session not in self._counters:
            try:
                with session.transaction():
                    session.execute(_COUNTER)
                self._counters[session] = True
            except psycopg.Error:
                self._counters[session] = False
        return self._counters[session]

    def columns(self) -> dict[str, list[str]]:
        return {table.name: table.columns for table in self._tables}

    @cached_property
    def _tables(self) -> list[Table]:
        with _reading(self._main, 30) as cursor:
            tables = {name: _table(cursor, name) for (name,) in cursor.execute(_TABLES).fetchall()}
            for name, column, parent, key in cursor.execute(_REFERENCES).fetchall():
                if name in tables and parent in tables and key in tables[parent].columns:
                    tables[name].references[tables[name].columns.index(column)] = (parent, key)
        return parents_first(tables)

    def _copy(self, seed: str, constants: list[Any]) -> psycopg.Connection[Any] | None:
        import psycopg

        name = json.dumps([seed, constants])
        if name not in self._sessions:
            while len(self._sessions) >= SESSIONS:
                _, old = self._sessions.popitem(last=False)
                if old is not None:
                    old.close()
            session = self._connected()
            try:
                _write_altered(session, self._tables, name, constants)
            except psycopg.Error:
                session.close()
                self._sessions[name] = None
            else:
                self._sessions[name] = session
        return self._sessions[name]


def _close(opened: list[psycopg.Connection[Any]]) -> None:
    for session in opened:
        session.close()


_TIE = "nextval('pg_temp.steady_tie')"
_COUNTER = "CREATE TEMP SEQUENCE steady_tie"
_TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1
"""
_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position
"""
_KEYS = """
SELECT a.attname, i.indisprimary FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indrelid = to_regclass(quote_ident(%s)) AND i.indisunique AND (i.indisprimary OR i.indnkeyatts = 1)
"""
_REFERENCES = """
SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text, f.attname FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1]
WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 1
"""


def _table(cursor: psycopg.Cursor[Any], name: str) -> Table:
    columns = [row[0] for row in cursor.execute(_COLUMNS, (name,)).fetchall()]
    listed = ", ".join(map(quoted, columns))
    rows = cursor.execute(f"SELECT {listed} FROM {quoted(name)} LIMIT {SAMPLE}").fetchall()
    keys = cursor.execute(_KEYS, (name,)).fetchall()
    table = Table(name, columns, rows, {columns.index(column) for column, primary in keys if primary})
    declared = {columns.index(column) for column, primary in keys if not primary}
    table.unique = ({i for i in range(len(columns)) if is_name(rows, i)} | declared) - table.key
    table.nullable = {i for i in range(len(columns)) if any(row[i] is None for row in rows)}
    return table


def _write_altered(session: psycopg.Connection[Any], tables: Sequence[Table], seed: str, constants: list[Any]) -> None:
    rng, altered = Random(seed), dict[str, list[dict[str, Any]]]()
    with session.transaction(), session.cursor() as cursor:
        for table in tables:
            rows = altered_rows(table, altered, constants, rng)
            name, columns = quoted(table.name), ", ".join(map(quoted, table.columns))
            cursor.execute(f"CREATE TEMP TABLE {name} AS SELECT {columns} FROM {name} LIMIT 0")
            marks = ", ".join(["%s"] * len(table.columns))
            cursor.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)
            altered[table.name] = [dict(zip(table.columns, row, strict=True)) for row in rows]


@contextmanager
def _reading(session: psycopg.Connection[Any], seconds: float) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor in a read-only transaction that is rolled back."""
    session.rollback()
    session.read_only = True
    try:
        with session.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {max(1, int(1000 * seconds))}")
            yield cursor
    finally:
        session.rollback()
        session.read_only = None


def _asked(session: psycopg.Connection[Any], sql: str, seconds: float, most: int) -> list[Row] | Failure:
    import psycopg

    try:
        with _reading(session, seconds) as cursor:
            cursor.execute(f"DECLARE steady NO SCROLL CURSOR FOR {sql}", prepare=True)
            cursor.execute(f"FETCH FORWARD {most + 1} FROM steady")
            rows: list[Row] = [tuple(map(_plain, row)) for row in cursor.fetchall()]
    except psycopg.Error as error:
        return _told(error)
    return rows if len(rows) <= most else Failure("too_much", f"more than {most} rows")


def _told(error: psycopg.Error) -> Failure:
    why, state = first_line(error), error.sqlstate or ""
    if state in _TIMEOUTS:
        return Failure("too_slow", why)
    if state in _REFUSED or "data-modifying" in why or "INTO is not allowed" in why:
        return Failure("forbidden", why)
    return Failure("second_statement" if state == _SYNTAX and "multiple commands" in why else "fails", why)


def _plain(value: Any) -> Any:
    """A value as SQLite would have it: numbers, text, bytes, nothing."""
    if value is None or isinstance(value, (int, float, str, bytes)):
        return value
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return bytes(value) if isinstance(value, memoryview) else json.dumps(value, default=str, sort_keys=True)
