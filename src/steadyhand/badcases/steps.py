"""The first wrong step of a logged dialogue: by rule, by a scenario's gold in the same state, or because somebody said
so. What comes after it follows from it and is not judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from steadyhand.badcases.arguments import differences, kind_of
from steadyhand.badcases.case import BadCase
from steadyhand.badcases.classify import BY_CHECK, BY_CODE
from steadyhand.badcases.logs.logged import Logged
from steadyhand.chat.formats.marks import RESULT_OPEN
from steadyhand.chat.formats.parsed import Parsed
from steadyhand.chat.formats.unread import has_unread_call
from steadyhand.chat.messages import Message, Tool
from steadyhand.chat.reason import Reason
from steadyhand.chat.schema import schema_errors
from steadyhand.checks import Checker, Context
from steadyhand.domain.decisions import Decision, decisions
from steadyhand.domain.model import Domain
from steadyhand.domain.preferences import state_of
from steadyhand.ledger.keys import canonical_json
from steadyhand.text.degeneration import tail_repetition
from steadyhand.text.shingles import language_of


@dataclass(frozen=True)
class Wrong:
    """The answer at `index` is wrong; `code` says who found it: a reason, "rule" or "flagged"."""

    index: int
    category: str
    code: str
    where: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Gold:
    """What the domain's scenarios say is right, by state; `rules`: its checks that need no gold, such as red lines."""

    known: Mapping[str, Decision] = field(default_factory=dict)
    rules: tuple[Checker, ...] = ()

    def of(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Decision | None:
        return self.known.get(state_of(messages, tools)) if self.known else None


def gold_of(domain: Domain | None) -> Gold:
    """The decisions of all scenarios; where a state is decided twice, the first."""
    found: dict[str, Decision] = {}
    for scenario in domain.scenarios if domain else ():
        tools = [domain.tools[name] for name in scenario.tools] if domain else []
        for decision in decisions(scenario):
            found.setdefault(state_of(decision.messages, tools), decision)
    rules = tuple(check for check in domain.checks.values() if check.kind == "rules") if domain else ()
    return Gold(found, rules)


def first_wrong(logged: Logged, gold: Gold) -> Wrong | None:
    """None for a dialogue in which nothing is known to be wrong."""
    for index, message in enumerate(logged.messages):
        if message.role != "assistant":
            continue
        before = logged.messages[:index]
        if found := next(_wrong(index, message, before, logged.tools, gold), None):
            return found
        if index in logged.flags:
            return Wrong(index, "other", "flagged", detail=logged.flags[index])
    return None


def _wrong(
    index: int, message: Message, before: Sequence[Message], tools: Sequence[Tool], gold: Gold
) -> Iterator[Wrong]:
    offered = {tool.name: tool for tool in tools}
    for call in message.calls:
        if call.name not in offered:
            yield Wrong(index, "unknown_tool", "rule", call.name, f"{call.name!r} is not offered")
        elif errors := schema_errors(offered[call.name], call.arguments):
            yield Wrong(index, "schema_violation", "rule", call.name, f"{call.name} {errors[0]}")
    if not message.calls and has_unread_call(message.content):
        yield Wrong(index, "malformed_call", "rule", detail="a call stands in the text")
    if RESULT_OPEN in message.content:
        yield Wrong(index, "fabricated_result", "rule", detail="a tool's result stands in the text")
    loop = tail_repetition(message.content, ())
    if loop is not None and loop.fails("stop"):
        yield Wrong(index, "repetition", "rule", detail=f"its end repeats itself ({loop.kind})")
    if not message.calls:
        yield from _crossed(index, message, before, gold)
    if (decision := gold.of(before, tools)) is not None:
        yield from _against(index, message, decision, tools, before)
    elif message.calls and any(message.calls == one.calls for one in before if one.role == "assistant"):
        yield Wrong(index, "repeated_call", "rule", message.calls[0].name, "the same was called before")


def _crossed(index: int, message: Message, before: Sequence[Message], gold: Gold) -> Iterator[Wrong]:
    """What the domain never wants to be said, or always."""
    said = next((one.content for one in reversed(before) if one.role == "user"), "")
    context = Context(language_of(said), said, "", tuple((one.role, one.content) for one in before))
    for check in gold.rules:
        found = check.judge(message.content, True, context)
        if found.code in BY_CHECK:
            told = "; ".join(f"{key}: {value}" for key, value in found.facts.items())
            yield Wrong(index, BY_CHECK[found.code], found.code, check.name, told)


def _against(
    index: int, message: Message, decision: Decision, tools: Sequence[Tool], before: Sequence[Message]
) -> Iterator[Wrong]:
    """What a scenario in the same state says. An answer that the lenient match accepts is right."""
    made = Parsed(message.calls, message.content, message.think, len(message.calls), None)
    found = decision.match(made, tools, lenient=True)
    if found.code is not None:
        category, where = BY_CODE.get(found.code, "other"), decision.expected[0].name if decision.expected else ""
        if found.code is Reason.WRONG_COUNT:
            category = "skipped_step" if len(message.calls) < len(decision.expected) else "needless_call"
        if found.code is Reason.WRONG_VALUE and (leaf := next(differences(decision.expected, message.calls), None)):
            where, due, got = leaf
            category = kind_of(due, got, "\n".join(one.content for one in before))
        yield Wrong(index, category, found.code.value, where, found.detail)
    elif not decision.expected:
        judged = decision.judge(message.content)
        if judged.word == "failed":
            category = "misread_result" if before and before[-1].role == "tool" else "wrong_answer"
            yield Wrong(index, category, str(judged.code or "rule"))


def case_of(logged: Logged, wrong: Wrong, gold: Gold) -> BadCase:
    """The first wrong step as a case; its id follows from the state and the answer."""
    before, answer = logged.messages[: wrong.index], logged.messages[wrong.index]
    decision = gold.of(before, logged.tools)
    said = next((one.content for one in reversed(before) if one.role == "user"), "")
    question = before[-1].content if before else ""
    due = decision.expected if decision else ()
    told = [{"name": call.name, "arguments": call.arguments} for call in due]
    called = due or answer.calls
    return BadCase(
        source="log",
        subject=f"{logged.talk}#{wrong.index}",
        category=wrong.category,
        got=canonical_json(answer.to_openai()),
        where=wrong.where,
        scenario=logged.talk,
        first=True,
        code=wrong.code,
        tool=called[0].name if called else "none",
        input_class=decision.scenario.input_class if decision else "",
        lang=language_of(said),
        question=question,
        user=said if said != question else "",
        expected=canonical_json(told) if told else "",
        gold=decision.target.content if decision else "",
        detail=wrong.detail,
        asked=state_of(before, logged.tools),
    )
