"""Held-out comparisons that a user owns: does the model itself find the better answer likelier than the worse ones?

One item for each worse answer, by mean log-probability per token; nothing is generated. A tie is not ranked right. A
backend that shows no probabilities (a server) leaves the items unscored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from steadyhand.chat.messages import Json, Message, to_openai
from steadyhand.domain.model import Domain, Scenario
from steadyhand.evaluate.suites import digest
from steadyhand.ledger.result import Facts, Item
from steadyhand.models.backend import Prompt

if TYPE_CHECKING:
    from steadyhand.models.backend import Progress

SUITE = "preference"


@runtime_checkable
class Scoring(Protocol):
    """A backend that says how likely it finds given answers."""

    def log_probs(self, prompt: Prompt, answers: Sequence[Message]) -> list[float]: ...


def held_out(domain: Domain) -> list[Scenario]:
    return [scenario for scenario in domain.comparisons if scenario.split == "eval"]


def rank(backend: object, domain: Domain, progress: Progress) -> list[Item]:
    """The items of all held-out comparisons, in file order."""
    asked, items = held_out(domain), list[Item]()
    for done, scenario in enumerate(asked, 1):
        items += _ranked(backend, scenario, domain)
        progress(done, len(asked))
    return items


def kept(items: Sequence[Item], domain: Domain) -> list[Item] | None:
    """The stored items of the domain's present comparisons; None when those are others by now."""
    stored = {item.id: item for item in items if item.suite == SUITE}
    due = {id: hash for scenario in held_out(domain) for id, hash in identities(scenario, domain)}
    same = all(id in stored and stored[id].facts.asked == hash for id, hash in due.items())
    return [stored[id] for id in due] if same and len(due) == len(stored) else None


def identities(scenario: Scenario, domain: Domain) -> Iterator[tuple[str, str]]:
    """(id, what is compared, as a short hash) of each worse answer."""
    tools = [domain.tools[name].to_openai() for name in scenario.tools]
    for number, worse in enumerate(scenario.rejected, 1):
        shown: Json = [to_openai((*scenario.messages, worse)), tools]
        yield f"{scenario.id}/{number}", digest(shown)[:16]


def _ranked(backend: object, scenario: Scenario, domain: Domain) -> Iterator[Item]:
    *prompt, chosen = scenario.messages
    asked = Prompt(tuple(prompt), tuple(domain.tools[name] for name in scenario.tools))
    answers = (chosen, *scenario.rejected)
    scores = backend.log_probs(asked, answers) if isinstance(backend, Scoring) else None
    for number, (id, hash) in enumerate(identities(scenario, domain), 1):
        facts = Facts(
            asked=hash,
            category=scenario.category,
            why=dict(scenario.why),
            rejected=_said(answers[number]),
            chosen_log_prob=None if scores is None else scores[0],
            rejected_log_prob=None if scores is None else scores[number],
        )
        yield Item(
            id=id,
            suite=SUITE,
            cluster=scenario.group,
            lang=scenario.lang,
            prompt_hash=hash,
            raw="",
            finish_reason="stop",
            completion_tokens=0,
            passed=None if scores is None else scores[0] > scores[number],
            code="no_log_probs" if scores is None else None if scores[0] > scores[number] else "worse_likelier",
            expected=_said(chosen),
            question=next((m.content for m in reversed(prompt) if m.role == "user"), ""),
            facts=facts,
        )


def _said(message: Message) -> str:
    calls = "".join(f" {call.name}({call.arguments})" for call in message.calls)
    return f"{message.content}{calls}".strip()
