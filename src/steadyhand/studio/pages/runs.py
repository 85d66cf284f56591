"""Runs: start one, see all, follow one live, stop it so that it saves."""

from __future__ import annotations

import json
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
from starlette.responses import FileResponse, Response, StreamingResponse

from steadyhand.chat.messages import Json
from steadyhand.errors import SteadyError, UsageError
from steadyhand.files import read_object
from steadyhand.report.curves import charts
from steadyhand.settings import resolve
from steadyhand.studio import jobs
from steadyhand.studio.page import Handler, PageRequest, StudioPage, environment, see
from steadyhand.studio.project import Project

PAUSE = 0.5  # seconds between two looks at a log
MOST = 64 * 1024  # bytes of a log that one event brings
SHOWN = 30


def runs(ask: PageRequest) -> Response:
    """All runs and jobs, and the form that starts one."""
    found, problem = records_of(ask.project)
    sets, model = ask.query("sets"), ask.query("model")
    return ask.page(
        "runs.html.j2", jobs=jobs.jobs(ask.project.out)[:SHOWN], records=found[:SHOWN], problem=problem, sets=sets,
        model=model, views=_views(ask.project, model, sets) if sets or model else None,
        command=shlex.join(["steady", *run_words(ask.project, model, [])]),
    )  # fmt: skip


def records_of(project: Project) -> tuple[list[Any], str]:
    """(the runs of the domain, newest first; why they cannot be read)."""
    try:
        url = records_url(project)
        if not url:
            return [], ""
        from steadyhand.ledger.records import Records

        with Records(url) as records:
            return list(records.runs(project.name)), ""
    except SteadyError as error:
        return [], error.what


def records_url(project: Project) -> str:
    """Where runs are recorded: the database that the settings name (Postgres, say), else the file beside them; ""
    before there is one. Raises UsageError for settings that do not hold."""
    file = project.out / "ledger.sqlite"
    return resolve(project.folder).settings.ledger.url or (f"sqlite:///{file}" if file.is_file() else "")


def set_lines(text: str) -> list[str]:
    """KEY=VALUE, one a line. Raises UsageError for a line that is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if "=" not in line or line.startswith("-"):
            raise UsageError(f"{line!r} is no setting", next="write KEY=VALUE, for example sft.epochs=3")
    return lines


def run_words(project: Project, model: str, sets: list[str]) -> list[str]:
    """The words of the command that starts such a run."""
    assert project.folder is not None
    words = ["run", str(project.folder), "--out", str(project.out)]
    words += ["--model", model] if model else []
    return [*words, *(word for line in sets for word in ("--set", line))]


def _views(project: Project, model: str, sets: str) -> dict[str, str]:
    """The same run as steady.toml and as a command. Raises UsageError for a setting that does not exist."""
    lines = set_lines(sets)
    flags: dict[str, object] = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    if model:
        flags["model.base"] = model
    resolve(project.folder, flags=flags)
    return {"toml": as_toml(flags), "command": shlex.join(["steady", *run_words(project, model, lines)])}


def as_toml(flags: dict[str, object]) -> str:
    """Settings by dotted key, as lines of steady.toml."""
    tables: dict[str, list[str]] = {}
    for key, value in flags.items():
        table, _, name = key.rpartition(".")
        tables.setdefault(table, []).append(f"{name} = {_value(str(value))}")
    parts = [(f"[{table}]\n" if table else "") + "\n".join(lines) for table, lines in sorted(tables.items())]
    return "\n".join(parts)


def _value(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return json.dumps(text, ensure_ascii=False)
    return text if isinstance(value, bool | int | float | list) else json.dumps(text, ensure_ascii=False)


def start(ask: PageRequest) -> Response:
    """Starts the run, or shows it as a file and a command (`show`)."""
    model, sets = ask.form.get("model", "").strip(), ask.form.get("sets", "")
    if model.startswith("-"):
        raise UsageError("a model's name does not begin with a dash", next="name a folder or a hub name")
    _views(ask.project, model, sets)
    if ask.form.get("show"):
        return see("/runs", model=model, sets=sets)
    job = jobs.start(ask.project.out, run_words(ask.project, model, set_lines(sets)), ask.who)
    return see(f"/runs/job/{job.id}")


def job(ask: PageRequest) -> Response:
    """One job: live while it runs, and the same afterwards."""
    found = jobs.find(ask.project.out, ask.word("id"))
    size = found.log.stat().st_size if found.log.is_file() else 0
    text = "\n".join(found.lines()[-400:])
    return ask.page(
        "run.html.j2", job=found, log=text + ("\n" if text else ""), size=size, live=_live(ask, found),
        report=(ask.project.out / "report" / "report.html").is_file(), title=ask.t("runs.job", id=found.id),
        command=shlex.join(["steady", *found.words]),
    )  # fmt: skip


def _live(ask: PageRequest, found: jobs.StudioJob) -> str:
    """What changes while it runs: stages and curves."""
    lines = found.lines()
    stages = [line for line in lines if line.startswith("[")]
    drawn = charts(jobs.losses(lines), ask.t)
    rows, told = records_of(ask.project)[0], []
    if rows and found.state == "running":
        from steadyhand.ledger.records import Records

        with Records(records_url(ask.project)) as records:
            told = records.stages(rows[0].id)
    return environment().get_template("_run_live.html.j2").render(
        t=ask.t, stages=told, last=stages[-1] if stages else "", charts=drawn, job=found
    )  # fmt: skip


def events(ask: PageRequest) -> Response:
    """The log as it grows. Each event's id is where it ends, so that a browser goes on behind what it has."""
    found = jobs.find(ask.project.out, ask.word("id"))
    given = ask.request.headers.get("last-event-id") or ask.query("from")
    at = int(given) if given.isdecimal() and len(given) < 16 else 0
    return StreamingResponse(
        _events(ask, found.folder, at), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )


async def _events(ask: PageRequest, folder: Path, at: int) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    while not await ask.request.is_disconnected():
        found = await anyio.to_thread.run_sync(jobs.read, folder)
        data = await anyio.to_thread.run_sync(_more, found.log, at)
        if data:
            at += len(data)
            yield f"id: {at}\nevent: lines\ndata: {json.dumps(data.decode('utf-8', 'replace'))}\n\n"
            part = await anyio.to_thread.run_sync(_live, ask, found)
            yield f"event: part\ndata: {json.dumps(part)}\n\n"
        elif found.state != "running":
            yield f"id: {at}\nevent: over\ndata: 1\n\n"
            return
        await anyio.sleep(PAUSE)


def _more(log: Path, at: int) -> bytes:
    """Whole lines behind `at`; what is left of a line waits for its end."""
    try:
        with log.open("rb") as file:
            file.seek(at)
            data = file.read(MOST)
    except OSError:
        return b""
    whole = data.rfind(b"\n") + 1
    return data[:whole] if whole else data if len(data) == MOST else b""


def stop(ask: PageRequest) -> Response:
    found = jobs.find(ask.project.out, ask.word("id"))
    jobs.stop(found)
    return see(f"/runs/job/{found.id}")


def record(ask: PageRequest) -> Response:
    """What the records keep of a run: its stages, its figures."""
    from steadyhand.ledger.records import Records

    with Records(records_url(ask.project)) as records:
        run = next((one for one in records.runs() if one.id == ask.word("id")), None)
        if run is None:
            raise UsageError("no such run", next="go back to the list of runs")
        stages, scores = records.stages(run.id), records.scores(run.id)
    models = list(dict.fromkeys(one.model for one in scores))
    table: dict[str, dict[str, Any]] = {}
    for one in scores:
        table.setdefault(one.metric, {})[one.model] = one
    return ask.page(
        "run_record.html.j2", run=run, stages=stages, models=models, table=table,
        report=(ask.project.out / "report" / "report.html").is_file(), title=ask.t("runs.record", id=run.id),
        command=shlex.join(["steady", "report", str(ask.project.out)]),
    )  # fmt: skip


def report(ask: PageRequest) -> Response:
    """The sign-off report as it was written; its own policy lets nothing run but its few lines."""
    name = "report.zh.html" if ask.language == "zh" else "report.html"
    path = ask.project.out / "report" / name
    if not path.is_file():
        raise UsageError("no report was written yet", next="start a run")
    return FileResponse(path, media_type="text/html")


def verdict_of(project: Project) -> dict[str, Json]:
    """The word and the checks of the last report; empty without one."""
    path = project.out / "report" / "report.json"
    try:
        return read_object(path) if path.is_file() else {}
    except SteadyError:
        return {}


PAGE = StudioPage(
    "runs",
    "/runs",
    30,
    (
        Handler("/runs", runs),
        Handler("/runs", start, "POST"),
        Handler("/runs/job/{id}", job),
        Handler("/runs/job/{id}/events", events),
        Handler("/runs/job/{id}/stop", stop, "POST"),
        Handler("/runs/record/{id}", record),
        Handler("/runs/report", report),
    ),
    lambda project: project.folder is not None,
)
