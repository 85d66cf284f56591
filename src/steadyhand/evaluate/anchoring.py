"""Plays the anchoring dialogue: the model's own answers become its history, so an early confusion can spread.

All dialogues step together, one request a turn. Who answers is a function, so stored answers replay
exactly as they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from steadyhand.chat.messages import Message
from steadyhand.domain.model import Domain
from steadyhand.errors import UsageError
from steadyhand.evaluate.suites import Target
from steadyhand.models.backend import Completion, Prompt
from steadyhand.stats.intervals import by_cluster

Asked = tuple[Target, Prompt]
Ask = Callable[[Sequence[Asked]], list[Completion]]


def dialogues(domain: Domain, turns: Sequence[Target], clarify: bool) -> list[list[Target]]:
    """The turns by dialogue, in file order; with `clarify`, each led in by the domain's clarifying turn, unscored.

    Raises UsageError when a language has no clarifying turn.
    """
    grouped = by_cluster([(turn.cluster, turn) for turn in turns]).values()
    if not clarify:
        return list(grouped)
    missing = sorted({turn.lang for turn in turns} - set(domain.clarify))
    if missing:
        raise UsageError(
            f"no clarifying turn for {', '.join(missing)}",
            where=str(domain.root),
            next='add it under "clarify:" in probes/',
        )
    return [[_lead_in(domain.clarify[own[0].lang], own[0]), *own] for own in grouped]


def _lead_in(text: str, first: Target) -> Target:
    prompt = Prompt((Message("user", text),))
    return Target(f"clarify:{first.cluster}", "anchoring", first.cluster, first.lang, prompt, None, warm_up=True)


def play(
    ask: Ask, parts: Sequence[Sequence[Target]], opening: tuple[Message, ...] = ()
) -> list[tuple[Target, Prompt, Completion]]:
    """Every turn of every dialogue with the prompt that was really shown and the answer to it; `opening` stands before
    all of them."""
    histories: list[tuple[Message, ...]] = [opening for _ in parts]
    played = []
    for step in range(max((len(part) for part in parts), default=0)):
        live = [index for index, part in enumerate(parts) if step < len(part)]
        asked = [(parts[i][step], Prompt(histories[i] + parts[i][step].prompt.messages)) for i in live]
        for index, (target, prompt), completion in zip(live, asked, ask(asked), strict=True):
            histories[index] = (*prompt.messages, reply(completion))
            played.append((target, prompt, completion))
    return played


def reply(completion: Completion) -> Message:
    """An answer as history: its text, and its thinking when the tags are whole (the template decides what to keep)."""
    parsed, whole = completion.parsed(), completion.thinking().code.balanced
    return Message("assistant", parsed.content, parsed.think if whole else None)
