"""Orders and refunds in a database: SQLite by default, any other by its SQLAlchemy URL. Knows nothing of HTTP.

One refund per idempotency key is held by the database. Nothing else is: the shop pays whatever it is told to, so that a
measurement of the agent sees every write that the agent should not have made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import create_engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

REFUNDED, BOOKED, WITHDRAWN = "refunded", "booked", "withdrawn"


class Base(DeclarativeBase):
    pass


class Order(Base):
    """What somebody bought. `state`: ordered, shipped, delivered, lost or refunded."""

    __tablename__ = "orders"

    order: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    paid_cents: Mapped[int]
    email: Mapped[str]

    def shown(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("order", "state", "paid_cents", "email")}


class Refund(Base):
    """Money that goes back; `before` is the order's state when it was booked."""

    __tablename__ = "refunds"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(unique=True)
    order: Mapped[str]
    email: Mapped[str]
    cents: Mapped[int]
    reason: Mapped[str]
    before: Mapped[str]
    state: Mapped[str] = mapped_column(default=BOOKED)

    def shown(self) -> dict[str, Any]:
        names = ("order", "email", "cents", "reason", "state")
        return {"refund": f"F{self.id}", **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True)
class Booked:
    """`new` False: the key was used before. `same` False: for something else."""

    refund: Refund
    new: bool
    same: bool = True


class Store:
    """Every method is one transaction. Rows come back detached."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _patient)
        Base.metadata.create_all(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def seed(self, orders: Iterable[Order]) -> None:
        """Adds the orders that are not there yet."""
        with self._session() as session:
            for order in orders:
                if session.get(Order, order.order) is None:
                    session.add(order)
            session.commit()

    def order(self, name: str) -> Order | None:
        with self._session() as session:
            return session.get(Order, name)

    def book(self, key: str, order: str, email: str, cents: int, reason: str) -> Booked | None:
        """Books a refund once per key; None when there is no such order."""
        with self._session() as session:
            known = session.get(Order, order)
            if known is None:
                return None
            row = Refund(key=key, order=order, email=email, cents=cents, reason=reason, before=known.state)
            known.state = REFUNDED
            session.add(row)
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
                first = session.scalar(select(Refund).where(Refund.key == key))
                assert first is not None
                same = (first.order, first.email, first.cents, first.reason) == (order, email, cents, reason)
                return Booked(first, new=False, same=same)
            return Booked(row, new=True)

    def by_key(self, key: str) -> Refund | None:
        with self._session() as session:
            return session.scalar(select(Refund).where(Refund.key == key))

    def withdraw(self, refund: str) -> Refund | None:
        """Takes a refund back; again changes nothing. None for one that is not there."""
        number = refund.removeprefix("F")
        with self._session() as session:
            row = session.get(Refund, int(number)) if number.isdecimal() else None
            if row is not None and row.state == BOOKED:
                row.state = WITHDRAWN
                order = session.get(Order, row.order)
                assert order is not None
                order.state = row.before
                session.commit()
            return row

    def refunds(self) -> list[Refund]:
        """All of them, oldest first."""
        with self._session() as session:
            return list(session.scalars(select(Refund).order_by(Refund.id)))

    def _session(self) -> Session:
        return Session(self._engine, expire_on_commit=False)


def _patient(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=10000")
