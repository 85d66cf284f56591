"""Which suite a file or a folder is of, and all its questions. Knows the suites by what their rows hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from steadyhand.chat.messages import Json
from steadyhand.datasets.convert import Reject
from steadyhand.datasets.raw_rows import raw_rows
from steadyhand.datasets.suites import acebench, bfcl, when2call
from steadyhand.datasets.suites.question import Question, Suite
from steadyhand.errors import DomainError, UsageError
from steadyhand.files import entries

SuiteName = Literal["bfcl", "acebench", "when2call"]
NAMES: tuple[SuiteName, ...] = get_args(SuiteName)
_SUFFIXES = (".json", ".jsonl")


@dataclass(frozen=True)
class _Kind:
    """What a suite's module offers: whether a row is its own, why a file is passed over, the questions of a file."""

    is_row: Callable[[Mapping[str, Json]], bool]
    left_out: Callable[[Path], str]
    read: Callable[[Path], Iterator[Question | Reject]]


_KINDS: Mapping[SuiteName, _Kind] = {
    "bfcl": _Kind(bfcl.is_row, bfcl.left_out, bfcl.read),
    "acebench": _Kind(acebench.is_row, acebench.left_out, acebench.read),
    "when2call": _Kind(when2call.is_row, when2call.left_out, when2call.read),
}


def suite_at(source: Path) -> SuiteName | None:
    """The suite that a file, or the first file of a folder that is one of a suite, belongs to; None for anything
    else."""
    for path in _files(source):
        try:
            row = next((raw.value for raw in islice(raw_rows(path), 1)), None)
        except DomainError:
            continue
        for name, kind in _KINDS.items():
            if isinstance(row, dict) and kind.is_row(row):
                return name
    return None


def read_suite(source: Path, name: SuiteName, per_category: int = 0) -> Suite:
    """All questions of a file or a folder; with `per_category` at most so many of each category, evenly from the whole.
    Raises UsageError where there is none, DomainError for a file that cannot be read."""
    kind = _KINDS[name]
    questions: list[Question] = []
    rejects: list[Reject] = []
    left: dict[str, str] = {}
    for path in _files(source):
        if why := kind.left_out(path):
            left[path.name] = why
            continue
        for one in kind.read(path):
            (rejects if isinstance(one, Reject) else questions).append(one)  # type: ignore[arg-type]
    if not questions:
        reason = rejects[0].reason if rejects else next(iter(left.values()), "no file of the suite is there")
        raise UsageError(f"no question could be read: {reason}", where=str(source), next=f"name a file of {name}")
    _refuse_twins(questions, source)
    return Suite(name, str(source), _evenly(questions, per_category), tuple(rejects), left)


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    return [path for path in entries(source) if path.suffix in _SUFFIXES and path.is_file()] if source.is_dir() else []


def _refuse_twins(questions: list[Question], source: Path) -> None:
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            what = f"the id {question.id!r} stands twice"
            raise UsageError(what, where=str(question.place), next=f"import the files of {source} one by one")
        seen.add(question.id)


def _evenly(questions: list[Question], most: int) -> tuple[Question, ...]:
    if not most:
        return tuple(questions)
    by_category: dict[str, list[Question]] = {}
    for question in questions:
        by_category.setdefault(question.category, []).append(question)
    kept = {
        one.id for own in by_category.values() for one in (own[at * len(own) // most] for at in range(most))
    }  # with fewer than `most`, every one of them
    return tuple(question for question in questions if question.id in kept)
