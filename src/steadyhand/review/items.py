"""What a person judges: one comparison, one answer, or one verdict, out of a data file or a saved evaluation.

Knows files and rows; knows nothing of decisions. What cannot be judged is kept with its reason.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.datasets.convert import Dialogue, Imported, Preference, Reject
from steadyhand.datasets.dataset_info import Columns
from steadyhand.datasets.inputs import inputs
from steadyhand.datasets.mapping import ColumnMap
from steadyhand.errors import DomainError, Place, UsageError
from steadyhand.files import read_object, shown
from steadyhand.ledger.keys import canonical_json
from steadyhand.ledger.result import Evaluation, Item

Kind = Literal["compare", "answer", "verdict"]
WORDS: dict[Kind, tuple[str, ...]] = {
    "compare": ("chosen", "rejected", "tie", "neither", "fix"),  # which answer is better, as the file calls them
    "answer": ("accept", "fix", "reject"),
    "verdict": ("pass", "fail", "fix"),  # fix: it fails, and this would be right
}
VERSION_LENGTH = 16
LARGEST_EVALUATION = 400_000_000  # bytes of a .json file that is looked at for an evaluation


@dataclass(frozen=True)
class ReviewItem:
    """`row` and `part` say where it stands (a row with K worse answers has K parts); `version` changes with everything
    in it. `answers`: (better, worse) of a comparison, else one. `verdict`: what the file says of the answer."""

    kind: Kind
    row: int
    part: int
    version: str
    place: Place
    prompt: tuple[Message, ...]
    tools: tuple[Tool, ...]
    answers: tuple[Message, ...]
    verdict: bool | None = None
    expected: str = ""
    why: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """Where it stands, for people: "12", or "12.2" for the second worse answer of row 12."""
        return f"{self.row}.{self.part + 1}" if self.part else str(self.row)


@dataclass
class ReviewFile:
    """A file as it was read. `rejects`: rows that nobody can judge, with the reason."""

    path: Path
    items: Sequence[ReviewItem]
    rejects: list[Reject] = field(default_factory=list)
    columns: Columns | ColumnMap | None = None
    evaluation: bool = False
    formats: Counter[str] = field(default_factory=Counter)

    @cached_property
    def by_version(self) -> dict[str, ReviewItem]:
        return {item.version: item for item in self.items}


def read_review(path: Path, reached: Callable[[int], None] = lambda line: None) -> ReviewFile:
    """Raises UsageError for what is no single file, DomainError for one that cannot be read or has nothing to judge."""
    if path.is_dir() or str(path) == "-":
        after = "name one data file, or an evaluation that `steady eval --save` wrote"
        raise UsageError("a review is of one file", where=shown(path), next=after)
    one = inputs([path]).inputs[0]
    if (found := _evaluation(path)) is not None:
        made = ReviewFile(path, tuple(_verdicts(found, path)), evaluation=True)
    else:
        imported = one.read(reached)
        items = tuple(_distinct([*_answers(imported), *_judged(imported)]))
        made = ReviewFile(path, items, imported.rejects, one.columns, formats=imported.formats)
    if not made.items:
        first = f": {made.rejects[0].reason}" if made.rejects else ""
        raise DomainError(f"no row can be judged{first}", where=shown(path), next=f"steady check {shown(path)}")
    return made


def _evaluation(path: Path) -> Evaluation | None:
    """None for a file that is none. Raises UsageError for one of another version."""
    if path.suffix.lower() != ".json" or path.stat().st_size > LARGEST_EVALUATION:
        return None
    try:
        row = read_object(path)
        return Evaluation.from_json(row) if {"metrics", "items", "manifest"} <= row.keys() else None
    except (DomainError, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return None


def _verdicts(found: Evaluation, path: Path) -> Iterator[ReviewItem]:
    for number, item in enumerate(found.items, 1):
        prompt = tuple(Message("user", text) for text in (item.facts.user, item.question) if text)
        answer = (Message("assistant", item.raw),)
        yield ReviewItem(
            "verdict", number, 0, _version(item.to_json(), number), Place(str(path), number), prompt, (), answer,
            item.passed, item.expected or item.facts.gold, _about(item),
        )  # fmt: skip


def _about(item: Item) -> tuple[tuple[str, str], ...]:
    told = {"suite": item.suite, "id": item.id, "class": item.facts.input_class}
    return tuple((key, text) for key, text in told.items() if text)


def _answers(imported: Imported) -> Iterator[ReviewItem]:
    for row in imported.rows:
        yield _of_dialogue(row)


def _of_dialogue(row: Dialogue) -> ReviewItem:
    return ReviewItem(
        "answer", row.number, 0, _version(row.text, 0), row.place, row.messages[:-1], row.tools, row.messages[-1:],
        why=row.labels.why,
    )  # fmt: skip


def _judged(imported: Imported) -> Iterator[ReviewItem]:
    parts: Counter[int] = Counter()
    for row in imported.preferences:
        yield _of_preference(row, parts[row.number])
        parts[row.number] += 1


def _of_preference(row: Preference, part: int) -> ReviewItem:
    both = tuple(answer for answer in (row.chosen, row.rejected) if answer is not None)
    kind: Kind = "compare" if len(both) == 2 else "verdict"
    verdict = None if kind == "compare" else row.chosen is not None
    version = _version(row.text, part)
    return ReviewItem(
        kind, row.number, part, version, row.place, row.prompt, row.tools, both, verdict, why=row.labels.why
    )


def _distinct(items: Sequence[ReviewItem]) -> Iterator[ReviewItem]:
    """In the order of the file; rows that stand twice get versions of their own, by how often they stood before."""
    from dataclasses import replace

    seen: Counter[str] = Counter()
    for item in sorted(items, key=lambda one: (one.row, one.part)):
        seen[item.version] += 1
        again = seen[item.version]
        yield item if again == 1 else replace(item, version=f"{item.version}-{again}")


def _version(content: Json, part: int) -> str:
    """Of what the row means: another spelling of the same JSON is the same version."""
    if isinstance(content, str):
        with contextlib.suppress(ValueError, RecursionError):
            content = json.loads(content)
    text = canonical_json([content, part])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:VERSION_LENGTH]
