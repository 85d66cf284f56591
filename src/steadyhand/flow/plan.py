"""What keyed work must run, and why. Work is a stage of a run, a trial of an experiment, a type of weights: its key is
the hash of all that its result depends on. Knows no work by name; carries nothing out."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from steadyhand.chat.messages import Json
from steadyhand.files import write_whole
from steadyhand.flow.artifacts import read_object
from steadyhand.ledger.store import Store

UNCHANGED = "nothing that it depends on has changed"
FIRST = "not done yet"
SEEN = "last.json"  # what each work depended on when it was last carried out: only to say why it runs again


@dataclass(frozen=True)
class Work:
    """What the engine knows of a stage or a trial: its name, its key, what the key is made of as a person calls it, and
    `inputs`, the earlier works whose results it reads (name -> key)."""

    name: str
    key: str
    depends: Mapping[str, Json]
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A work, its key, and whether it runs; `reason` is a sentence for a person."""

    name: str
    key: str
    state: Literal["done", "run"]
    reason: str


def store_in(root: Path) -> Store | None:
    """The store of works that were carried out in `root`; None when none ever was, and nothing is written."""
    return Store(root) if (root / SEEN).is_file() else None


def plan(works: Sequence[Work], store: Store | None) -> list[Planned]:
    """What would run and why; `store` None: nothing was ever carried out."""
    seen = read_object(store.root / SEEN) if store else {}
    steps: list[Planned] = []
    again: set[str] = set()
    for work in works:
        begun = store is not None and store.begun(work.key)
        reason = unsound(work, store, again) if store and begun else why(work.depends, seen.get(work.name))
        again |= {work.name} if reason else set()
        steps.append(Planned(work.name, work.key, "run" if reason else "done", reason or UNCHANGED))
    return steps


def unsound(work: Work, store: Store, again: Collection[str] = ()) -> str | None:
    """Why a result that is there does not count; `again`: the works whose results are made again before it."""
    if wrong := store.damage(work.key):
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return f"what it left is not what was finished: {wrong[0]}{more}"
    if earlier := [name for name in work.inputs if name in again]:
        return f"made again before it, and it is kept if that comes out the same: {', '.join(earlier)}"
    noted, now = store.made_of(work.key), contents(work, store)
    if other := [name for name in work.inputs if name in noted and noted[name] != now[name]]:
        return f"it was made of another result than lies here now: {', '.join(other)}"
    return None


def contents(work: Work, store: Store) -> dict[str, str]:
    """What a work's result is made of: the content of each result that it reads."""
    return {name: store.content(key) for name, key in work.inputs.items()}


def why(now: Mapping[str, Json], before: Mapping[str, Json] | None) -> str:
    """Why work that is not done has to run, from what it depends on `now` and did `before` (None: it never ran)."""
    if before is None:
        return FIRST
    changed = [name for name, value in now.items() if before.get(name) != value]
    return f"changed: {', '.join(changed)}" if changed else "it was not finished"


def remember(work: Work, root: Path) -> None:
    """Keep what a work depends on now, to say why it runs again when that has changed."""
    path = root / SEEN
    row = read_object(path) | {work.name: dict(work.depends)}
    write_whole(path, json.dumps(row))
