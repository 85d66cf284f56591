"""Runs, stages and scores across time, in SQLite or any database that SQLAlchemy reaches by URL.

Records answer questions over many runs; what a run produced stands in the store, so losing the records loses no work.
Instants are ISO 8601 text in UTC: it sorts, reads and compares the same in every database.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from steadyhand.chat.messages import Json
from steadyhand.ledger.database import RecordsDatabase, utc_instant
from steadyhand.ledger.result import Metric

Status = Literal["running", "done", "skipped", "failed", "stopped"]


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
        self._database = RecordsDatabase(url, Base.metadata)
        self.url = self._database.url

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def start_run(self, run: str, domain: str, settings: dict[str, Json]) -> None:
        """Record a run, or that a stopped one goes on (its start and its stages stay)."""
        with self._database.session() as session:
            row = session.get(RunRow, run)
            if row is None:
                session.add(RunRow(id=run, domain=domain, started=utc_instant(), settings=settings))
            else:
                row.status, row.finished, row.verdict, row.reason, row.settings = "running", None, None, "", settings

    def finish_run(self, run: str, status: Status, *, verdict: str | None = None, reason: str = "") -> None:
        with self._database.session() as session:
            row = session.get_one(RunRow, run)
            row.status, row.verdict, row.reason, row.finished = status, verdict, reason, utc_instant()

    def start_stage(self, run: str, name: str, key: str) -> None:
        """Record that a stage begins, or begins again. Stages are listed in the order of their first start."""
        with self._database.session() as session:
            known = session.scalars(select(StageRow).where(StageRow.run == run)).all()
            earlier = next((row.position for row in known if row.name == name), len(known))
            row = StageRow(run=run, name=name, position=earlier, key=key, status="running", started=utc_instant())
            row.seconds, row.reason = None, ""  # merge copies only what is set
            session.merge(row)

    def finish_stage(self, run: str, name: str, status: Status, *, seconds: float, reason: str = "") -> None:
        with self._database.session() as session:
            row = session.get_one(StageRow, (run, name))
            row.status, row.seconds, row.reason = status, seconds, reason

    def add_scores(self, run: str, model: str, metrics: Iterable[Metric]) -> None:
        """Record metrics; the same metric of the same model replaces its earlier value."""
        with self._database.session() as session:
            for m in metrics:
                session.merge(
                    ScoreRow(run=run, model=model, metric=m.name, value=m.value, n=m.n, low=m.low, high=m.high)
                )

    def runs(self, domain: str | None = None) -> list[RunRow]:
        """Newest first."""
        query = select(RunRow).order_by(RunRow.started.desc(), RunRow.id.desc())
        with self._database.session() as session:
            return list(session.scalars(query if domain is None else query.where(RunRow.domain == domain)))

    def stages(self, run: str) -> list[StageRow]:
        with self._database.session() as session:
            return list(session.scalars(select(StageRow).where(StageRow.run == run).order_by(StageRow.position)))

    def scores(self, run: str, model: str | None = None) -> list[ScoreRow]:
        query = select(ScoreRow).where(ScoreRow.run == run).order_by(ScoreRow.model, ScoreRow.metric)
        with self._database.session() as session:
            return list(session.scalars(query if model is None else query.where(ScoreRow.model == model)))
