"""A stage as data: what it is called, what it does, what it depends on. Knows no order and no store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.flow.context import RunContext
from steadyhand.flow.domain_inputs import CALLED
from steadyhand.flow.engine import Perform
from steadyhand.flow.plan import Work
from steadyhand.ledger.keys import key_of
from steadyhand.settings import Settings
from steadyhand.text.redaction import without_passwords


@dataclass(frozen=True)
class Stage:
    """`work(context, out)` fills the empty folder `out`. `after` names stages whose artifacts it reads, `parts` parts
    of the domain, `settings` keys or sections of steady.toml. Raise `version` when the work writes something else."""

    name: str
    work: Callable[[RunContext, Path], None]
    after: tuple[str, ...]
    parts: tuple[str, ...]
    settings: tuple[str, ...]
    version: int = 1


def stage(
    name: str, work: Callable[[RunContext, Path], None], after: str, parts: str, settings: str, version: int = 1
) -> Stage:
    """A stage from words separated by spaces, so that the list of stages reads as a table."""
    return Stage(name, work, tuple(after.split()), tuple(parts.split()), tuple(settings.split()), version)


def works_of(stages: Sequence[Stage], parts: Mapping[str, str], settings: Settings) -> list[Work]:
    """The stages as works, keyed over everything that each depends on, directly or through earlier stages; `parts` are
    hashes of the parts of the domain."""
    keys: dict[str, str] = {}
    works = []
    for stage in stages:
        chosen = _settings_of(stage, settings)
        read = {name: parts[name] for name in stage.parts}
        earlier = {name: keys[name] for name in stage.after}
        inputs = read | {f"after {name}": key for name, key in earlier.items()}
        keys[stage.name] = key_of(stage.name, stage.version, chosen, inputs)
        depends = {
            **{CALLED[name]: value for name, value in read.items()},
            **{f"setting {name}": without_passwords(value) for name, value in chosen.items()},
            **{f"stage {name}": key for name, key in earlier.items()},
            "this program's version of the stage": stage.version,
        }
        works.append(Work(stage.name, keys[stage.name], depends, earlier))
    return works


def performing(stages: Sequence[Stage], context: RunContext) -> Perform:
    """How the engine carries a stage of this name out."""
    by_name = {stage.name: stage for stage in stages}
    return lambda name, out: by_name[name].work(context, out)


def _settings_of(stage: Stage, settings: Settings) -> dict[str, Json]:
    """The settings that a stage depends on, by dotted name."""
    whole = settings.model_dump(mode="json")
    picked = {}
    for dotted in stage.settings:
        value = whole
        for name in dotted.split("."):
            value = value[name]
        picked[dotted] = value
    return picked
