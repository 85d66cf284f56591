"""Runs, stages and scores across time, in SQLite or any database that SQLAlchemy reaches by URL.

Records answer questions over many runs; what a run produced stands in the store, so losing the records loses no work.
Instants are ISO 8601 text in UTC: it sorts, reads and compares the same in every database.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import JSON, Engine, ForeignKey, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateTable

from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, PrerequisiteError, SteadyError, UsageError, first_line
from steadyhand.ledger.result import Metric

Status = Literal["running", "done", "skipped", "failed", "stopped"]
BUSY_TIMEOUT_MS = 30_000


class Base(DeclarativeBase):
    pass


class RunRow(Base):
    """One `steady run`. `settings` is the resolved steady.toml; `verdict` is PASS, FAIL, INSUFFICIENT or None."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    domain: Mapped[str]
    started: Mapped[str]
    finished: Mapped[str | None] = mapped_column(default=None)
    status: Mapped[str] = mapped_column(default="running")
    verdict: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class StageRow(Base):
    """One stage of a run; `key` names its artifact, `reason` says why it was skipped, failed or stopped."""

    __tablename__ = "stages"

    run: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    key: Mapped[str]
    status: Mapped[str]
    started: Mapped[str]
    seconds: Mapped[float | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")


class ScoreRow(Base):
    """One metric of one model in one run; `value` None: nothing could be scored."""

    __tablename__ = "scores"

    run: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | None]
    n: Mapped[int]
    low: Mapped[float | None]
    high: Mapped[float | None]


class Records:
    """A connection to the records; tables are made when missing. Every method commits before it returns.

    Raises UsageError (not a URL), PrerequisiteError (the driver is not installed), JobError (database unreachable,
    full or damaged). Rows come back detached and may be read after `close`.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self.url = self._engine.url.render_as_string(hide_password=True)
        with self._session() as session:
            for table in Base.metadata.sorted_tables:  # IF NOT EXISTS, because two runs may begin at once
                session.execute(CreateTable(table, if_not_exists=True))

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    def start_run(self, run: str, domain: str, settings: dict[str, Json]) -> None:
        """Record a run, or that a stopped one goes on (its start and its stages stay)."""
        with self._session() as session:
            row = session.get(RunRow, run)
            if row is None:
                session.add(RunRow(id=run, domain=domain, started=_now(), settings=settings))
            else:
                row.status, row.finished, row.verdict, row.reason, row.settings = "running", None, None, "", settings

    def finish_run(self, run: str, status: Status, *, verdict: str | None = None, reason: str = "") -> None:
        with self._session() as session:
            row = session.get_one(RunRow, run)
            row.status, row.verdict, row.reason, row.finished = status, verdict, reason, _now()

    def start_stage(self, run: str, name: str, key: str) -> None:
        """Record that a stage begins, or begins again. Stages are listed in the order of their first start."""
        with self._session() as session:
            known = session.scalars(select(StageRow).where(StageRow.run == run)).all()
            earlier = next((row.position for row in known if row.name == name), len(known))
            row = StageRow(run=run, name=name, position=earlier, key=key, status="running", started=_now())
            row.seconds, row.reason = None, ""  # merge copies only what is set
            session.merge(row)

    def finish_stage(self, run: str, name: str, status: Status, *, seconds: float, reason: str = "") -> None:
        with self._session() as session:
            row = session.get_one(StageRow, (run, name))
            row.status, row.seconds, row.reason = status, seconds, reason

    def add_scores(self, run: str, model: str, metrics: Iterable[Metric]) -> None:
        """Record metrics; the same metric of the same model replaces its earlier value."""
        with self._session() as session:
            for m in metrics:
                session.merge(
                    ScoreRow(run=run, model=model, metric=m.name, value=m.value, n=m.n, low=m.low, high=m.high)
                )

    def runs(self, domain: str | None = None) -> list[RunRow]:
        """Newest first."""
        query = select(RunRow).order_by(RunRow.started.desc(), RunRow.id.desc())
        with self._session() as session:
            return list(session.scalars(query if domain is None else query.where(RunRow.domain == domain)))

    def stages(self, run: str) -> list[StageRow]:
        with self._session() as session:
            return list(session.scalars(select(StageRow).where(StageRow.run == run).order_by(StageRow.position)))

    def scores(self, run: str, model: str | None = None) -> list[ScoreRow]:
        query = select(ScoreRow).where(ScoreRow.run == run).order_by(ScoreRow.model, ScoreRow.metric)
        with self._session() as session:
            return list(session.scalars(query if model is None else query.where(ScoreRow.model == model)))

    @contextmanager
    def _session(self) -> Iterator[Session]:
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                yield session
        except DBAPIError as error:
            raise JobError(
                f"the records cannot be used: {first_line(error.orig)}",
                where=self._engine.url.render_as_string(hide_password=True),
                next="check `ledger.url` and that the database is up; finished stages are kept",
            ) from error


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
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
