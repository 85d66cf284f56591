"""What runs left behind, oldest first: the reports of a run's folder, of a folder of runs, or saved evaluations.

Reads and changes nothing. What cannot be read (a report of another version, say) is counted with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.errors import PrerequisiteError, SteadyError, UsageError
from steadyhand.files import entries, meant, read_object
from steadyhand.ledger.result import Evaluation, Verdict
from steadyhand.ledger.store import FORMER
from steadyhand.report.data import ReportData

REPORT = Path("report") / "report.json"
_KEPT = ("artifacts", FORMER)  # where a run keeps them, and where version 0.1 did


@dataclass(frozen=True)
class Snapshot:
    """What one run measured. `models`: "base", "sft", "dpo", or the one model of a saved evaluation."""

    name: str
    created: str
    models: dict[str, Evaluation]
    tuned: str
    gate: Verdict | None = None
    verdict: Verdict | None = None
    home: Path = Path()

    @property
    def domain(self) -> str:
        return str(self.models[self.tuned].manifest.get("domain", ""))


@dataclass
class FoundSnapshots:
    """`unread`: reason -> files that are not among the snapshots."""

    snapshots: list[Snapshot] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)

    @property
    def last(self) -> Snapshot:
        return self.snapshots[-1]


def read(path: Path) -> FoundSnapshots:
    """Everything that `path` holds. Raises PrerequisiteError where there is nothing, UsageError for a file that is no
    saved evaluation."""
    if not path.exists():
        raise PrerequisiteError("no such run or evaluation", where=str(path), next=f"{meant(path)}steady run makes one")
    if path.is_file():
        return FoundSnapshots([_of_evaluation(path)])
    found = FoundSnapshots()
    for home in _homes(path):
        found.snapshots += _of_run(home, home.name if home.parent == path else "", found)
    for file in sorted(path.glob("*.json")) if not _is_run(path) else ():
        try:
            found.snapshots.append(_of_evaluation(file))
        except SteadyError as error:
            found.unread[error.what] += 1
    found.snapshots.sort(key=lambda one: (one.created, one.name))
    _keep_domain(found)
    if not found.snapshots:
        reasons = "; ".join(f"{what} ({count})" for what, count in found.unread.items())
        what = f"no run's report and no saved evaluation is here{': ' if reasons else ''}{reasons}"
        raise PrerequisiteError(what, where=str(path), next="name a run's folder, a folder of runs, or an evaluation")
    return found


def _keep_domain(found: FoundSnapshots) -> None:
    """Runs of one domain: what another one's did says nothing of this one. The last run's domain is meant."""
    kept = [one for one in found.snapshots if one.domain == found.last.domain] if found.snapshots else []
    for other in found.snapshots:
        if other not in kept:
            found.unread[f"a run of another domain ({other.domain})"] += 1
    found.snapshots = kept


def _homes(path: Path) -> list[Path]:
    """The run's own folder, or the runs below it."""
    if _is_run(path):
        return [path]
    if _is_run(path.parent) and path.name == "model":
        return [path.parent]
    return [one for one in entries(path) if one.is_dir() and _is_run(one)]


def _is_run(path: Path) -> bool:
    return (path / REPORT).is_file() or any((path / name).is_dir() for name in _KEPT)


def _of_run(home: Path, prefix: str, found: FoundSnapshots) -> Iterator[Snapshot]:
    """Each report that the run kept, and the page of a run that a gate ended, which is kept beside them only."""
    kept = [file for name in _KEPT for file in sorted((home / name).glob("*/report.json"))]
    seen: set[str] = set()
    for file in [*kept, home / REPORT]:
        if not file.is_file():
            continue
        try:
            data = ReportData.from_json(read_object(file))
        except SteadyError as error:
            found.unread[error.what] += 1
            continue
        key = data.manifest.get("stages", {}).get("report", "") if file == home / REPORT else file.parent.name
        name = str(key)[:8] or data.created
        if key in seen or not data.evaluations:
            continue
        seen.add(key)
        tuned = data.tuned or "base"
        yield Snapshot(
            f"{prefix}/{name}" if prefix else name, data.created, data.evaluations, tuned, data.gate, data.verdict, home
        )


def _of_evaluation(file: Path) -> Snapshot:
    try:
        found = Evaluation.from_json(read_object(file))
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        what, after = f"not a saved evaluation: {error}", "use a file of steady eval --save"
        raise UsageError(what, where=str(file), next=after) from error
    return Snapshot(file.stem, "", {found.model: found}, found.model, home=file.parent)
