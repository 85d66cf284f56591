"""What was measured: the models of the last run, and evaluations that somebody saved. Finds and indexes; shows none.

Everything is made once for each state of its file, in the project's own thread: a page that comes before it is there
says so, and comes again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from steadyhand.errors import UsageError
from steadyhand.flow.sign_off import REPORT, report_of, saved_evaluation, with_overrides
from steadyhand.ledger.result import Evaluation, Item
from steadyhand.report.data import ReportData
from steadyhand.report.failures import NO_CODE, expected_of
from steadyhand.studio.project import Project, StillReadingError

T = TypeVar("T")
SampleOutcome = Literal["failed", "unscored", "passed"]
OUTCOMES: tuple[SampleOutcome, ...] = ("failed", "unscored", "passed")
PairChange = Literal["broken", "fixed", "both_wrong", "both_right", "unscored"]
CHANGES: tuple[PairChange, ...] = ("broken", "fixed", "both_wrong", "both_right", "unscored")
SAVED = "evaluations"  # the folder of a project's runs that `steady eval --save` may write into


@dataclass(frozen=True)
class AnswerSample:
    """A scored answer, with what filters ask of it; `text` is folded for searching."""

    item: Item
    outcome: SampleOutcome
    tool: str
    text: str

    @property
    def key(self) -> tuple[str, str]:
        return self.item.suite, self.item.id


@dataclass(frozen=True)
class SampleIndex:
    """The samples of one model in the order asked, and what a filter may choose of, the most frequent first."""

    samples: tuple[AnswerSample, ...]
    by_key: dict[tuple[str, str], AnswerSample]
    choices: dict[str, list[tuple[str, int]]]

    def fitting(
        self, *, suite: str = "", outcome: str = "", tool: str = "", code: str = "", q: str = ""
    ) -> list[AnswerSample]:
        wanted = q.casefold()
        return [
            one for one in self.samples
            if (not suite or one.item.suite == suite) and (not outcome or one.outcome == outcome)
            and (not tool or one.tool == tool) and (not code or _code(one.item) == code)
            and (not wanted or wanted in one.text)
        ]  # fmt: skip


@dataclass(frozen=True)
class SamplePair:
    """The same question to two models."""

    before: AnswerSample
    after: AnswerSample
    change: PairChange


def report_data(project: Project) -> ReportData | None:
    """The data of the last report, with what was accepted since; None before the first. Raises StillReadingError."""
    path = project.out / REPORT
    if not path.is_file():
        return None
    return with_overrides(_soon(project, "report", _stamp(path), lambda: report_of(project.out)), project.out)


def models(project: Project) -> list[str]:
    """Names of all that was measured: stages of the last run, then saved files."""
    data = report_data(project)
    saved = sorted(path.name for path in (project.out / SAVED).glob("*.json"))
    return [*(data.stages if data else ()), *saved]


def evaluation(project: Project, name: str) -> Evaluation:
    """Raises UsageError for a name that nothing has, StillReadingError while it is read."""
    data = report_data(project)
    if data and name in data.evaluations:
        return data.evaluations[name]
    if name not in models(project):
        raise UsageError(f"no model {name[:60]!r} was measured", next="choose one of the list")
    path = project.out / SAVED / name
    return _soon(project, f"saved/{name}", written(project, name), lambda: saved_evaluation(path))


def samples(project: Project, name: str) -> SampleIndex:
    found = evaluation(project, name)
    return _soon(project, f"samples/{name}", written(project, name), partial(_indexed, found))


def pairs(project: Project, a: str, b: str) -> dict[PairChange, list[SamplePair]]:
    """What became of each question that both were asked, from `a` to `b`."""
    before, after = samples(project, a), samples(project, b)
    return _soon(project, f"pairs/{a}/{b}", (written(project, a), written(project, b)), partial(_paired, before, after))


def _indexed(found: Evaluation) -> SampleIndex:
    made = tuple(_sample(item) for item in found.items)
    counts: dict[str, Counter[str]] = {
        "suite": Counter(one.item.suite for one in made),
        "outcome": Counter(str(one.outcome) for one in made),
        "tool": Counter(one.tool for one in made if one.tool),
        "code": Counter(_code(one.item) for one in made if one.outcome == "failed"),
    }
    choices = {name: [(str(value), n) for value, n in counter.most_common()] for name, counter in counts.items()}
    return SampleIndex(made, {one.key: one for one in made}, choices)


def _sample(item: Item) -> AnswerSample:
    outcome: SampleOutcome = "unscored" if item.passed is None else "passed" if item.passed else "failed"
    tool = expected_of(item) if item.suite == "tool" else ""
    return AnswerSample(item, outcome, tool, f"{item.id}\n{item.question}".casefold())


def _code(item: Item) -> str:
    return (item.code or NO_CODE) if item.passed is False else ""


def _paired(before: SampleIndex, after: SampleIndex) -> dict[PairChange, list[SamplePair]]:
    made: dict[PairChange, list[SamplePair]] = {change: [] for change in CHANGES}
    for key, now in after.by_key.items():
        if was := before.by_key.get(key):
            change = _change(was, now)
            made[change].append(SamplePair(was, now, change))
    return made


def _change(was: AnswerSample, now: AnswerSample) -> PairChange:
    if "unscored" in (was.outcome, now.outcome):
        return "unscored"
    if was.outcome == now.outcome:
        return "both_right" if now.outcome == "passed" else "both_wrong"
    return "fixed" if now.outcome == "passed" else "broken"


def beside(rows: Sequence[AnswerSample], key: tuple[str, str]) -> tuple[AnswerSample | None, AnswerSample | None]:
    """The samples before and after one in a list; None at its ends, and for one that is not in it."""
    at = next((at for at, one in enumerate(rows) if one.key == key), None)
    if at is None:
        return None, None
    return rows[at - 1] if at else None, rows[at + 1] if at + 1 < len(rows) else None


def path_of(project: Project, name: str) -> Path:
    """Where a saved evaluation lies, or where one of a model of the run would."""
    return project.out / SAVED / (name if name.endswith(".json") else f"{name}.json")


def written(project: Project, name: str) -> int:
    """When what holds a model's answers was written: what was made of an older state is made again."""
    path = project.out / SAVED / name
    return _stamp(path if path.is_file() else project.out / REPORT)


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


def _soon(project: Project, name: str, stamp: object, make: Callable[[], T]) -> T:
    found = project.soon(name, stamp, make)
    if found is None:
        raise StillReadingError("the answers are being read", next="this page comes again by itself")
    return found
