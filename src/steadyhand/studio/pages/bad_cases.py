"""Bad cases: what went wrong in the last run, in groups that one decision fits; filter, look, decide, take back."""

from __future__ import annotations

import shlex
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.responses import Response

from steadyhand.badcases.decisions import WORDS, Decisions
from steadyhand.badcases.worklist import FLAGGED, Worklist, WorklistRow, filtered, worklist
from steadyhand.chat.messages import Json
from steadyhand.errors import PrerequisiteError, SteadyError, UsageError
from steadyhand.studio.page import Handler, PageRequest, StudioPage, see
from steadyhand.studio.project import Project, StillReadingError

SHOWN = 50
STATES = ("open", "changed", *WORDS)


def cases_of(project: Project) -> Worklist | None:
    """The cases of the last run with what holds for them now; None before the first. Classified once a report: what
    changes between two reports are decisions, and these are read each time."""
    report = project.out / "report" / "report.json"
    if not report.is_file():
        return None  # what was flagged in the playground waits for the first run
    flagged = project.out / FLAGGED
    stamp = (report.stat().st_mtime, flagged.stat().st_mtime_ns if flagged.is_file() else 0)
    found = project.soon("bad_cases", stamp, lambda: worklist(project.out, domain=project.folder))
    if found is None:
        raise StillReadingError("the run's answers are being sorted", next="this page comes again by itself")
    return found.again(Decisions(found.decisions.path))


def open_count(project: Project) -> int | None:
    """How many nobody decided about; None where there is no run to tell, -1 while they are being sorted."""
    try:
        found = cases_of(project)
    except StillReadingError:
        return -1
    except SteadyError:
        return None
    return None if found is None else sum(row.state in ("open", "changed") for row in found.rows)


def show(ask: PageRequest) -> Response:
    """Groups, the largest first, of what fits the filter."""
    found = cases_of(ask.project)
    if found is None:
        return ask.page("bad_cases.html.j2", found=None, groups=(), command="steady badcases RUN")
    category, tool, state = (ask.query(name) for name in ("category", "tool", "state"))
    rows = filtered(
        found.rows, category=[category] if category else (), tool=[tool] if tool else (), known=found.known.known
    )
    rows = [row for row in rows if not state or row.state == state]
    groups, at = found.groups(rows), ask.number()
    counts = Counter(row.category.id for row in found.rows)
    return ask.page(
        "bad_cases.html.j2", found=found, groups=groups[(at - 1) * SHOWN : at * SHOWN], at=at,
        pages_of_groups=max(1, -(-len(groups) // SHOWN)), total=len(rows), counts=counts.most_common(),
        tools=Counter(row.case.tool for row in found.rows if row.case.tool).most_common(), states=STATES,
        chosen={"category": category, "tool": tool, "state": state}, known=found.known.known,
        number_of_open=lambda members: sum(row.state in ("open", "changed") for row in members),
        command=shlex.join(["steady", "badcases", str(ask.project.out)]),
    )  # fmt: skip


def group(ask: PageRequest) -> Response:
    """One group, or one case: every case whole, and the decision."""
    found = _found(ask.project)
    rows, _ = found.chosen(ask.word("id"))
    return _group(ask, found, rows)


def _found(project: Project) -> Worklist:
    found = cases_of(project)
    if found is None:
        raise PrerequisiteError("no run was measured yet", next="start a run")
    return found


def _group(ask: PageRequest, found: Worklist, rows: Sequence[WorklistRow], problem: Any = None) -> Response:
    at = ask.number()
    first = rows[0]
    id = ask.word("id")
    return ask.page(
        "bad_case.html.j2", rows=rows[(at - 1) * SHOWN : at * SHOWN], at=at, first=first, total=len(rows), id=id,
        pages_of_rows=max(1, -(-len(rows) // SHOWN)), open_rows=sum(r.state in ("open", "changed") for r in rows),
        known=found.known.known, problem=problem, alone=len(rows) == 1, language=ask.language,
        decisions=_standing(rows), title=ask.t("bad_cases.group", id=id),
        command=shlex.join(["steady", "badcases", "decide", str(ask.project.out), id, "confirm"]),
    )  # fmt: skip


def _standing(rows: Sequence[WorklistRow]) -> list[Any]:
    """The decisions that hold for some of these cases, each once, newest first."""
    held = {row.standing.decision.n: row.standing.decision for row in rows if row.standing}
    return [held[n] for n in sorted(held, reverse=True)]


def decide(ask: PageRequest) -> Response:
    """One decision for all open cases of the group; what somebody decided meanwhile is kept, and said."""
    found, form = _found(ask.project), ask.form
    rows, group_id = found.chosen(ask.word("id"))
    word, category = form.get("word", ""), form.get("category", "")
    if word not in WORDS:
        raise UsageError(f"{word!r} is no decision", next=f"use {', '.join(WORDS)}")
    filtered((), category=[category] if category else (), known=found.known.known)
    waiting = [row for row in rows if row.state in ("open", "changed")]
    try:
        found.decisions.decide(
            [row.case for row in waiting or rows], word, ask.who, group=group_id, category=category,
            because=form.get("because", "").strip(), correction=_correction(form.get("correction", "")) if word == "fix"
            else None,
        )  # fmt: skip
    except UsageError as error:
        return _group(ask, _found(ask.project), rows, problem=error)
    return see(_next(ask.project, ask.word("id")))


def _correction(text: str) -> Json:
    if not text.strip():
        raise UsageError("the correction says nothing", next="write what would be right")
    return {"role": "assistant", "content": text.strip()}


def _next(project: Project, done: str) -> str:
    """The next group with something open."""
    found = _found(project)
    waiting = [one.id for one, rows in found.groups() if one.id != done and any(row.state == "open" for row in rows)]
    return f"/bad-cases/{waiting[0]}" if waiting else "/bad-cases"


def take_back(ask: PageRequest) -> Response:
    found, number = _found(ask.project), ask.form.get("number", "")
    if not number.isdecimal():
        raise UsageError("no decision is named", next="go back to the list")
    found.decisions.take_back(int(number), ask.who)
    return see(f"/bad-cases/{ask.word('id')}")


def export(ask: PageRequest) -> Response:
    """All of them for a spreadsheet."""

    from steadyhand.badcases.export import export as write

    with tempfile.TemporaryDirectory(prefix="steady-badcases-") as folder:
        target = Path(folder) / "badcases.csv"
        write(_found(ask.project).rows, target, ask.language)
        data = target.read_bytes()
    headers = {"content-disposition": 'attachment; filename="badcases.csv"'}
    return Response(data, media_type="text/csv", headers=headers)


PAGE = StudioPage(
    "bad_cases",
    "/bad-cases",
    50,
    (
        Handler("/bad-cases", show),
        Handler("/bad-cases/export", export),
        Handler("/bad-cases/{id}", group),
        Handler("/bad-cases/{id}", decide, "POST"),
        Handler("/bad-cases/{id}/take-back", take_back, "POST"),
    ),
    lambda project: project.folder is not None,
)
