"""Which verdict is about a model: that of the run it lies in, or of the export that it came with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.checks import Checker
from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.files import meant, read_object
from steadyhand.flow.artifacts import read_json, write_json
from steadyhand.ledger.keys import canonical_json
from steadyhand.ledger.overrides import FILE as OVERRIDES
from steadyhand.ledger.overrides import About, Overrides, told_of
from steadyhand.ledger.result import Evaluation, Verdict
from steadyhand.ledger.seal import differences, is_sealed
from steadyhand.ledger.store import Store
from steadyhand.report.data import ReportData

SYSTEM = "/system"
REPORT, VERDICT, MODEL = Path("report") / "report.json", "verdict.json", "model"
ABOUT: tuple[About, ...] = ("verdict", "gate")


@dataclass(frozen=True)
class SignOff:
    """The word of a verdict, the domain it was measured on, the model's fingerprint, the file that says so, and what
    judged (`judging`); None where the verdict is older than that record."""

    word: str
    domain: str
    fingerprint: str
    where: Path
    judging: dict[str, str] | None = None

    def __str__(self) -> str:
        return f"verdict {self.word} on {self.domain}, of the model {self.fingerprint[:16]} ({self.where})"


def report_of(out: Path) -> ReportData:
    """The data of the last report of the run in `out`, as the run made it: the copy in `out`/report only says which.
    Raises PrerequisiteError without one, JobError when it is not what the run made."""
    path = out / REPORT
    if not path.is_file():
        raise PrerequisiteError("there is no report", where=str(path), next=f"{meant(out)}steady run FOLDER makes one")
    copy = ReportData.from_json(read_json(path))
    key = copy.manifest.get("stages", {}).get("report")
    if key is None:
        return copy
    return ReportData.from_json(read_json(Store(out).artifact(key) / REPORT.name))


def with_overrides(report: ReportData, out: Path) -> ReportData:
    """The report with the missed bars that somebody accepted since; its words stay. Raises JobError."""
    known = Overrides(out / OVERRIDES)
    marks = {"verdict": report.tuned or "", "gate": "sft"}
    held = {
        about: told_of(known.of(about, report.evaluations[stage].fingerprint, getattr(report, about)))
        for about in ABOUT
        if (stage := marks[about]) in report.evaluations
    }
    return replace(report, overrides={about: rows for about, rows in held.items() if rows})


def saved_evaluation(path: Path) -> Evaluation:
    """A file of `steady eval --save`, or what a run measured on its tuned model, by its folder. Raises
    PrerequisiteError when it is absent, UsageError when it is something else."""
    if path.is_dir():
        return evaluation_of(path)
    if not path.is_file():
        after = f"{meant(path)}steady eval ... --save FILE writes one"
        raise PrerequisiteError("no such evaluation", where=str(path), next=after)
    try:
        return Evaluation.from_json(read_object(path))
    except UsageError as error:  # no JSON, or of another version
        raise UsageError(error.what, where=error.where or str(path), next=error.next) from error
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"not a saved evaluation: {error}", where=str(path), next="use a file of steady eval --save"
        ) from error


def evaluation_of(folder: Path) -> Evaluation:
    """What a run measured on its tuned model, by the folder of the run or of that model (runs/x/model). Raises
    PrerequisiteError for another folder."""
    folder = folder.absolute()
    out = folder if (folder / REPORT).is_file() else folder.parent
    if not (out / REPORT).is_file() and folder.resolve().parent.parent.name == "artifacts":
        out = folder.resolve().parent.parent.parent
    report = report_of(out)
    if report.tuned is None:
        raise PrerequisiteError("the run measured no tuned model", where=str(out), next="steady run FOLDER goes on")
    return report.evaluations[report.tuned]


def sign_off_of(folder: Path) -> SignOff | None:
    """The verdict on the model in `folder`; None when none is known. Raises PrerequisiteError when the verdict that
    stands beside it is about other weights.

    >>> print(sign_off_of(Path("runs/uss/artifacts/1f0c/model")))
    verdict PASS on uss, of the model 9c0b6a0e2d1f4b7a (runs/uss/report/report.json)
    """
    from steadyhand.models.loading.fingerprint import fingerprint

    folder = folder.resolve()
    signed = _of_run(folder) or _of_export(folder)
    if signed and signed.fingerprint not in (fingerprint(folder), fingerprint(folder, config=False)):
        raise PrerequisiteError(
            f"the verdict {signed.word} is about other weights (model {signed.fingerprint[:16]})",
            where=str(folder),
            next="put back the model that was signed off, or run again; a copy elsewhere has no verdict",
        )
    return signed


def judging(system: str, checkers: Mapping[str, Checker]) -> dict[str, str]:
    """A hash of the system prompt (under SYSTEM) and of what each check's judgments depend
    on: with equal hashes an answer is judged as it was when the model was signed off."""
    contents: dict[str, Json] = {SYSTEM: system} | {name: one.identity() for name, one in checkers.items()}
    return {name: hashlib.sha256(canonical_json(content).encode()).hexdigest() for name, content in contents.items()}


def note_verdict(folder: Path, verdict: Verdict, domain: str, fingerprint: str, judged: dict[str, str] | None) -> None:
    """Leaves the verdict of a run beside its exported model, for `sign_off_of`."""
    row: dict[str, Json] = {"version": 1, "domain": domain, "model": fingerprint}
    write_json(folder / VERDICT, row | ({"judging": judged} if judged else {}) | verdict.to_json())


def _of_run(folder: Path) -> SignOff | None:
    home, out = folder.parent, folder.parent.parent.parent
    if home.parent.name != "artifacts" or not (out / REPORT).is_file():
        return None
    report = report_of(out)
    if report.verdict is None or report.manifest.get("stages", {}).get("merge") != home.name:
        return None
    manifest = report.manifest
    mark, judged = str(manifest["fingerprint"]), manifest.get("judging")
    return SignOff(report.verdict.word, report.domain, mark, out / REPORT, judged)


def _of_export(folder: Path) -> SignOff | None:
    path = folder.parent / VERDICT
    if not path.is_file() or not is_sealed(folder.parent):
        return None
    if wrong := [*differences(folder.parent, folder), *differences(folder.parent, path)]:
        raise PrerequisiteError(
            f"this is not what was exported: {wrong[0]}", where=str(folder.parent), next="export the run again"
        )
    row = read_json(path)
    word = Verdict.from_json(row).word
    return SignOff(word, str(row["domain"]), str(row["model"]), path, row.get("judging"))
