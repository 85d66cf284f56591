"""One decision with all that constructed errors draw on, and the judge of whether an answer to it is really wrong.

An answer counts as wrong only when both the strict and the lenient match refuse it: preferring against an answer that
the domain calls acceptable would teach noise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.chat.parse import Parsed
from steadyhand.domain.decisions import Decision, decisions
from steadyhand.domain.model import Domain, Scenario, Split

CompletionText = Callable[[tuple[Message, ...], tuple[Tool, ...], Message], str]


@dataclass(frozen=True)
class Material:
    """What the training scenarios show: arguments given to each tool, what each tool returned, and the gold texts that
    each check judges."""

    arguments: Mapping[str, Sequence[dict[str, Json]]] = field(default_factory=dict)
    results: Mapping[str, Sequence[str]] = field(default_factory=dict)
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """`write` renders a message as the raw completion that a model would emit in this state, in the format `form`."""

    decision: Decision
    tools: tuple[Tool, ...]
    material: Material
    write: Callable[[Message], str]
    form: ChatFormat = HERMES

    def read(self, raw: str, *, lenient: bool = False) -> Parsed:
        return self.form.parse(raw, self.tools, lenient=lenient)

    @property
    def target(self) -> Message:
        return self.decision.target

    @property
    def given(self) -> tuple[Message, ...]:
        """What was judged worse than the target, in a comparison that a user owns."""
        scenario = self.decision.scenario
        return scenario.rejected if self.decision.index == len(scenario.messages) - 1 else ()

    @property
    def later(self) -> list[Message]:
        """The assistant messages of the scenario after this one."""
        return [m for m in self.decision.scenario.messages[self.decision.index + 1 :] if m.role == "assistant"]

    @property
    def after_result(self) -> bool:
        """Whether the state ends in a tool's result, which can be misread."""
        return bool(self.decision.messages) and self.decision.messages[-1].role == "tool"

    @property
    def tool(self) -> str:
        """The expected tool, or "none"."""
        return self.target.calls[0].name if self.target.calls else "none"


def training(domain: Domain) -> list[Scenario]:
    return [scenario for scenario in domain.scenarios if scenario.split == "train"]


def cases(
    domain: Domain, completion_text: CompletionText, form: ChatFormat = HERMES, *, split: Split = "train"
) -> list[Case]:
    """Every decision of the scenarios of a split, in file order. `form` is the format that `completion_text` writes."""
    material = gather(training(domain))
    made = []
    for scenario in (one for one in domain.scenarios if one.split == split):
        tools = tuple(domain.tools[name] for name in scenario.tools)
        for decision in decisions(scenario):
            made.append(Case(decision, tools, material, partial(completion_text, decision.messages, tools), form))
    return made


def gather(scenarios: Iterable[Scenario]) -> Material:
    """Arguments and results by tool; a result belongs to the call at its position in the turn before."""
    arguments: dict[str, list[dict[str, Json]]] = defaultdict(list)
    results: dict[str, list[str]] = defaultdict(list)
    texts: dict[str, list[str]] = defaultdict(list)
    for scenario in scenarios:
        for index, checks in scenario.checks.items():
            for check in checks:
                texts[check.name].append(scenario.messages[index].content)
        waiting: list[ToolCall] = []
        for message in scenario.messages:
            if message.role == "assistant":
                waiting = list(message.calls)
                for call in waiting:
                    arguments[call.name].append(call.arguments)
            elif message.role == "tool" and waiting:
                results[waiting.pop(0).name].append(message.content)
    return Material(dict(arguments), dict(results), dict(texts))


def wrong(case: Case, raw: str) -> bool:
    """Whether `raw` is verifiably not what is due: by its calls, or, where none are due, by what judges the text."""
    strict = case.read(raw)
    if case.target.calls or strict.attempts:
        fits = case.decision.match(strict, case.tools).passed
        loose = case.decision.match(case.read(raw, lenient=True), case.tools, lenient=True)
        return strict.error is not None or not (fits or loose.passed)
    return case.decision.judge(strict.content).word == "failed"
