"""What a domain asks a model during training, to see that it stays healthy. Knows which questions; judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.domain.decisions import decisions
from steadyhand.domain.model import Domain
from steadyhand.flow.artifacts import read_object, write_json
from steadyhand.flow.context import RunContext
from steadyhand.models.backend import Prompt
from steadyhand.settings.model import WatchSettings
from steadyhand.train.monitoring.health_monitor import HEALTH, HealthMonitor
from steadyhand.train.monitoring.health_test import HealthQuestion, spread_evenly


def guard_of(context: RunContext, reference: Mapping[str, tuple[int, int]] | None = None) -> HealthMonitor | None:
    """The watch of one of the run's trainings (`guard_for`)."""
    return guard_for(context.parts.domain, context.settings.watch, reference)


def guard_for(
    domain: Domain, given: WatchSettings, reference: Mapping[str, tuple[int, int]] | None = None
) -> HealthMonitor | None:
    """The watch of one training, or None when it is switched off or there is nothing to ask."""
    asked = spread_evenly(questions(domain), given.questions)
    if not given.enabled or not asked:
        return None
    return HealthMonitor(asked, given, reference)


def questions(domain: Domain) -> Iterator[HealthQuestion]:
    """Public facts with their answers, general dialogues up to their last turn, and held-out situations with tools.

    Nothing private is asked for: that a model learns the domain must not look like damage, nor that it has not yet.
    """
    for probe in domain.probes:
        if probe.kind == "public" and probe.answer.must:
            yield HealthQuestion(Prompt(domain.asked(probe.question)), probe.answer)
    offered = [*domain.rehearsal_tools, *[()] * (len(domain.rehearsal) - len(domain.rehearsal_tools))]
    for messages, tools in zip(domain.rehearsal, offered, strict=True):
        last = max((i for i, message in enumerate(messages) if message.role == "assistant"), default=0)
        if last:
            yield HealthQuestion(Prompt(tuple(messages[:last]), tuple(tools)))
    for scenario in domain.scenarios:
        if scenario.split == "eval":
            first = decisions(scenario)[0]
            tools = tuple(domain.tools[name] for name in scenario.tools)
            yield HealthQuestion(Prompt(first.messages, tools), decision=first)


def leave(guard: HealthMonitor | None, out: Path) -> None:
    """Writes what the watch saw beside the trained model."""
    if guard is not None:
        write_json(out / HEALTH, guard.record())


def reference_of(artifact: Path) -> dict[str, tuple[int, int]] | None:
    """How often the base failed by each sign, as the training before measured it; None when that was not watched."""
    reference: dict[str, Json] = read_object(artifact / HEALTH).get("reference") or {}
    return {sign: (failures, n) for sign, (failures, n) in reference.items()} or None
