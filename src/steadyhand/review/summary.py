"""What a review has come to: how much is decided, by whom, how far people agree, and whether a side was preferred."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from steadyhand.chat.messages import Json
from steadyhand.review.decisions import TAKEN_BACK, ItemState, ReviewDecision
from steadyhand.review.items import ReviewFile
from steadyhand.stats.agreement import Agreement, agreement
from steadyhand.stats.intervals import Interval, wilson


@dataclass(frozen=True)
class ReviewSummary:
    """`words`: what holds -> items ("" open). `changed`: rows that were decided on a version that is no longer in the
    file. `left_side`: how often the left answer was found better, of the comparisons that named one."""

    items: int
    rejects: int
    words: Mapping[str, int]
    changed: int
    reviewers: Mapping[str, int]
    agreement: Agreement
    left_side: Interval | None
    with_file: Interval | None

    @property
    def decided(self) -> int:
        return self.items - self.words.get("", 0)

    def to_json(self) -> dict[str, Json]:
        told = {
            "items": self.items, "decided": self.decided, "unusable": self.rejects, "changed": self.changed,
            "words": {word or "open": count for word, count in self.words.items()}, "reviewers": dict(self.reviewers),
        }  # fmt: skip
        more = {"overlap": self.agreement.overlap, "agreement": asdict(self.agreement)}
        sides = {"left_side": self.left_side, "with_file": self.with_file}
        return told | more | {name: asdict(one) if one else None for name, one in sides.items()}


def summary(file: ReviewFile, decisions: Sequence[ReviewDecision], states: Mapping[str, ItemState]) -> ReviewSummary:
    """All of it. `states` are those of `decisions`."""
    here = [states.get(item.version, ItemState()) for item in file.items]
    reviewers = Counter(by for state in here for by in state.standing)
    units = [[one.word for one in state.standing.values() if not one.settles] for state in here]
    gone = {one.version for one in decisions if one.version not in file.by_version}
    changed = sum(1 for version in gone if states[version].standing)
    words = Counter(state.word for state in here)
    return ReviewSummary(
        len(file.items), len(file.rejects), dict(words), changed, dict(reviewers.most_common()), agreement(units),
        _left(decisions), _with_file(file, states),
    )  # fmt: skip


def _left(decisions: Sequence[ReviewDecision]) -> Interval | None:
    named = [one for one in decisions if one.side and one.word in ("chosen", "rejected")]
    return wilson(sum(one.word == one.side for one in named), len(named)) if named else None


def _with_file(file: ReviewFile, states: Mapping[str, ItemState]) -> Interval | None:
    """How often people who said which is better, or whether it is right, say what the file says."""
    pairs = [(item, states[item.version].word) for item in file.items if item.version in states]
    agreed = [
        (word == "chosen") if item.kind == "compare" else ((word == "pass") is item.verdict)
        for item, word in pairs
        if (item.kind == "compare" and word in ("chosen", "rejected"))
        or (item.kind == "verdict" and word in ("pass", "fail", "fix") and item.verdict is not None)
    ]
    return wilson(sum(agreed), len(agreed)) if agreed else None


def reviewers(decisions: Sequence[ReviewDecision]) -> list[str]:
    """In the order of their first decision."""
    return list(dict.fromkeys(one.by for one in decisions if one.word != TAKEN_BACK))
