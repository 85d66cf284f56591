"""Audit: is the agent's log whole, and what stands in it?"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.responses import Response

from steadyhand.agent.audit import LogRecord, Verified, read, verify
from steadyhand.errors import SteadyError
from steadyhand.studio.page import Handler, PageRequest, StudioPage, part
from steadyhand.studio.project import Project, StillReadingError

SHOWN = 50
_TOLD = ("entity", "verdict", "service", "status", "code", "found", "by", "detail")


@dataclass(frozen=True)
class AuditView:
    """`whole` is what `steady audit verify` says; None where the chain is broken, and `problem` says where and how.
    Of a broken log no record is shown: nothing may be built on it."""

    whole: Verified | None
    problem: SteadyError | None
    records: tuple[LogRecord, ...]
    texts: tuple[str, ...]  # of each record, folded for searching
    events: list[tuple[str, int]]


def show(ask: PageRequest) -> Response:
    """Whether the chain holds; its records, newest first."""
    path, chosen = ask.project.audit, {"event": ask.query("event"), "q": ask.query("q")}
    command = shlex.join(["steady", "audit", "verify", "--audit", str(path)])
    if not path.exists():
        return ask.page("audit.html.j2", found=None, path=path, command=command)
    found = _found(ask.project, path)
    wanted, event = chosen["q"].casefold(), chosen["event"]
    pairs = zip(reversed(found.records), reversed(found.texts), strict=True)
    rows = [one for one, text in pairs if (not event or one.event == event) and wanted in text]
    shown, pages = part(rows, ask.number(), SHOWN)
    return ask.page(
        "audit.html.j2", found=found, path=path, rows=shown, total=len(rows), at=ask.number(), pages_of_rows=pages,
        chosen=chosen, told=_told, whole_record=_whole, command=command,
    )  # fmt: skip


def _found(project: Project, path: Path) -> AuditView:
    stat = path.stat()
    found = project.soon("audit", (stat.st_mtime_ns, stat.st_size), partial(_read, path))
    if found is None:
        raise StillReadingError("the chain is being checked", next="this page comes again by itself")
    return found


def _read(path: Path) -> AuditView:
    try:
        whole, records = verify(path), tuple(read(path))
    except SteadyError as error:
        return AuditView(None, error, (), (), [])
    texts = tuple(_whole(one).casefold() for one in records)
    return AuditView(whole, None, records, texts, Counter(one.event for one in records).most_common())


def _told(one: LogRecord) -> list[tuple[str, str]]:
    return [(name, str(one.data[name])) for name in _TOLD if one.data.get(name) not in (None, "")]


def _whole(one: LogRecord) -> str:
    return json.dumps(one.to_json(), ensure_ascii=False, indent=1)


PAGE = StudioPage(
    "audit", "/audit", 78, (Handler("/audit", show),), lambda project: project.folder is not None, rare=True
)
