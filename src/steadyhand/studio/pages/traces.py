"""Traces: what the agent did with one input, step by step, and what policy said to each write."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from starlette.responses import Response

from steadyhand.agent.ending import Ending
from steadyhand.agent.policy import Code
from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.files import read_text
from steadyhand.studio.page import Handler, PageRequest, StudioPage
from steadyhand.studio.project import Project
from steadyhand.studio.trace_index import TraceIndex

SHOWN = 50
INDEX = "traces.sqlite"
_NAME = re.compile(r"[0-9a-zA-Z_-]{1,80}")
STATES = ("complete", "waiting", "incomplete", "torn")


@dataclass(frozen=True)
class TraceStep:
    """A line of a trace. `kind`: start, read, said, model, barred, write, turn or end; `code`: what policy or the
    service said; `good`: None where a step is neither good nor bad. `body`: what it carries, as it was recorded."""

    n: int
    kind: str
    about: str
    code: str
    good: bool | None
    body: str


def folder_of(project: Project) -> Path:
    return project.audit.parent / "traces"


@cache
def _index(folder: Path, path: Path) -> TraceIndex:
    return TraceIndex(folder, path)


def index_of(project: Project) -> TraceIndex:
    return _index(folder_of(project), project.out / INDEX)


def show(ask: PageRequest) -> Response:
    """The latest traces that fit the filter."""
    folder = folder_of(ask.project)
    command = shlex.join(["steady", "agent", "run", "FILE", "--audit", str(ask.project.audit)])
    if not folder.is_dir():
        return ask.page("traces.html.j2", found=None, folder=folder, command=command)
    index = index_of(ask.project)
    index.refresh()
    chosen = {"state": ask.query("state"), "code": ask.query("code"), "q": ask.query("q")}
    total = index.count(**chosen)
    found = index.page(**chosen, limit=SHOWN, offset=(ask.number() - 1) * SHOWN)
    return ask.page(
        "traces.html.j2", found=found, total=total, chosen=chosen, states=index.states(),
        codes=[one.value for one in Code],
        at=ask.number(), pages_of_rows=max(1, -(-total // SHOWN)), left=index.left, busy=index.reading, folder=folder,
        command=command, day=_day,
    )  # fmt: skip


def _day(stamp: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(stamp / 1e9, UTC):%Y-%m-%d %H:%M}"


def one(ask: PageRequest) -> Response:
    """Every step of one trace."""
    name = ask.word("name")
    if not _NAME.fullmatch(name):
        raise UsageError("no such trace", next="go back to the list")
    path = folder_of(ask.project) / f"{name}.jsonl"
    if not path.is_file():
        raise UsageError("no such trace", where=path.name, next="it may have been removed: go back to the list")
    rows, torn = _rows(path)
    none: dict[str, Any] = {}
    start = next((row for row in rows if row.get("step") == "start"), none)
    end = next((row for row in reversed(rows) if row.get("step") == "end"), none)
    return ask.page(
        "trace.html.j2", name=name, start=start, end=end, torn=torn,
        steps=[_step(n, row) for n, row in enumerate(rows)],
        things=end.get("rows") or [], sentence=lambda code: _sentence(code, ask), title=ask.t("traces.one", name=name),
        command=shlex.join(["steady", "agent", "replay", str(path)]),
    )  # fmt: skip


def _rows(path: Path) -> tuple[list[dict[str, Any]], int]:
    """(the lines that are steps, how many are not)."""
    rows: list[dict[str, Any]] = []
    torn = 0
    for line in read_text(path).splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict) and isinstance(row.get("step"), str):
            rows.append(row)
        else:
            torn += 1
    return rows, torn


def _step(n: int, row: dict[str, Any]) -> TraceStep:
    kind = str(row["step"])
    body = json.dumps({key: value for key, value in row.items() if key != "step"}, ensure_ascii=False, indent=1)
    about, code, good = _gist(kind, row)
    return TraceStep(n, kind, about, code, good, body)


def _gist(kind: str, row: dict[str, Json]) -> tuple[str, str, bool | None]:
    """(what a step is about, the code that decided it, whether that is good). A field that is not there is none."""
    if kind == "read":
        status = str((row.get("result") or {}).get("status", ""))
        arguments = json.dumps(row.get("arguments"), ensure_ascii=False)
        return f"{row.get('tool', '')} {arguments}", status, status == "ok"
    if kind == "write":
        outcome = row.get("outcome") or {}
        code = str(outcome.get("code", ""))
        return str(outcome.get("state", "")), code, code == Code.ALLOWED.value
    if kind == "barred":
        code = str(row.get("code", ""))
        return str(row.get("entity", "")), code, not code
    if kind == "model":
        completion = row.get("completion") or {}
        return (
            str(row.get("entity") or row.get("quotation") or "")[:120],
            str(completion.get("finish_reason", "")),
            None,
        )
    return str(row.get("state", "")), str(row.get("stop", "")), None


def _sentence(code: str, ask: PageRequest) -> str:
    """What a code means, in the page's language; the agent's own sentence where no word stands for it."""
    known = {str(member): member.sentence for kind in (Ending, Code) for member in kind}
    return ask.t.get(f"traces.code.{code}", known.get(code, ""))


PAGE = StudioPage(
    "traces",
    "/traces",
    72,
    (Handler("/traces", show), Handler("/traces/{name}", one)),
    lambda project: project.folder is not None,
    rare=True,
)
