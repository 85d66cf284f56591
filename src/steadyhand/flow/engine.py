"""Carries keyed work out in order: a result appears whole or not at all, and one that is there is not made again.

Knows no work by name and no file that a work leaves but the time it took. Whoever watches or keeps records is told.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from steadyhand.flow.plan import Planned, Work, contents, remember, unsound
from steadyhand.ledger.store import Store

TIMING = "stage.json"
Perform = Callable[[str, Path], None]  # fills the empty folder of the work of this name


class Watcher(Protocol):
    """Told what happens, to show it."""

    def stage(self, planned: Planned, position: int, total: int) -> None: ...

    def progress(self, done: int, total: int, label: str) -> None: ...


@runtime_checkable
class Noting(Protocol):
    """A watcher that also shows what somebody should know, one sentence at a time."""

    def note(self, text: str) -> None: ...


class Journal:
    """Told what becomes of each work, to keep it; this one keeps nothing."""

    def started(self, work: Work) -> None:
        """Before the work."""

    def finished(self, work: Work, seconds: float) -> None:
        """Its result is in place."""

    def ended(self, work: Work, error: BaseException, seconds: float) -> None:
        """It has no result, for this reason."""

    def reached(self, artifact: Path) -> None:
        """A result is there, from now or from before. Whatever is raised here ends the works."""


def carry_out(
    works: Sequence[Work],
    steps: Sequence[Planned],
    perform: Perform,
    store: Store,
    watcher: Watcher,
    journal: Journal | None = None,
) -> None:
    """Makes what `plan` found must be made, in order. Whatever ends it, finished results stay."""
    journal = journal or Journal()
    for position, (work, planned) in enumerate(zip(works, steps, strict=True), 1):
        step = _again_or_kept(work, planned, store)
        watcher.stage(step, position, len(steps))
        if step.state == "run":
            remember(work, store.root)
            make(work, perform, store, journal)
        journal.reached(store.artifact(step.key))


def make(work: Work, perform: Perform, store: Store, journal: Journal | None = None) -> None:
    """Makes one result; several processes may, each another. Raises what the work raises: nothing is left then but
    what it keeps for its resume."""
    journal = journal or Journal()
    journal.started(work)
    began = time.monotonic()
    try:
        with store.writing(work.key, contents(work, store), apart=(TIMING,)) as out:
            perform(work.name, out)
            seconds = time.monotonic() - began
            instant = datetime.now(UTC).isoformat(timespec="seconds")
            row = {"stage": work.name, "seconds": seconds, "finished": instant}
            (out / TIMING).write_text(json.dumps(row), "utf-8")
    except BaseException as error:
        journal.ended(work, error, time.monotonic() - began)
        raise
    journal.finished(work, seconds)


def seconds_of(store: Store, key: str) -> float:
    """Wall time of a work that is done."""
    return float(json.loads((store.artifact(key) / TIMING).read_text("utf-8"))["seconds"])


def _again_or_kept(work: Work, step: Planned, store: Store) -> Planned:
    """A result that was planned to be made again is kept when all that it was made of came out the same. One that is
    not is removed: it must not be taken for the new one."""
    if step.state == "done" or not store.begun(step.key):
        return step
    if (wrong := unsound(work, store)) is None:
        return replace(step, state="done", reason="what it goes on from came out the same")
    store.discard(step.key)
    return replace(step, reason=wrong)
