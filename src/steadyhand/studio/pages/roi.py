"""ROI: what training saves, when it has paid back, and which number the answer hangs on."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.report.banner import SYMBOLS
from steadyhand.report.roi import roi_parts
from steadyhand.studio.page import Handler, PageRequest, StudioPage
from steadyhand.studio.project import Project, StillReadingError, key_of

NAMES = "roi*.toml"


def files(project: Project, pattern: str) -> dict[str, Path]:
    """Key -> file of this kind in the domain's folder or beside its runs."""
    found = [*project.folder.glob(pattern)] if project.folder else []
    return {key_of(path): path for path in sorted([*found, *project.out.glob(pattern)]) if path.is_file()}


def show(ask: PageRequest) -> Response:
    """The tables of `steady roi`, of the file that is chosen."""
    known = files(ask.project, NAMES)
    if not known:
        words = shlex.join(["steady", "roi", "--example"])
        return ask.page("roi_page.html.j2", known={}, command=f"{words} > {ask.project.folder}/roi.toml", found=None)
    key = ask.query("file") or next(iter(known))
    if key not in known:
        raise UsageError("no such file of costs", next="choose one of the list")
    found = _costs(ask.project, key, known[key])
    parts: dict[str, Any] = roi_parts(found, ask.t)
    return ask.page(
        "roi_page.html.j2", known=known, key=key, found=found, symbols=SYMBOLS,
        command=shlex.join(["steady", "roi", str(known[key])]), **parts,
    )  # fmt: skip


def _costs(project: Project, key: str, path: Path) -> dict[str, Json]:
    report = project.out / "report" / "report.json"
    stamps = tuple(one.stat().st_mtime_ns if one.is_file() else 0 for one in (path, report))
    found = project.soon(f"roi/{key}", stamps, partial(_made, path))
    if found is None:
        raise StillReadingError("the costs are being computed", next="this page comes again by itself")
    return found


def _made(path: Path) -> dict[str, Json]:
    from steadyhand.badcases.measured_input import measured_input
    from steadyhand.roi.inputs import read_costs
    from steadyhand.roi.result import roi

    return roi(read_costs(path, measured_input), datetime.now(UTC).isoformat(timespec="minutes"))


PAGE = StudioPage("roi", "/roi", 76, (Handler("/roi", show),), lambda project: project.folder is not None, rare=True)
