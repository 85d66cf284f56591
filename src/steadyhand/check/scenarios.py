"""Rules S: is the expected behavior possible at all? Calls against schemas and offers, calls against results.

Knows one scenario at a time, without any model or template.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from steadyhand.chat.call_ids import IdTurn, turns
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.schema import schema_errors
from steadyhand.check.finding import Finding, finding, more
from steadyhand.domain.decisions import decisions
from steadyhand.domain.model import Domain, Scenario
from steadyhand.source.cursor import suggestion

_SHOWN = 3  # errors of one call
_PLACEHOLDER = re.compile(r"\{\{\s*\w+\s*\}\}")


def check_scenarios(domain: Domain) -> Iterator[Finding]:
    """S101-S107, S113 and Q106 over all scenarios, in file order."""
    for scenario in domain.scenarios:
        yield from _calls(scenario, domain.tools)
        yield from _results(scenario)
        yield from _wording(scenario)
    if domain.scenarios and all(scenario.split == "train" for scenario in domain.scenarios):
        yield finding(
            "S107", domain.scenarios[0].place, "all scenarios are of split 'train'", "hold out a tenth of the groups"
        )


def _calls(scenario: Scenario, tools: Mapping[str, Tool]) -> Iterator[Finding]:
    """Only scored messages: a message with `score: false` may show a mistake on purpose."""
    due = decisions(scenario)
    offered = {tools[id].name: tools[id] for id in scenario.tools}
    if not due:
        yield finding("S105", scenario.place, f"{scenario.id}: no message is scored", "remove a `score: false`")
    for decision in due:
        for call in decision.expected:
            yield from _call(scenario, decision.id, call, offered, tools)


def _call(
    scenario: Scenario, where: str, call: ToolCall, offered: Mapping[str, Tool], tools: Mapping[str, Tool]
) -> Iterator[Finding]:
    if call.name not in offered:
        named = any(tool.name == call.name for tool in tools.values())
        known = "is in tools/ but not offered here" if named else "is not in tools/"
        hint = suggestion(call.name, list(offered)) if offered else "offer it in `tools:`"
        yield finding("S102", scenario.place, f"{where}: {call.name!r} {known}", hint)
        return
    errors = schema_errors(offered[call.name], call.arguments)
    for number, error in enumerate(errors[:_SHOWN], 1):
        rest = more(len(errors) - _SHOWN) if number == _SHOWN else ""
        next = f"correct the arguments, or the schema of {call.name!r}"
        yield finding("S101", scenario.place, f"{where}: {call.name}: {_short(error)}{rest}", next)


def _results(scenario: Scenario) -> Iterator[Finding]:
    """Every call but those of the last message is followed by its result before anybody else speaks, and every result
    answers a call: by its id, where both have one, else by its place."""
    tied: set[int] = set()
    for turn in turns(scenario.messages):
        end = turn.index + 1 + len(turn.results)
        tied.update(range(turn.index + 1, end))
        waiting = len(turn.calls)
        yield from _shared_ids(scenario, turn)
        for at, (result, answered) in enumerate(zip(turn.results, turn.answers, strict=True), turn.index + 1):
            if answered is None and (result.tool_call_id or not waiting):
                yield _orphan(scenario, at)
            elif answered is not None:
                waiting = max(0, waiting - _answered(result, waiting))
        if waiting and end < len(scenario.messages):
            yield _unanswered(scenario, turn.index, waiting)
    for at, message in enumerate(scenario.messages):
        if message.role == "tool" and at not in tied:
            yield _orphan(scenario, at)


def _shared_ids(scenario: Scenario, turn: IdTurn) -> Iterator[Finding]:
    """An id of two calls by which a result names its call."""
    named = {result.tool_call_id for result in turn.results} - {""}
    ids = Counter(call.id for call in turn.calls)
    for id in sorted(named & {id for id, times in ids.items() if times > 1}):
        what = f"{ids[id]} calls have the id {id!r}: their results were taken in order"
        yield finding("S113", scenario.place, f"{scenario.id}#{turn.index}: {what}", "give each call an id of its own")


def _answered(message: Message, waiting: int) -> int:
    """How many calls a result answers: one, or all when it is a JSON list with an entry for each."""
    try:
        value = json.loads(message.content) if waiting > 1 else None
    except (ValueError, RecursionError):
        value = None
    return waiting if isinstance(value, list) and len(value) == waiting else 1


def _orphan(scenario: Scenario, index: int) -> Finding:
    what, next = "a tool result that no call asked for", "give the assistant's message before it its `calls`"
    if id := scenario.messages[index].tool_call_id:
        what = f"a tool result for the call {id!r}, and no such call is open there"
        next = "give it the id of a call of the message before it"
    return finding("S104", scenario.place, f"{scenario.id}#{index}: {what}", f"{next}, or remove the result")


def _unanswered(scenario: Scenario, index: int, count: int) -> Finding:
    return finding(
        "S103",
        scenario.place,
        f"{scenario.id}#{index}: {count} call(s) without a result, so what follows would be invented",
        "add one message of role tool per call right after it",
    )


def _wording(scenario: Scenario) -> Iterator[Finding]:
    for index, message in enumerate(scenario.messages):
        match = next((m for m in map(_PLACEHOLDER.search, _texts(message)) if m), None)
        if match:
            yield finding("Q106", scenario.place, f"{scenario.id}#{index}: {match[0]}", "fill it in, or remove it")


def _texts(message: Message) -> list[str]:
    return [message.content, message.think or ""]


def _short(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:157]}..."
