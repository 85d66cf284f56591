"""Ratings and feedback in a database: SQLite by default, any other by its SQLAlchemy URL. Knows nothing of HTTP.

Two rules are held by the database, not by a look before the leap, so that they hold under concurrency as well: one
feedback per idempotency key, and one pending feedback per URI and verdict (`active` is 1 while pending and NULL after,
and NULLs are distinct in every database).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ForeignKey, UniqueConstraint, create_engine, event, make_url, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

FIRST_TICKET = 100
ACCEPTED_LEVEL = {"unsafe": 90, "safe": 10}  # what a rating becomes when a reviewer agrees with the feedback


class Base(DeclarativeBase):
    pass


class Rating(Base):
    """What USS holds of one URI (in canonical form); `level` above 50 is unsafe, the other fields do not decide."""

    __tablename__ = "ratings"

    uri: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int]
    confidence: Mapped[int | None] = mapped_column(default=None)
    severity: Mapped[int | None] = mapped_column(default=None)
    threat_level: Mapped[str | None] = mapped_column(default=None)

    def shown(self) -> dict[str, Any]:
        fields = ("level", "confidence", "severity", "threat_level")
        return {name: value for name in fields if (value := getattr(self, name)) is not None}


class Feedback(Base):
    """One "your verdict is wrong", from `pending` to `accepted`, `rejected` or `withdrawn`."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("uri", "verdict", "active"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(unique=True)
    uri: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default="pending")
    active: Mapped[int | None] = mapped_column(default=1)
    created: Mapped[str]
    changed: Mapped[str]

    @property
    def ticket(self) -> str:
        return f"T{FIRST_TICKET + self.id}"

    def shown(self) -> dict[str, Any]:
        names = ("uri", "verdict", "reason", "state", "created", "changed")
        return {"ticket": self.ticket, **{name: getattr(self, name) for name in names}}


class Reminder(Base):
    """That somebody reminded the reviewer of a ticket."""

    __tablename__ = "reminders"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    feedback: Mapped[int] = mapped_column(ForeignKey("feedback.id"))
    created: Mapped[str]


@dataclass(frozen=True)
class Filed:
    """`new` False: the key was used before for the same feedback. `clash`: what stands in the way, if anything."""

    feedback: Feedback
    new: bool
    clash: str = ""


class Store:
    """Every method is one transaction. Rows come back detached."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        Base.metadata.create_all(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def seed(self, ratings: Iterable[Rating]) -> int:
        """Adds the ratings whose URIs are not rated yet; how many those were."""
        added = 0
        with self._session() as session:
            for rating in ratings:
                if session.get(Rating, rating.uri) is None:
                    session.add(rating)
                    added += 1
            session.commit()
        return added

    def rating(self, uri: str) -> Rating | None:
        with self._session() as session:
            return session.get(Rating, uri)

    def file(self, key: str, uri: str, verdict: str, reason: str) -> Filed:
        """Files feedback once per key. A key that was used for something else, and a pending ticket of another key for
        the same URI and verdict, come back as a clash."""
        now = _now()
        with self._session() as session:
            row = Feedback(key=key, uri=uri, verdict=verdict, reason=reason, created=now, changed=now)
            session.add(row)
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
            else:
                return Filed(row, new=True)
            known = session.scalar(select(Feedback).where(Feedback.key == key))
            if known is not None:
                same = (known.uri, known.verdict, known.reason) == (uri, verdict, reason)
                return Filed(known, new=False, clash="" if same else "key")
            pending = select(Feedback).where(Feedback.uri == uri, Feedback.verdict == verdict, Feedback.active == 1)
            other = session.scalar(pending)
        if other is None:  # it was decided between the two statements: the way is free now
            return self.file(key, uri, verdict, reason)
        return Filed(other, new=False, clash="pending")

    def by_key(self, key: str) -> Feedback | None:
        with self._session() as session:
            return session.scalar(select(Feedback).where(Feedback.key == key))

    def by_ticket(self, ticket: str) -> Feedback | None:
        with self._session() as session:
            return _by_ticket(session, ticket)

    def listed(self, uri: str | None, state: str | None, limit: int) -> list[Feedback]:
        """Newest first."""
        query = select(Feedback).order_by(Feedback.id.desc()).limit(limit)
        query = query if uri is None else query.where(Feedback.uri == uri)
        query = query if state is None else query.where(Feedback.state == state)
        with self._session() as session:
            return list(session.scalars(query))

    def decide(self, ticket: str, state: str) -> Feedback | None:
        """Takes a pending ticket to `state`; accepted feedback changes the rating. Anything but a pending ticket stays
        as it is, so a repeated request changes nothing. None: no such ticket."""
        with self._session() as session:
            row = _by_ticket(session, ticket)
            if row is None:
                return None
            mine = update(Feedback).where(Feedback.id == row.id, Feedback.state == "pending")
            session.execute(mine.values(state=state, active=None, changed=_now()))  # one of two reviewers wins
            session.refresh(row)
            if row.state == state == "accepted":
                session.merge(Rating(uri=row.uri, level=ACCEPTED_LEVEL[row.verdict]))
            session.commit()
            return row

    def remind(self, ticket: str) -> Feedback | None:
        with self._session() as session:
            row = _by_ticket(session, ticket)
            if row is not None:
                session.add(Reminder(feedback=row.id, created=_now()))
                session.commit()
            return row

    def _session(self) -> Session:
        return Session(self._engine, expire_on_commit=False)


def _by_ticket(session: Session, ticket: str) -> Feedback | None:
    number = ticket.removeprefix("T")
    if not (ticket.startswith("T") and number.isascii() and number.isdigit() and len(number) <= 12):
        return None
    return session.get(Feedback, int(number) - FIRST_TICKET)


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": 30})
    event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _: object) -> None:
    """WAL: readers do not wait for the writer."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
