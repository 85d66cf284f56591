"""Rows for supervised fine-tuning: knowledge cards, optionally scenario decisions, and rehearsal mixed in.

One row trains one assistant turn. Rehearsal (general dialogues) keeps what the model knew; its share is of all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from steadyhand.chat.messages import Message, Tool
from steadyhand.domain.decisions import decisions
from steadyhand.domain.model import Card, Domain
from steadyhand.domain.rows import Row
from steadyhand.errors import UsageError


def sft_rows(domain: Domain, *, scenarios: bool, rehearsal: float, seed: int, card_repeats: int = 1) -> list[Row]:
    """All answers of cards `card_repeats` times (and with `scenarios` all training decisions), plus so many rehearsal
    rows that they make up the share `rehearsal` (0 to below 1) of the result, as far as there are enough; shuffled. One
    seed gives one list."""
    if not 0 <= rehearsal < 1:
        raise UsageError(f"rehearsal is {rehearsal}, not a share from 0 to below 1", next="set sft.rehearsal")
    rng = Random(seed)
    taught = [row for card in domain.cards for row in _card_rows(card)] * card_repeats
    if scenarios:
        taught += _decision_rows(domain)
    wanted = round(len(taught) * rehearsal / (1 - rehearsal)) if taught else None
    general = _rehearsal_rows(domain, rng) if rehearsal else []
    rng.shuffle(general)
    rows = taught + general[:wanted]
    rng.shuffle(rows)
    return rows


def _card_rows(card: Card) -> list[Row]:
    """One row per trained answer; the last one is what the card is named after."""
    last = len(card.messages) - 1
    names = {index: f"card:{card.id}" + (f"#{index}" if index < last else "") for index in card.trained}
    return [Row(card.messages[: index + 1], (), name) for index, name in names.items()]


def _decision_rows(domain: Domain) -> list[Row]:
    rows = []
    for scenario in domain.scenarios:
        if scenario.split == "train":
            tools = tuple(domain.tools[name] for name in scenario.tools)
            rows += [Row((*d.messages, d.target), tools, f"scenario:{d.id}") for d in decisions(scenario)]
    return rows


def _rehearsal_rows(domain: Domain, rng: Random) -> list[Row]:
    """Of each dialogue the last assistant turn, and of longer ones one other turn by chance."""
    offered = [*domain.rehearsal_tools, *[()] * (len(domain.rehearsal) - len(domain.rehearsal_tools))]
    rows = []
    for n, (messages, tools) in enumerate(zip(domain.rehearsal, offered, strict=True)):
        rows += [_turn(messages, tools, n, index) for index in _turns(messages, rng)]
    return rows


def _turns(messages: Sequence[Message], rng: Random) -> list[int]:
    """Indices of the assistant turns to train; a turn without anything before it has no prompt."""
    turns = [index for index, message in enumerate(messages) if message.role == "assistant" and index > 0]
    return turns[-1:] + ([rng.choice(turns[:-1])] if len(turns) > 1 else [])


def _turn(messages: Sequence[Message], tools: Sequence[Tool], n: int, index: int) -> Row:
    return Row(tuple(messages[: index + 1]), tuple(tools), f"rehearsal:{n}#{index}")
