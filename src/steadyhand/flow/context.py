"""What a stage works with, and what is told to whoever watches. Knows no stage by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from steadyhand.flow.domain_inputs import Parts
from steadyhand.ledger.store import Store
from steadyhand.settings import Settings

TIMING = "stage.json"


class Watcher(Protocol):
    """Told what happens, to show it."""

    def stage(self, planned: Planned, position: int, total: int) -> None: ...

    def progress(self, done: int, total: int, label: str) -> None: ...


@runtime_checkable
class Noting(Protocol):
    """A watcher that also shows what somebody should know, one sentence at a time."""

    def note(self, text: str) -> None: ...


@dataclass(frozen=True)
class Planned:
    """A stage, its key, and whether it runs; `reason` is a sentence for a person."""

    name: str
    key: str
    state: Literal["done", "run"]
    reason: str


@dataclass(frozen=True)
class Desk:
    """What a stage works with."""

    parts: Parts
    settings: Settings
    store: Store
    keys: Mapping[str, str]
    watcher: Watcher
    steps: tuple[Planned, ...]

    def artefact(self, stage: str) -> Path:
        return self.store.artefact(self.keys[stage])

    def work(self, stage: str) -> Path:
        """A folder that survives a kill, for checkpoints."""
        return self.store.work(self.keys[stage])

    def progress(self, done: int, total: int, label: str) -> None:
        self.watcher.progress(done, total, label)

    def note(self, text: str) -> None:
        if isinstance(self.watcher, Noting):
            self.watcher.note(text)

    def seconds(self) -> dict[str, float]:
        """Wall time of every finished stage."""
        timings = {name: self.store.artefact(key) / TIMING for name, key in self.keys.items() if self.store.done(key)}
        return {name: json.loads(path.read_text("utf-8"))["seconds"] for name, path in timings.items()}
