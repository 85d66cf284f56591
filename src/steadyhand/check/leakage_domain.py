"""Rules L: is anything that is evaluated also trained on? Compared in normal form (NFKC, case folded).

Exact matches only; near-duplicates are kept on one side by their `group`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from steadyhand.chat.messages import Message
from steadyhand.check.finding import Finding, finding
from steadyhand.domain.decisions import Decision, decisions
from steadyhand.domain.model import Domain
from steadyhand.text.shingles import normal

_TELLING = 8  # characters: "thanks" may be said anywhere

State = tuple[tuple[str, str], ...]


def check_leaks(domain: Domain) -> Iterator[Finding]:
    """L201-L204."""
    yield from _groups(domain)
    trained: dict[State, str] = {}
    for card in domain.cards:
        for index in card.trained:
            trained.setdefault(_state(card.messages[:index]), f"card {card.id}")
    for decision in _decisions(domain, "train"):
        trained.setdefault(_state(decision.messages), decision.id)
    asked = {_last_question(state): name for state, name in trained.items()}
    yield from _prompts(domain, trained, asked)
    yield from _probes(domain, asked)


def _groups(domain: Domain) -> Iterator[Finding]:
    sides: dict[str, dict[str, str]] = defaultdict(dict)
    for scenario in domain.scenarios:
        sides[scenario.group].setdefault(scenario.split, scenario.id)
        if len(sides[scenario.group]) == 2:
            both = sides[scenario.group]
            sides[scenario.group] = {}
            what = f"group {scenario.group!r}: {both['train']} is trained on, {both['eval']} evaluated"
            yield finding("L201", scenario.place, what, "give all scenarios of a group the same split")


def _prompts(domain: Domain, trained: dict[State, str], asked: dict[str, str]) -> Iterator[Finding]:
    """At most one finding per scenario and rule."""
    said: set[tuple[str, str]] = set()
    for decision in _decisions(domain, "eval"):
        leak = _prompt(decision, trained, asked)
        if leak and (leak.code, decision.scenario.id) not in said:
            said.add((leak.code, decision.scenario.id))
            yield leak


def _prompt(decision: Decision, trained: dict[State, str], asked: dict[str, str]) -> Finding | None:
    state = _state(decision.messages)
    place, question = decision.scenario.place, _last_question(state)
    if state in trained:
        what = f"{decision.id} has the prompt of {trained[state]}"
        return finding("L202", place, what, "give both the same split and group, or change the question")
    if question in asked and len(question) >= _TELLING:
        what = f"{decision.id} ends with the question of {asked[question]}"
        return finding("L203", place, what, "reword one of them, or put both into one group")
    return None


def _probes(domain: Domain, asked: dict[str, str]) -> Iterator[Finding]:
    for probe in domain.probes:
        if normal(probe.question) in asked:
            what = f"probe {probe.id} asks what {asked[normal(probe.question)]} asks"
            yield finding("L204", probe.place, what, "reword the probe, so that it measures more than memory")


def _decisions(domain: Domain, split: str) -> Iterator[Decision]:
    for scenario in domain.scenarios:
        if scenario.split == split:
            yield from decisions(scenario)


def _state(messages: Sequence[Message]) -> State:
    """What was said so far; system prompts and thinking left out, because changing them hides no leak."""
    return tuple((m.role, normal(m.content)) for m in messages if m.role != "system")


def _last_question(state: State) -> str:
    return next((text for role, text in reversed(state) if role == "user"), "")
