"""An evaluation as logged dialogues, as a proxy would have logged them: one for each wrong answer, which ends it.

Every step was asked behind the right ones, so what stands before an answer is the scenario's own and the answer is the
model's: each dialogue has one wrong step, and that is its first. Knows evaluations and domains; `logs` reads what is
written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from steadyhand.badcases.classify import scenario_of, step_of
from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.messages import Json, Message, to_openai
from steadyhand.chat.parse import parse
from steadyhand.domain.model import Domain
from steadyhand.evaluate.suites import Target, targets
from steadyhand.ledger.result import Evaluation, Item


@dataclass
class Traces:
    """`rows`: one dialogue each, in the order of the evaluation; `wrong`: how many end in a wrong answer; `left_out`:
    reason -> dialogues that were not written."""

    rows: list[dict[str, Json]] = field(default_factory=list)
    wrong: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def traces(found: Evaluation, domain: Domain) -> Traces:
    """`domain`: the folder that was asked. Raises UsageError where it has nothing held out."""
    asked = {target.id: target for target in targets(domain, ["tool"])}
    form, made = str(found.manifest.get("format", "hermes")), Traces()
    for steps in _by_scenario(found.items):
        for last in [step for step in steps if step.passed is False] or steps[-1:]:
            target = asked.get(last.id)
            if target is None or target.asked != last.facts.asked:
                made.left_out["the scenario was changed or taken out since it was asked"] += 1
                continue
            made.wrong += last.passed is False
            made.rows.append(_row(scenario_of(last), target, answer_of(last, form)))
    return made


def _by_scenario(items: Sequence[Item]) -> Iterator[list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        if item.suite == "tool" and step_of(item) >= 0:
            found.setdefault(scenario_of(item), []).append(item)
    for steps in found.values():
        yield sorted(steps, key=step_of)


def answer_of(item: Item, form: str) -> Message:
    """What the model said; text that is no readable call stays text, as a server passes it on."""
    parsed = parse(item.raw, format=form, finish_reason=item.finish_reason)
    if parsed.error:
        return Message("assistant", format_named(form).thinking(item.raw).rest.strip(), parsed.think)
    return Message("assistant", parsed.content, parsed.think, tuple(parsed.calls))


def _row(talk: str, target: Target, answer: Message) -> dict[str, Json]:
    prompt = target.prompt
    row = {"conversation_id": talk, "messages": to_openai([*prompt.messages, answer])}
    return row | ({"tools": [tool.to_openai() for tool in prompt.tools]} if prompt.tools else {})
