"""Carries stages out in order and keeps the records. Knows no stage by name."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from steadyhand.errors import GateFailed
from steadyhand.flow.artifacts import read_evaluation
from steadyhand.flow.context import TIMING, Desk, Planned
from steadyhand.flow.plan import read_object, remember, results, unsound
from steadyhand.flow.stage import Stage

if TYPE_CHECKING:
    from steadyhand.ledger.records import Records, Status
from steadyhand.text.redaction import scrubbed, without_passwords


def carry_out(stages: Sequence[Stage], desk: Desk, records: Records) -> None:
    """Run what is not done, in order. Whatever ends it, finished stages stay and the records say where it stopped."""
    steps = desk.steps
    identity = steps[-1].key[:16]
    settings = without_passwords(desk.settings.model_dump(mode="json", exclude={"ledger"}))
    records.start_run(identity, desk.parts.domain.name, settings)
    try:
        for position, (stage, step) in enumerate(zip(stages, steps, strict=True), 1):
            step = _again_or_kept(stage, step, desk)
            desk.watcher.stage(step, position, len(steps))
            if step.state == "run":
                _carry_out_one(stage, step, desk, records, identity)
            _stop_at_failed_gate(desk, step)
    except BaseException as error:
        status, reason = _ended(error)
        records.finish_run(identity, status, reason=reason)
        raise
    _keep_scores(desk, records, identity)
    records.finish_run(identity, "done", verdict=_word(desk))


def _again_or_kept(stage: Stage, step: Planned, desk: Desk) -> Planned:
    """A result that was planned to be made again is kept when all that it was made of came out the same. One that is
    not is removed: it must not be taken for the new one."""
    if step.state == "done" or not desk.store.begun(step.key):
        return step
    if (wrong := unsound(stage, desk.keys, desk.store)) is None:
        return replace(step, state="done", reason="what it goes on from came out the same")
    desk.store.discard(step.key)
    return replace(step, reason=wrong)


def _carry_out_one(stage: Stage, step: Planned, desk: Desk, records: Records, run: str) -> None:
    remember(stage, desk)
    records.start_stage(run, stage.name, step.key)
    began = time.monotonic()
    try:
        inputs = results(stage, desk.keys, desk.store)
        with desk.store.writing(step.key, inputs, apart=(TIMING,)) as out:
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


def _keep_scores(desk: Desk, records: Records, run: str) -> None:
    """The figures of every stage that left an evaluation, for questions over many runs."""
    for step in desk.steps:
        if step.name.startswith("eval_"):
            evaluation = read_evaluation(desk.artefact(step.name))
            records.add_scores(run, evaluation.model, evaluation.metrics.values())


def _ended(error: BaseException) -> tuple[Status, str]:
    """How the records name an end that is not the good one, and its reason."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ("failed" if isinstance(error, Exception) else "stopped"), scrubbed(reason)


def _stop_at_failed_gate(desk: Desk, step: Planned) -> None:
    """A stage that leaves a verdict named gate.json with FAIL ends the run, also when it was done in an earlier one,
    unless the settings accept damage; the report's manifest then says so."""
    if desk.settings.dpo.accept_damaged:
        return
    path = desk.store.artefact(step.key) / "gate.json"
    verdict = read_object(path)
    if verdict.get("word") == "FAIL":
        failed = [c for c in verdict["checks"] if c["verdict"] == "FAIL"]
        why = "; ".join(f"{c['metric']} {c['value']} (bar {c['bar']})" for c in failed)
        raise GateFailed(
            f"fine-tuning damaged the model, so it is not trained further and the base is kept: {why}",
            where=str(path),
            next="lower sft.learning_rate or sft.epochs, raise sft.rehearsal, or look at the cards; then run again "
            "(dpo.accept_damaged goes on all the same, and the report says so)",
        )


def _word(desk: Desk) -> str | None:
    """The word of the last verdict.json that a stage left."""
    found = [read_object(desk.store.artefact(step.key) / "verdict.json").get("word") for step in desk.steps]
    return next((word for word in reversed(found) if word), None)
