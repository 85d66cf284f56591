"""A review as its pages and commands use it: the file, its decisions, the queue, and the export. Shows nothing.

with ReviewSession(Path("pairs.jsonl")) as review:
    item = review.next("mei")
    review.decide(item.version, "mei", "chosen", seen=review.seen(item.version))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from steadyhand.chat.messages import Json, Message
from steadyhand.errors import UsageError
from steadyhand.extras import not_installed
from steadyhand.review.items import ReviewFile, ReviewItem, read_review
from steadyhand.review.queue import LEAST_OVERLAP, ReviewQueue, Side, sides

try:
    from steadyhand.review.decisions import (
        DecidedMeanwhileError,
        ItemState,
        ReviewDecision,
        Reviews,
        default_url,
    )
    from steadyhand.review.summary import ReviewSummary, reviewers, summary
except ModuleNotFoundError as error:
    raise not_installed(error.name or "sqlalchemy", "a review", "studio") from None

_NOBODY = ItemState()


@dataclass(frozen=True)
class Applied:
    """`made` decisions; `left`: reason -> lines that made none."""

    made: int
    left: Counter[str]


class ReviewSession:
    """`url`: the database ("" is SQLite beside the file); `name`: what the file is called there. Raises SteadyError for
    a file that cannot be reviewed or a database that cannot be used. The file is read again when it changed."""

    def __init__(
        self, path: Path, url: str = "", name: str = "", overlap: float = LEAST_OVERLAP,
        reached: Callable[[int], None] = lambda line: None,
    ) -> None:  # fmt: skip
        self.path, self._overlap = path, overlap
        self._stamp = _stamp(path)
        self._file = read_review(path, reached)
        self._queue = ReviewQueue(self._file.items, overlap)
        self._sides: dict[str, dict[str, Side]] = {}
        self.reviews = Reviews(url or default_url(path), name or path.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.reviews.close()

    @property
    def file(self) -> ReviewFile:
        if (stamp := _stamp(self.path)) != self._stamp:
            self._file, self._stamp = read_review(self.path), stamp
            self._queue, self._sides = ReviewQueue(self._file.items, self._overlap), {}
        return self._file

    @property
    def queue(self) -> ReviewQueue:
        assert self.file
        return self._queue

    def item(self, version: str) -> ReviewItem:
        """Raises UsageError for a version that is not in the file (any more)."""
        if (found := self.file.by_version.get(version)) is None:
            after = "go on with the next row; decisions on the old version are kept"
            raise UsageError("this version of the row is no longer in the file", where=version, next=after)
        return found

    def state(self, version: str) -> ItemState:
        return self.reviews.states().get(version, _NOBODY)

    def seen(self, version: str) -> int:
        """How long the history of the item is, for `decide`."""
        return len(self.reviews.history(version))

    def next(self, by: str, after: str = "") -> ReviewItem | None:
        """The open item behind `after` in this person's order."""
        return self.queue.next(by, self.reviews.states(), self.reviewers(), after)

    def left(self, by: str) -> int:
        return self.queue.left(by, self.reviews.states())

    def reviewers(self) -> list[str]:
        return reviewers(self.reviews.all())

    def left_side(self, item: ReviewItem, by: str) -> Side:
        """Which answer of a comparison stands left for this person; the file's better one in half of them."""
        assert self.file
        if by not in self._sides:
            self._sides[by] = sides(self._file.items, by)
        return self._sides[by][item.version]

    def is_blind(self, item: ReviewItem, by: str) -> bool:
        """Whether this person must not see what others decided: everybody judges it, and this one has not yet."""
        return item.version in self.queue.shared and by not in self.state(item.version).standing

    def decide(
        self, version: str, by: str, word: str, *, seen: int = 0, because: str = "", category: str = "",
        correction: Json = None, again: bool = False, settle: bool = False,
    ) -> ReviewDecision:  # fmt: skip
        """`word` may be "left" or "right" for a comparison. Raises what `Reviews.decide` raises, and UsageError for a
        correction that is no answer."""
        item, by = self.item(version), by.strip()
        side = self.left_side(item, by) if item.kind == "compare" else ""
        if item.kind == "compare" and word in ("left", "right"):
            word = side if word == "left" else _other(side)
        if correction is not None:
            correction = _checked(correction, item)
        blind = not settle and self.is_blind(item, by)
        return self.reviews.decide(
            item, by, word, seen=seen, because=because.strip(), category=category.strip(), correction=correction,
            side=side, again=again, blind=blind, settle=settle,
        )  # fmt: skip

    def summary(self) -> ReviewSummary:
        return summary(self.file, self.reviews.all(), self.reviews.states())

    def states(self, by: str = "") -> Mapping[str, ItemState]:
        """What holds; of one reviewer's decisions alone where `by` is given."""
        states = self.reviews.states()
        if not by:
            return states
        if by not in self.reviewers():
            known = ", ".join(self.reviewers()) or "nobody yet"
            raise UsageError(f"{by!r} decided nothing here", next=f"reviewers: {known}")
        own = {version: state.standing.get(by) for version, state in states.items()}
        return {version: ItemState({by: replace(one, settles=False)}) for version, one in own.items() if one}

    def apply(self, rows: Iterable[Mapping[str, Json]]) -> Applied:
        """Decisions out of a file, each through `decide`: {"row" or "version", "by", "word", "because", ...}."""
        made, left = 0, Counter[str]()
        for row in rows:
            try:
                self._apply(row)
                made += 1
            except DecidedMeanwhileError as error:
                left[f"decided already: {error.decision.word}"] += 1
            except UsageError as error:
                left[error.what] += 1
        return Applied(made, left)

    def _apply(self, row: Mapping[str, Json]) -> None:
        known = self.file.by_version
        version = str(row.get("version", ""))
        if version not in known and (place := row.get("row")) is not None:
            part = int(row.get("part", 0))
            found = [one for one in self.file.items if (one.row, one.part) == (place, part)]
            if version and found:
                raise UsageError("the row is another version now", next="look at it again")
            version = found[0].version if found else version
        if row.get("word") == "take_back":
            self.reviews.take_back(self.item(version), str(row.get("by", "")))
            return
        self.decide(
            version, str(row.get("by", "")), str(row.get("word", "")), because=str(row.get("because", "")),
            category=str(row.get("category", "")), correction=row.get("correction"), seen=self.seen(version),
            settle=bool(row.get("settles", False)),
        )  # fmt: skip


def _stamp(path: Path) -> tuple[int, int]:
    """Raises nothing for a file that is gone: reading it will say so."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _other(side: str) -> str:
    return "rejected" if side == "chosen" else "chosen"


def _checked(correction: Json, item: ReviewItem) -> Json:
    """The correction as an OpenAI message; a text is the answer's content. Raises UsageError."""
    row = {"role": "assistant", "content": correction} if isinstance(correction, str) else correction
    try:
        message = Message.from_openai({"role": "assistant", **row})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"the correction is no answer: {error}", next="write text, or one OpenAI message") from None
    if message.role != "assistant" or not (message.content.strip() or message.calls):
        raise UsageError("the correction says nothing", next="write what would be right")
    offered = {tool.name for tool in item.tools}
    if wrong := [call.name for call in message.calls if offered and call.name not in offered]:
        raise UsageError(f"the correction calls {wrong[0]!r}, which is not offered", next=f"use {sorted(offered)}")
    if message in item.answers[:1] and item.kind != "compare":
        raise UsageError("the correction is the answer as it stands", next="accept it instead")
    return message.to_openai()


def words_of(item: ReviewItem) -> Sequence[str]:
    """What a page offers for it; the sides of a comparison are left and right there."""
    return ("left", "right", "tie", "neither", "fix") if item.kind == "compare" else _WORDS[item.kind]


_WORDS = {"answer": ("accept", "fix", "reject"), "verdict": ("pass", "fail", "fix")}
