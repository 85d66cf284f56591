"""What is asked of a model: every question of a domain as data. Knows prompts and rules; nothing of answers.

tool       every decision of the held-out scenarios (split "eval"), with gold history
public     one-turn questions of public knowledge, which training must not cost
anchoring  dialogues, each played with the model's own answers as history
reasoning  one-turn questions whose `<think>` is judged too
preference held-out comparisons of preferences/, which `ranking` asks about; their prompts are asked in `tool` as well
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from steadyhand.chat.messages import Json, Message, to_openai
from steadyhand.checks import Bound, TextVerdict
from steadyhand.checks.shape import Ask
from steadyhand.domain.decisions import Decision, decisions, judge_text
from steadyhand.domain.model import AnswerRule, Domain, Probe
from steadyhand.errors import UsageError
from steadyhand.models.backend import Prompt

Suite = Literal["tool", "public", "anchoring", "reasoning", "preference"]
SUITES: tuple[Suite, ...] = ("tool", "public", "anchoring", "reasoning", "preference")


@dataclass(frozen=True)
class Target:
    """One question. `rule` says what the text must say (None: only calls are judged); `decision` is set in the tool
    suite. Targets of one `cluster` are not independent: near-duplicate scenarios, one fact, one dialogue. The prompt
    of an anchoring turn is its own user message; the history before it is whatever the model answered.
    """

    id: str
    suite: Suite
    cluster: str
    lang: str
    prompt: Prompt
    rule: AnswerRule | None
    decision: Decision | None = None
    warm_up: bool = False  # asked and kept, never counted

    @property
    def key(self) -> tuple[str, str]:
        return self.suite, self.id

    @property
    def judged(self) -> bool:
        """Whether anything judges the answer: a call is due, or its text has a rule."""
        return self.rule is not None or (self.decision is not None and self.decision.judged)

    def judge(self, text: str) -> TextVerdict:
        """What judges the text of an answer, asked."""
        return judge_text(text, self.rule, self.decision.checks if self.decision else ())

    def judged_by(self, ask: Ask | None) -> Target:
        """The same with a judging model for its checks."""
        if ask is None or self.decision is None or not self.decision.checks:
            return self
        checks = tuple(check.judged_by(ask) for check in self.decision.checks)
        return replace(self, decision=replace(self.decision, checks=checks))

    @property
    def question(self) -> str:
        return self.prompt.messages[-1].content if self.prompt.messages else ""

    @property
    def expected(self) -> str:
        """The gold calls as JSON, with what they accept besides, else the answer rule in words."""
        if self.decision is not None and self.decision.expected:
            return _dump(_calls_due(self.decision))
        checks = self.decision.checks if self.decision else ()
        demands = ["no call"] if self.decision and (self.prompt.tools or not self.judged) else []
        demands += [] if self.rule is None else [_in_words(self.rule)]
        demands += [f"{check.name}: {_gold(check)}" for check in checks]
        return "; ".join(demands)

    @property
    def asked(self) -> str:
        """What a model is shown, as a short hash that needs no tokenizer: messages and tools."""
        shown = [to_openai(self.prompt.messages), [tool.to_openai() for tool in self.prompt.tools]]
        return digest(shown)[:16]


def _calls_due(decision: Decision) -> list[Json]:
    rows: list[Json] = [{"name": call.name, "arguments": call.arguments} for call in decision.expected]
    for row, spec in zip(rows, decision.accepts, strict=False):
        row.update({"accept": spec} if spec else {})
    return rows


def _in_words(rule: AnswerRule) -> str:
    must = " and ".join(f"/{pattern}/" for pattern in rule.must)
    return "says " + (must or "anything") + "".join(f" without /{pattern}/" for pattern in rule.must_not)


def _gold(check: Bound) -> str:
    if check.gold is True:
        return check.context.reference
    return check.gold if isinstance(check.gold, str) else _dump(check.gold)


def targets(domain: Domain, suites: Collection[Suite] = SUITES) -> list[Target]:
    """All questions of the chosen suites, in file order. Raises UsageError when there is none to ask."""
    unknown = sorted(set(suites) - set(SUITES))
    if unknown:
        raise UsageError(f"unknown suite {', '.join(unknown)}", next=f"choose from {', '.join(SUITES)}")
    asked = [*(_tool_targets(domain) if "tool" in suites else ()), *_probe_targets(domain, suites)]
    if not asked:
        raise UsageError(
            f"nothing to ask in the suites {', '.join(suites)}",
            where=str(domain.root),
            next='give scenarios `split: eval`, or add probes under "probes/"',
        )
    return asked


def _tool_targets(domain: Domain) -> Iterable[Target]:
    for scenario in domain.scenarios:
        if scenario.split != "eval":
            continue
        tools = tuple(domain.tools[name] for name in scenario.tools)
        for decision in decisions(scenario):
            prompt = Prompt(decision.messages, tools)
            yield Target(decision.id, "tool", scenario.group, scenario.lang, prompt, decision.answer, decision)


def _probe_targets(domain: Domain, suites: Collection[Suite]) -> Iterable[Target]:
    for probe in domain.probes:
        if probe.kind in suites:
            anchoring = probe.kind == "anchoring"  # whose opening stands before all turns
            prompt = Prompt((Message("user", probe.question),) if anchoring else domain.asked(probe.question))
            rule = probe.answer if probe.answer.demands else None
            yield Target(probe.id, probe.kind, _cluster(probe), probe.lang, prompt, rule)


def _cluster(probe: Probe) -> str:
    """Anchoring turns of one language are one dialogue, unless `cluster` names several."""
    return f"{probe.cluster or 'dialogue'}:{probe.lang}" if probe.kind == "anchoring" else probe.cluster or probe.id


def nested_sample(population: Sequence[Target], size: int, seed: int) -> list[Target]:
    """`size` targets in a seeded order that is the same for every size: 20 items are the first half of 40."""
    return sorted(population, key=lambda target: digest([seed, *target.key]))[:size]


def inventory(domain: Domain) -> dict[str, bool]:
    """What the domain has to be measured, whether it was asked now or not: by this, bars apply or do not."""
    kinds = {probe.kind for probe in domain.probes}
    gold = [message for scenario in domain.scenarios for message in scenario.messages]
    gold += [message for card in domain.cards for message in card.messages]
    return {
        "tools": bool(domain.tools),
        "scenarios": any(scenario.split == "eval" for scenario in domain.scenarios),
        "anchoring": "anchoring" in kinds,
        "public": "public" in kinds,
        "thinking": "reasoning" in kinds or any(message.think for message in gold),
        **({"preferences": True} if any(one.split == "eval" for one in domain.comparisons) else {}),
    }


def item_set(population: Sequence[Target], compared: Sequence[Json] = ()) -> str:
    """Identifies what was asked and what was expected of it by which checks, whatever the order; and what was
    `compared`."""
    asked = sorted([*target.key, target.asked, target.expected, *_judges(target)] for target in population)
    return digest([*asked, *compared])


def _judges(target: Target) -> list[Json]:
    checks = target.decision.checks if target.decision else ()
    return [[check.name, check.checker.identity()] for check in checks]


def digest(value: Json) -> str:
    """sha256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(_dump(value).encode()).hexdigest()


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
