"""From a wrong step to a preference group: the state forked exactly there, the repaired answer verified, or a reason.

The worse answer is what was really said in this state, the better one the scenario's gold or a reviewer's correction.
Both follow the same messages under the same tools, and the row carries the hash of that state, so that whoever edits
one side later is refused by name (`domain.preferences`). Knows rows; `groups` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from steadyhand.badcases.categories import named
from steadyhand.badcases.logs.logged import Logged
from steadyhand.badcases.steps import Gold
from steadyhand.badcases.worklist import WorklistRow
from steadyhand.chat.call_ids import turns
from steadyhand.chat.formats.parsed import Parsed
from steadyhand.chat.messages import Json, Message, Tool, to_openai
from steadyhand.chat.schema import schema_errors
from steadyhand.domain.decisions import Decision
from steadyhand.domain.model import Domain
from steadyhand.domain.preferences import state_of
from steadyhand.text.degeneration import tail_repetition


class NotForkedError(ValueError):
    """Why a case makes no group."""


@dataclass(frozen=True)
class Fork:
    """One state, what was said in it, what should have been."""

    row: WorklistRow
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    chosen: Message
    rejected: Message

    def to_json(self) -> dict[str, Json]:
        """A row of preferences/."""
        case, category = self.row.case, self.row.category
        why = {"category": category.id, "cause": named(category.cause, "en"), "remedy": named(category.remedy, "en")}
        about = {"class": case.input_class} if case.input_class else {}
        return {
            "id": f"badcase-{case.id.removeprefix('c-')}",
            "source": f"badcase/{case.id}",
            "state": state_of(self.messages, self.tools),
            "split": "train",
            **about,
            "lang": case.lang,
            "prompt": to_openai(self.messages),
            "tools": [tool.to_openai() for tool in self.tools],
            "chosen": to_openai([self.chosen]),
            "rejected": to_openai([self.rejected]),
            "why": {key: text for key, text in why.items() if text},
        }

    def to_scenario(self) -> dict[str, Json]:
        """A row of scenarios/: the same state with what is right in it; what was said before is only context."""
        row = self.to_json()
        messages = [_own(message) for message in self.messages] + [_own(self.chosen)]
        for message in messages[:-1]:
            if message["role"] == "assistant":
                message["score"] = False
        known = {"id": f"{row['id']}-scenario"}  # a domain may hold the group of the same case beside it
        kept = known | {key: row[key] for key in ("source", "split", "class", "lang") if key in row}
        tools = [tool.name for tool in self.tools]
        return kept | {"tools": tools, "tags": ["badcase", str(row["why"]["category"])], "messages": messages}


def _own(message: Message) -> dict[str, Json]:
    """A message in a domain folder's keys."""
    row: dict[str, Json] = {"role": message.role}
    if message.content or not message.calls:
        row["content"] = message.content
    if message.think:
        row["think"] = message.think
    if message.calls:
        row["calls"] = [{"name": call.name, "arguments": call.arguments} for call in message.calls]
    return row


def fork(row: WorklistRow, logged: Logged, domain: Domain, gold: Gold) -> Fork:
    """Raises NotForkedError with the reason for a state that is not whole or not the domain's, and for an answer that
    is not shown to be better."""
    index = int(row.case.subject.rpartition("#")[2])
    messages, rejected = logged.messages[:index], logged.messages[index]
    if state_of(messages, logged.tools) != row.case.asked:
        raise NotForkedError("the log was changed since: this is another state")
    decision = gold.of(messages, logged.tools)
    if decision is not None and decision.scenario.split == "eval":
        raise NotForkedError("the state is that of a held-out scenario: training on it would spoil the measurement")
    _check_state(messages, logged.tools, domain)
    chosen = _chosen(row, decision)
    _verify(chosen, rejected, logged.tools, decision)
    return Fork(row, messages, logged.tools, chosen, rejected)


def _check_state(messages: tuple[Message, ...], tools: tuple[Tool, ...], domain: Domain) -> None:
    """The state must be whole, and one that this domain's model will be in again."""
    for tool in tools:
        if domain.tools.get(tool.name) != tool:
            raise NotForkedError(f"the log's tool {tool.name!r} is not the one in tools/")
    system = messages[0].content if messages and messages[0].role == "system" else ""
    if system.strip() != domain.system.strip():
        raise NotForkedError("the log ran under another system prompt than the domain's")
    for turn in turns(messages):
        if sorted(one for one in turn.answers if one is not None) != [*range(len(turn.calls))]:
            raise NotForkedError(
                "a call before the step has no result, or a result has no call: the state is not whole"
            )


def _chosen(row: WorklistRow, decision: Decision | None) -> Message:
    standing = row.standing
    if row.state == "changed":
        raise NotForkedError("it was decided on another version of the case")
    if standing is not None and standing.decision.word in ("dismiss", "gold"):
        raise NotForkedError(f"a reviewer decided: {standing.decision.word}")
    if standing is not None and standing.decision.word == "fix":
        return Message.from_openai(standing.decision.correction)
    if decision is None:
        raise NotForkedError("nobody said what would be right: decide `fix` with a correction")
    return decision.target


def _verify(chosen: Message, rejected: Message, tools: tuple[Tool, ...], decision: Decision | None) -> None:
    """The better answer can be carried out, says something else than the worse one, and is what a scenario in this
    state expects."""
    offered = {tool.name: tool for tool in tools}
    for call in chosen.calls:
        if call.name not in offered:
            raise NotForkedError(f"the correction calls {call.name!r}, which is not offered")
        if errors := schema_errors(offered[call.name], call.arguments):
            raise NotForkedError(f"the correction's call violates the schema: {errors[0]}")
    if not chosen.calls and not chosen.content.strip():
        raise NotForkedError("the correction says nothing")
    if (loop := tail_repetition(chosen.content, ())) is not None and loop.fails("stop"):
        raise NotForkedError("the correction repeats itself")
    if (chosen.calls, chosen.content.strip()) == (rejected.calls, rejected.content.strip()):
        raise NotForkedError("the correction says what was said")
    if decision is not None:
        made = Parsed(chosen.calls, chosen.content, chosen.think, len(chosen.calls), None)
        if not decision.match(made, tools, lenient=True).passed:
            raise NotForkedError("the correction is not what the scenario in this state expects")
        if decision.judge(chosen.content).word == "failed":
            raise NotForkedError("the correction is not what the scenario in this state expects")
