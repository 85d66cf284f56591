"""A stage as data: what it is called, what it does, what it depends on. Knows no order and no store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from steadyhand.flow.context import Desk


@dataclass(frozen=True)
class Stage:
    """`work(desk, out)` fills the empty folder `out`. `after` names stages whose artefacts it reads, `parts` parts of
    the domain, `settings` keys or sections of steady.toml. Raise `version` when the work writes something else."""

    name: str
    work: Callable[[Desk, Path], None]
    after: tuple[str, ...]
    parts: tuple[str, ...]
    settings: tuple[str, ...]
    version: int = 1


def stage(
    name: str, work: Callable[[Desk, Path], None], after: str, parts: str, settings: str, version: int = 1
) -> Stage:
    """A stage from words separated by spaces, so that the list of stages reads as a table."""
    return Stage(name, work, tuple(after.split()), tuple(parts.split()), tuple(settings.split()), version)
