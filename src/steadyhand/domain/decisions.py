"""A decision is the unit of behavior: one assistant message, with everything before it as the state.

Knows which messages of a scenario are decisions; knows nothing of how they are trained, paired or scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steadyhand.chat.match import Match, match
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.chat.parse import Parsed
from steadyhand.checks import Bound, TextVerdict, failed, judge_all, passed
from steadyhand.domain.model import AnswerRule, Scenario
from steadyhand.text.degeneration import too_short


@dataclass(frozen=True)
class Decision:
    """The state `messages` (gold history) and what must be done in it: `target`, and what its text must say.

    `id` is "<scenario id>#<index>", where `index` counts the scenario's messages from 0.
    """

    id: str
    scenario: Scenario
    index: int
    messages: tuple[Message, ...]
    target: Message
    answer: AnswerRule | None
    checks: tuple[Bound, ...] = ()

    @property
    def expected(self) -> tuple[ToolCall, ...]:
        """The calls that are due here, in order; empty when the right act is to call nothing."""
        return self.target.calls

    @property
    def judged(self) -> bool:
        """Whether anything judges an answer: a call is due, or its text has a rule or a check."""
        return self.answer is not None or bool(self.expected or self.checks)

    @property
    def accepts(self) -> tuple[dict[str, Json], ...]:
        """What is right as well, for each expected call; empty where nothing is."""
        return self.scenario.accepts.get(self.index, ())

    def is_whole(self, text: str) -> bool:
        """Whether `text`, however short, says something here: the gold answer is as short, or a check takes it for one
        of its answers, right or wrong (`checks.shape.Checker.is_whole`)."""
        if too_short(self.target.content, bool(self.expected)):
            return bool(text.strip())
        return any(check.checker.is_whole(text) for check in self.checks)

    def match(self, parsed: Parsed, tools: Sequence[Tool], *, lenient: bool = False) -> Match:
        """The calls of an answer held against those that are due; `lenient`: with the scenario's comparators."""
        comparators = self.scenario.comparators if lenient else None
        ordered = self.scenario.ordered
        return match(self.expected, parsed, tools, ordered=ordered, accepts=self.accepts, comparators=comparators)

    def assess(self, parsed: Parsed, tools: Sequence[Tool]) -> Assessment:
        """The strictly parsed answer `parsed` held against what is due; `tools` are those on offer."""
        calls = self.match(parsed, tools)
        return Assessment(calls, self.judge(parsed.content), self.judged)

    def judge(self, text: str) -> TextVerdict:
        """All that judges the text of an answer here: the rule, named "answer", then the checks."""
        return judge_text(text, self.answer, self.checks)


@dataclass(frozen=True)
class Assessment:
    """How the calls and the text of one answer were judged; `judged`: whether anything judges it."""

    calls: Match
    text: TextVerdict
    judged: bool

    @property
    def passed(self) -> bool | None:
        """The one rule of what is right: the calls match, and everything that judges the text accepts it. None where
        nothing judges the answer, or a check could not."""
        if not self.judged:
            return None
        return self.text.passed if self.calls.passed and self.text.judgments else self.calls.passed

    @property
    def code(self) -> str | None:
        """The first reason of a failure: that of the calls before that of the text."""
        return self.calls.code.value if self.calls.code else self.text.code


def judge_text(text: str, rule: AnswerRule | None, checks: Sequence[Bound] = ()) -> TextVerdict:
    """Unscored where there is neither rule nor check."""
    ruled = {} if rule is None else {"answer": passed() if rule.accepts(text) else failed("wrong_answer")}
    return TextVerdict(ruled | judge_all(checks, text).judgments)


def decisions(scenario: Scenario) -> list[Decision]:
    """One decision per assistant message, in dialogue order; messages listed in `unscored` are only context."""
    return [
        Decision(
            f"{scenario.id}#{index}",
            scenario,
            index,
            scenario.messages[:index],
            message,
            _rule(scenario, index),
            scenario.checks.get(index, ()),
        )
        for index, message in enumerate(scenario.messages)
        if message.role == "assistant" and index not in scenario.unscored
    ]


def _rule(scenario: Scenario, index: int) -> AnswerRule | None:
    """A rule that demands nothing judges nothing, unless to say anything at all instead of a call is what is due."""
    rule = scenario.answers.get(index)
    return rule if rule and (rule.demands or scenario.tools) else None


def spread(scenarios: Sequence[Scenario], most: int) -> tuple[Scenario, ...]:
    """Scenarios evenly from the whole list with at most `most` decisions, at least one scenario; 0 keeps all."""
    sizes = [len(decisions(scenario)) for scenario in scenarios]
    if not most or sum(sizes) <= most:
        return tuple(scenarios)
    chosen: list[Scenario] = []
    taken = seen = 0
    for scenario, size in zip(scenarios, sizes, strict=True):
        seen += size
        if taken + size <= seen * most / sum(sizes):
            chosen.append(scenario)
            taken += size
    return tuple(chosen) or tuple(scenarios[:1])
