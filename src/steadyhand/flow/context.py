"""What a stage works with. Knows no stage by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steadyhand.flow.domain_inputs import Parts
from steadyhand.flow.engine import Noting, Watcher, seconds_of
from steadyhand.flow.plan import Planned
from steadyhand.ledger.store import Store
from steadyhand.settings import Settings


@dataclass(frozen=True)
class RunContext:
    """A run as its stages see it; `keys`: stage -> key."""

    parts: Parts
    settings: Settings
    store: Store
    keys: Mapping[str, str]
    watcher: Watcher
    steps: tuple[Planned, ...]

    @property
    def trained(self) -> tuple[str, ...]:
        """The run's trainings in order; the model of the last one is judged."""
        return tuple(name for name in ("sft", "dpo") if name in self.keys)

    def artifact(self, stage: str) -> Path:
        return self.store.artifact(self.keys[stage])

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
        return {name: seconds_of(self.store, key) for name, key in self.keys.items() if self.store.done(key)}
