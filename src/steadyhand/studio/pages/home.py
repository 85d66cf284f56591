"""Home: where the project stands, as the loop from data to data, and the one thing to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from starlette.responses import Response

from steadyhand.chat.messages import Json
from steadyhand.errors import SteadyError
from steadyhand.studio import jobs
from steadyhand.studio.page import Handler, PageRequest, StudioPage
from steadyhand.studio.pages.bad_cases import open_count
from steadyhand.studio.pages.runs import verdict_of
from steadyhand.studio.project import Project

Mood = Literal["", "good", "bad", "now"]


@dataclass(frozen=True)
class Step:
    """One part of the loop. `number` is what counts there, "" where nothing does yet."""

    id: str
    number: str
    path: str
    mood: Mood = ""
    state: str = ""


@dataclass(frozen=True)
class NextAction:
    """What to do now: the words of `action.<id>`, and where."""

    id: str
    path: str
    n: int = 0


def show(ask: PageRequest) -> Response:
    project = ask.project
    told = project.soon("data", project.changed(), lambda: _data(project))
    (data, problem), waiting = told or (0, ""), told is None
    report, running = verdict_of(project), _running(project)
    cases, to_review = open_count(project), _to_review(project, ask.who)
    steps = [
        Step("data", "…" if waiting else str(data), "/data", "bad" if problem else "good" if data else "", problem),
        _run_step(running, report),
        _verdict_step(report),
        Step("bad_cases", {None: "", -1: "…"}.get(cases, str(cases)), "/bad-cases", "bad" if (cases or 0) > 0 else ""),
        Step("review", str(to_review) if project.reviewable() else "", "/review", "bad" if to_review else ""),
    ]
    busy = waiting or cases == -1
    action = NextAction("wait", "/") if busy else _action(running, bool(report), cases or 0, to_review, problem)
    return ask.page("home.html.j2", steps=steps, action=action, busy=busy, command=_command(project, action))


def _data(project: Project) -> tuple[int, str]:
    """(cards and scenarios that the folder holds, what is wrong with it)."""
    from steadyhand.datasets.folder import load

    assert project.folder is not None
    try:
        domain = load(project.folder)
    except SteadyError as error:
        return 0, str(error.what)
    return len(domain.cards) + len(domain.scenarios), ""


def _running(project: Project) -> jobs.StudioJob | None:
    return next((job for job in jobs.jobs(project.out) if job.state == "running"), None)


def _run_step(running: jobs.StudioJob | None, report: dict[str, Json]) -> Step:
    if running:
        return Step("runs", "…", f"/runs/job/{running.id}", "now", "running")
    return Step("runs", "✓" if report else "", "/runs", "good" if report else "")


def _verdict_step(report: dict[str, Json]) -> Step:
    word = (report.get("verdict") or report.get("gate") or {}).get("word", "") if report else ""
    moods: dict[str, Mood] = {"PASS": "good", "FAIL": "bad"}
    return Step("verdict", str(word), "/runs/report" if report else "/runs", moods.get(str(word), ""))


def _to_review(project: Project, who: str) -> int:
    """Rows of files whose review has begun; a file that nobody opened is no debt."""
    total = 0
    for key in project.begun():
        try:
            total += project.review(key).left(who)
        except SteadyError:
            continue
    return total


def _action(running: jobs.StudioJob | None, measured: bool, cases: int, to_review: int, problem: str) -> NextAction:
    if problem:
        return NextAction("mend", "/data")
    if running:
        return NextAction("watch", f"/runs/job/{running.id}")
    if not measured:
        return NextAction("start", "/runs")
    if cases:
        return NextAction("decide", "/bad-cases", cases)
    if to_review:
        return NextAction("review", "/review", to_review)
    return NextAction("again", "/runs")


def _command(project: Project, action: NextAction) -> str:
    commands: dict[str, Any] = {
        "mend": f"steady check {project.folder}",
        "decide": f"steady badcases {project.out}",
        "review": "steady review FILE",
    }
    return str(commands.get(action.id, f"steady run {project.folder} --out {project.out}"))


PAGE = StudioPage("home", "/", 10, (Handler("/", show),), lambda project: project.folder is not None)
