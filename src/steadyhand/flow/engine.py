"""Carries stages out: which must run and why, in which order, what is recorded. Knows no stage by name."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

from steadyhand.chat.messages import Json
from steadyhand.errors import GateFailed
from steadyhand.flow.parts import CALLED, Parts
from steadyhand.flow.stage import Stage
from steadyhand.ledger.keys import key_of
from steadyhand.ledger.records import Records, Status
from steadyhand.ledger.store import Store
from steadyhand.settings import Settings

SEEN = "last.json"  # what each stage depended on when it was last carried out: only to say why it runs again
TIMING = "stage.json"


class Watcher(Protocol):
    """Told what happens, to show it."""

    def stage(self, planned: Planned, position: int, total: int) -> None: ...

    def progress(self, done: int, total: int, label: str) -> None: ...


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

    def seconds(self) -> dict[str, float]:
        """Wall time of every finished stage."""
        timings = {name: self.store.artefact(key) / TIMING for name, key in self.keys.items() if self.store.done(key)}
        return {name: json.loads(path.read_text("utf-8"))["seconds"] for name, path in timings.items()}


def keys_of(stages: Sequence[Stage], parts: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Stage -> key, over everything it depends on, directly or through earlier stages."""
    keys: dict[str, str] = {}
    for stage in stages:
        inputs = {name: parts[name] for name in stage.parts} | {f"after {name}": keys[name] for name in stage.after}
        keys[stage.name] = key_of(stage.name, stage.version, chosen(settings, stage), inputs)
    return keys


def chosen(settings: Settings, stage: Stage) -> dict[str, Json]:
    """The settings that a stage depends on, by dotted name."""
    whole = settings.model_dump(mode="json")
    picked = {}
    for dotted in stage.settings:
        value = whole
        for name in dotted.split("."):
            value = value[name]
        picked[dotted] = value
    return picked


def planned(
    stages: Sequence[Stage], keys: Mapping[str, str], parts: Mapping[str, str], settings: Settings, store: Store | None
) -> list[Planned]:
    """What would run and why; `store` None: nothing was ever carried out."""
    seen = _read(store.root / SEEN) if store else {}
    steps: list[Planned] = []
    for stage in stages:
        key = keys[stage.name]
        if store and store.done(key):
            steps.append(Planned(stage.name, key, "done", "nothing that it depends on has changed"))
        else:
            steps.append(Planned(stage.name, key, "run", _why(stage, dependencies(stage, keys, parts, settings), seen)))
    return steps


def dependencies(
    stage: Stage, keys: Mapping[str, str], parts: Mapping[str, str], settings: Settings
) -> dict[str, Json]:
    return {
        **{CALLED[name]: parts[name] for name in stage.parts},
        **{f"setting {name}": value for name, value in chosen(settings, stage).items()},
        **{f"stage {name}": keys[name] for name in stage.after},
        "this program's version of the stage": stage.version,
    }


def _why(stage: Stage, now: Mapping[str, Json], seen: Mapping[str, Json]) -> str:
    before = seen.get(stage.name)
    if before is None:
        return "it has never run here"
    changed = [name for name, value in now.items() if before.get(name) != value]
    return f"changed: {', '.join(changed)}" if changed else "it was not finished"


def carry_out(stages: Sequence[Stage], desk: Desk, records: Records) -> None:
    """Run what is not done, in order. Whatever ends it, finished stages stay and the records say where it stopped."""
    steps = desk.steps
    identity = steps[-1].key[:16]
    records.start_run(identity, desk.parts.domain.name, desk.settings.model_dump(mode="json"))
    try:
        for position, (stage, step) in enumerate(zip(stages, steps, strict=True), 1):
            desk.watcher.stage(step, position, len(steps))
            if step.state == "run":
                _carry_out_one(stage, step, desk, records, identity)
            _stop_at_failed_gate(desk, step)
    except BaseException as error:
        status, reason = _ended(error)
        records.finish_run(identity, status, reason=reason)
        raise
    records.finish_run(identity, "done", verdict=_word(desk))


def _carry_out_one(stage: Stage, step: Planned, desk: Desk, records: Records, run: str) -> None:
    _remember(stage, desk)
    records.start_stage(run, stage.name, step.key)
    began = time.monotonic()
    try:
        with desk.store.writing(step.key) as out:
            stage.work(desk, out)
            seconds = time.monotonic() - began
            instant = datetime.now(UTC).isoformat(timespec="seconds")
            (out / TIMING).write_text(
                json.dumps({"stage": stage.name, "seconds": seconds, "finished": instant}), "utf-8"
            )
    except BaseException as error:
        status, reason = _ended(error)
        records.finish_stage(run, stage.name, status, seconds=time.monotonic() - began, reason=reason)
        raise
    records.finish_stage(run, stage.name, "done", seconds=seconds)


def _ended(error: BaseException) -> tuple[Status, str]:
    """How the records name an end that is not the good one, and its reason."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ("failed" if isinstance(error, Exception) else "stopped"), reason


def _stop_at_failed_gate(desk: Desk, step: Planned) -> None:
    """A stage that leaves a verdict named gate.json with FAIL ends the run, also when it was done in an earlier one."""
    path = desk.store.artefact(step.key) / "gate.json"
    verdict = _read(path)
    if verdict.get("word") == "FAIL":
        failed = [c for c in verdict["checks"] if c["verdict"] == "FAIL"]
        why = "; ".join(f"{c['metric']} {c['value']} (bar {c['bar']})" for c in failed)
        raise GateFailed(
            f"fine-tuning damaged the model, so it is not trained further and the base is kept: {why}",
            where=str(path),
            next="lower sft.learning_rate or sft.epochs, raise sft.rehearsal, or look at the cards; then run again",
        )


def _word(desk: Desk) -> str | None:
    """The word of the last verdict.json that a stage left."""
    found = [_read(desk.store.artefact(step.key) / "verdict.json").get("word") for step in desk.steps]
    return next((word for word in reversed(found) if word), None)


def _remember(stage: Stage, desk: Desk) -> None:
    path = desk.store.root / SEEN
    row = _read(path) | {stage.name: dependencies(stage, desk.keys, desk.parts.hashes, desk.settings)}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(row), "utf-8")
    part.replace(path)


def _read(path: Path) -> dict[str, Json]:
    """A JSON object, or an empty one when the file is absent."""
    if not path.is_file():
        return {}
    row: dict[str, Json] = json.loads(path.read_text("utf-8"))
    return row
