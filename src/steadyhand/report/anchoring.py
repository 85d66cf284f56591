"""The anchoring dialogues as rows of turns. Knows items, not markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.ledger.result import Evaluation, Item

SUITE = "anchoring"


@dataclass(frozen=True)
class AnchoringTurn:
    """One question and each stage's answer (None: not asked). `number` counts scored turns from 1; a lead-in that only
    some models were given has none."""

    number: int | None
    question: str
    answers: dict[str, Item | None]


@dataclass(frozen=True)
class AnchoringDialogue:
    """`number` counts the dialogues of a language from 1."""

    lang: str
    number: int
    turns: tuple[AnchoringTurn, ...]

    def tally(self, stage: str) -> dict[str, int]:
        """k turns passed of n scored."""
        items = [turn.answers.get(stage) for turn in self.turns]
        scored = [item.passed for item in items if item is not None and item.passed is not None]
        return {"k": sum(scored), "n": len(scored)}


def dialogues(evaluations: dict[str, Evaluation], stages: Sequence[str]) -> list[AnchoringDialogue]:
    """The dialogues in the order asked; empty when no model had one."""
    asked = [item for stage in stages for item in evaluations[stage].items if item.suite == SUITE]
    found: list[AnchoringDialogue] = []
    for cluster, lang in dict.fromkeys((item.cluster, item.lang) for item in asked):
        number = 1 + sum(one.lang == lang for one in found)
        found.append(AnchoringDialogue(lang, number, _turns((SUITE, cluster, lang), evaluations, stages)))
    return found


def _turns(
    own: tuple[str, str, str], evaluations: dict[str, Evaluation], stages: Sequence[str]
) -> tuple[AnchoringTurn, ...]:
    by_stage = {
        stage: {item.id: item for item in evaluations[stage].items if (item.suite, item.cluster, item.lang) == own}
        for stage in stages
    }
    order = dict.fromkeys(name for items in by_stage.values() for name in items)
    turns: list[AnchoringTurn] = []
    number = 0
    for name in order:
        answers = {stage: by_stage[stage].get(name) for stage in stages}
        example = next(item for item in answers.values() if item is not None)
        lead_in = example.facts.clarify
        number += not lead_in
        turns.append(AnchoringTurn(None if lead_in else number, example.question, answers))
    return tuple(turns)
