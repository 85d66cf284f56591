"""What reviewers decided: rows that are only ever added, in SQLite beside the file or any database by its URL.

Each decision takes the next place in the history of its item, and the database lets nobody take one twice. So two tabs,
two people, or a studio that was killed in the middle lose nothing: whoever comes second is told what came first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlalchemy import JSON, UniqueConstraint, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.ledger.database import RecordsDatabase, utc_instant
from steadyhand.ledger.keys import canonical_json
from steadyhand.review.items import WORDS, ReviewItem

FILE = "reviews.sqlite"
TAKEN_BACK = "take_back"
_TRIES = 20  # to take a place when others take theirs at the same moment
LONGEST = 20_000  # characters of a reason or of a correction's text


class ReviewBase(DeclarativeBase):
    pass


class DecisionRow(ReviewBase):
    """One line of the history of an item; `position` counts from 0 within it."""

    __tablename__ = "review_decisions"
    __table_args__ = (UniqueConstraint("file", "version", "position"),)

    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    file: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    position: Mapped[int]
    row: Mapped[int]
    part: Mapped[int]
    by: Mapped[str]
    time: Mapped[str]
    word: Mapped[str]
    because: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")
    correction: Mapped[Json] = mapped_column(JSON(none_as_null=True), nullable=True, default=None)
    side: Mapped[str] = mapped_column(default="")
    settles: Mapped[bool] = mapped_column(default=False)
    of: Mapped[int | None] = mapped_column(default=None)


@dataclass(frozen=True)
class ReviewDecision:
    """`word`: one of `WORDS` of the item's kind, or TAKEN_BACK (`of`: the position that is taken back). `correction`:
    an OpenAI message. `side`: which answer of a comparison stood left ("chosen", "rejected"). `settles`: the others'
    decisions were known, and this one ends the dispute."""

    version: str
    position: int
    row: int
    part: int
    by: str
    time: str
    word: str
    because: str = ""
    category: str = ""
    correction: Json = None
    side: str = ""
    settles: bool = False
    of: int | None = None

    def to_json(self) -> dict[str, Json]:
        """Without what says nothing."""
        return {key: value for key, value in asdict(self).items() if value not in ("", None, False)}


class DecidedMeanwhileError(UsageError):
    """Somebody, or the same person in another tab, decided first; `decision` is what they said."""

    def __init__(self, decision: ReviewDecision, own: bool) -> None:
        who = "you decided it already" if own else f"{decision.by} decided it meanwhile"
        after = "take it back, or decide again" if own else "look at it, and decide again for a second opinion"
        super().__init__(f"{who}: {decision.word} ({decision.time[:19]})", next=after)
        self.decision, self.own = decision, own


@dataclass(frozen=True)
class ItemState:
    """`standing`: each reviewer's last word that was not taken back. `word`: what holds, "" while nobody decided,
    "disputed" where people differ and nobody settled it."""

    standing: Mapping[str, ReviewDecision] = field(default_factory=dict)

    @property
    def word(self) -> str:
        settled = [one for one in self.standing.values() if one.settles]
        if settled:
            return max(settled, key=lambda one: one.position).word
        said = {(one.word, canonical_json(one.correction)) for one in self.standing.values()}
        return "disputed" if len(said) > 1 else next((word for word, _ in said), "")

    @property
    def decision(self) -> ReviewDecision | None:
        """The decision whose word holds; of equal ones the last, for its correction."""
        fitting = [one for one in self.standing.values() if one.word == self.word]
        return max(fitting, key=lambda one: (one.settles, one.position)) if fitting else None


class Reviews:
    """The decisions about one file, `name` in the database at `url`. Raises what `RecordsDatabase` raises."""

    def __init__(self, url: str, name: str, clock: Callable[[], str] = utc_instant) -> None:
        self.name, self._clock = name, clock
        self._database = RecordsDatabase(url, ReviewBase.metadata)
        self.url = self._database.url
        self._known: tuple[tuple[int, int], list[ReviewDecision]] = (0, 0), []

    def close(self) -> None:
        self._database.close()

    def all(self) -> list[ReviewDecision]:
        """Every decision, oldest first; read again when there are more."""
        own = DecisionRow.file == self.name
        with self._database.session() as session:
            count, last = session.execute(select(func.count(), func.max(DecisionRow.n)).where(own)).one()
            if (count, last or 0) != self._known[0]:
                rows = session.scalars(select(DecisionRow).where(own).order_by(DecisionRow.n)).all()
                self._known = (len(rows), rows[-1].n if rows else 0), [_decision(row) for row in rows]
        return self._known[1]

    def states(self) -> dict[str, ItemState]:
        """By version of the item."""
        histories: dict[str, list[ReviewDecision]] = {}
        for one in self.all():
            histories.setdefault(one.version, []).append(one)
        return {version: _state(history) for version, history in histories.items()}

    def history(self, version: str) -> list[ReviewDecision]:
        query = select(DecisionRow).where(DecisionRow.file == self.name, DecisionRow.version == version)
        with self._database.session() as session:
            return [_decision(row) for row in session.scalars(query.order_by(DecisionRow.position))]

    def decide(
        self, item: ReviewItem, by: str, word: str, *, seen: int = 0, because: str = "", category: str = "",
        correction: Json = None, side: str = "", again: bool = False, blind: bool = False, settle: bool = False,
    ) -> ReviewDecision:  # fmt: skip
        """Adds one decision. `seen`: how long the item's history was when it was shown. `blind`: others are meant to
        judge it too, and what they said stays hidden. `again`: after having been told. `settle`: ends a dispute.

        Raises DecidedMeanwhileError when this person decided already, or (not `blind`) somebody else since `seen`;
        UsageError for a word that the item does not take, a fix without a correction, a rejection without a reason.
        """
        _refuse_wrong(item, by, word, because, correction)
        for _ in range(_TRIES):
            history = self.history(item.version)
            state = _state(history)
            if not (again or settle):
                _refuse_second(state, history[seen:], by, blind)
            made = ReviewDecision(
                item.version, len(history), item.row, item.part, by, self._clock(), word, because, category,
                correction, side, settle,
            )  # fmt: skip
            if self._added(made):
                return made
        raise UsageError("too many people decide about it at once", where=item.id, next="try again")

    def take_back(self, item: ReviewItem, by: str) -> ReviewDecision:
        """The person's own last decision about the item. Raises UsageError where there is none."""
        for _ in range(_TRIES):
            history = self.history(item.version)
            own = _state(history).standing.get(by)
            if own is None:
                raise UsageError(f"{by} decided nothing about row {item.id}", next="look at the row again")
            back = ReviewDecision(
                item.version, len(history), item.row, item.part, by, self._clock(), TAKEN_BACK, of=own.position
            )
            if self._added(back):
                return back
        raise UsageError("too many people decide about it at once", where=item.id, next="try again")

    def _added(self, made: ReviewDecision) -> bool:
        """Whether the place was free. Raises JobError for a row that the database refuses for another reason."""
        with self._database.session() as session:
            try:
                with session.begin_nested():
                    session.add(DecisionRow(file=self.name, **asdict(made)))
            except IntegrityError:
                place = (DecisionRow.version == made.version) & (DecisionRow.position == made.position)
                if session.scalar(select(DecisionRow.n).where(DecisionRow.file == self.name, place)) is None:
                    raise
                return False
        return True


def _decision(row: DecisionRow) -> ReviewDecision:
    return ReviewDecision(
        row.version, row.position, row.row, row.part, row.by, row.time, row.word, row.because, row.category,
        row.correction, row.side, row.settles, row.of,
    )  # fmt: skip


def _state(history: Sequence[ReviewDecision]) -> ItemState:
    back = {one.of for one in history if one.word == TAKEN_BACK}
    return ItemState({one.by: one for one in history if one.word != TAKEN_BACK and one.position not in back})


def _refuse_second(state: ItemState, since: Sequence[ReviewDecision], by: str, blind: bool) -> None:
    if by in state.standing:
        raise DecidedMeanwhileError(state.standing[by], own=True)
    others = [one for one in since if one.by in state.standing and state.standing[one.by] == one]
    if others and not blind:
        raise DecidedMeanwhileError(others[-1], own=False)


def _refuse_wrong(item: ReviewItem, by: str, word: str, because: str, correction: Json) -> None:
    if not by.strip():
        raise UsageError("nobody says who decides", next="give a name")
    if word not in WORDS[item.kind]:
        raise UsageError(f"{word!r} is no decision about this row", next=f"use {', '.join(WORDS[item.kind])}")
    if (word == "fix") != (correction is not None):
        raise UsageError("a fix needs a correction, and nothing else takes one", next="write what would be right")
    if word in ("reject", "neither") and not because.strip():
        raise UsageError("a rejection needs a reason", next="say why: whoever mends it later needs it")
    if max(len(because), len(str(correction or ""))) > LONGEST:
        raise UsageError(f"more than {LONGEST:,} characters", next="shorten it")


def files_in(url: str) -> set[str]:
    """The names of the files about which the database holds decisions."""
    with RecordsDatabase(url, ReviewBase.metadata) as database, database.session() as session:
        return set(session.scalars(select(DecisionRow.file).distinct()))


def default_url(path: Path) -> str:
    """SQLite beside the file that is reviewed."""
    return f"sqlite:///{path.resolve().parent / FILE}"
