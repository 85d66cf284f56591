"""Rollout: which share the candidate answers, what the guards see, and what a person may do about it."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from steadyhand.errors import UsageError
from steadyhand.rollout.control import Rollout
from steadyhand.rollout.decide import share_text, status
from steadyhand.studio.page import Handler, PageRequest, StudioPage, see
from steadyhand.studio.pages.roi import files
from steadyhand.studio.project import Project, StillReadingError

NAMES = "rollout*.toml"
ACTS = ("hold", "resume", "back")
LONGEST = 500  # characters of a reason


def show(ask: PageRequest) -> Response:
    return _show(ask)


def _show(ask: PageRequest, problem: UsageError | None = None) -> Response:
    known = files(ask.project, NAMES)
    if not known:
        return ask.page("rollout.html.j2", known={}, command="steady rollout serve rollout.toml", found=None)
    key, path = _chosen(ask, known)
    rollout, found = _stands(ask.project, key, path)
    return ask.page(
        "rollout.html.j2", status=400 if problem else 200, known=known, key=key, found=found, problem=problem,
        shares=[(share_text(share), at) for at, share in enumerate(rollout.config.steps.shares)],
        config=rollout.config, share=share_text, acts=_acts(rollout.state.mode), longest=LONGEST,
        command=shlex.join(["steady", "rollout", "status", str(path)]),
    )  # fmt: skip


def _chosen(ask: PageRequest, known: dict[str, Path]) -> tuple[str, Path]:
    key = ask.form.get("file") or ask.query("file") or next(iter(known), "")
    if key not in known:
        raise UsageError("no such rollout", next="go back to the list")
    return key, known[key]


def _stands(project: Project, key: str, path: Path) -> tuple[Rollout, dict[str, Any]]:
    """The journal is folded anew only when it grew."""
    found = project.soon(f"rollout/{key}", _stamp(project, path), partial(_folded, path))
    if found is None:
        raise StillReadingError("the rollout's journal is being read", next="this page comes again by itself")
    return found


def _stamp(project: Project, path: Path) -> tuple[int, ...]:
    journals = [path, *sorted(path.parent.glob("*/journal.jsonl"))]
    return tuple(value for one in journals for value in (one.stat().st_mtime_ns, one.stat().st_size))


def _folded(path: Path) -> tuple[Rollout, dict[str, Any]]:
    rollout = Rollout.at(path)
    return rollout, status(rollout.state)


def _acts(mode: str) -> tuple[str, ...]:
    """What a person can do now."""
    return {"running": ("hold", "back"), "held": ("resume", "back"), "done": ("back",)}.get(mode, ())


def act(ask: PageRequest) -> Response:
    """Hold, resume or go back, with a reason; the gateway that serves reads it with its next look."""
    key, path = _chosen(ask, files(ask.project, NAMES))
    kind, because = ask.form.get("act", ""), ask.form.get("because", "").strip()[:LONGEST]
    if kind not in ACTS:
        raise UsageError("nothing of this kind can be done", next="go back to the page")
    if not because:
        return _show(ask, UsageError("a reason is needed", next="it stands in the journal, for whoever asks later"))
    Rollout.at(path).person(kind, ask.who, because)
    return see("/rollout", file=key)


PAGE = StudioPage(
    "rollout",
    "/rollout",
    74,
    (Handler("/rollout", show), Handler("/rollout", act, "POST")),
    lambda project: project.folder is not None,
    rare=True,
)
