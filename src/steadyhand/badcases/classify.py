"""Which category an evaluated answer falls into: rules over the facts that the evaluation noted. Judges nothing anew.

The order is the order of diagnosis: a loop or a broken thought explains what follows from it, then the call, then what
its arguments say, then the text. What else is wrong stands in `also`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from steadyhand.badcases.arguments import calls_of, differences, kind_of
from steadyhand.chat.formats.marks import RESULT_OPEN
from steadyhand.chat.formats.parsed import Parsed
from steadyhand.chat.messages import ToolCall
from steadyhand.chat.parse import parse
from steadyhand.chat.reason import Reason
from steadyhand.ledger.result import Item

LATE = 8  # messages before a decision from which on a dialogue counts as long
_HEALTHY = frozenset(("ok", "empty", "absent", "no_answer"))
BY_CODE = {  # what the calls of one answer are, where nothing else is known
    Reason.MISSED_CALL: "missed_call",
    Reason.SPURIOUS_CALL: "needless_call",
    Reason.PARSE_UNCLOSED: "malformed_call",
    Reason.PARSE_JSON: "malformed_call",
    Reason.PARSE_SHAPE: "malformed_call",
    Reason.UNKNOWN_TOOL: "unknown_tool",
    Reason.DUPLICATE_CALL: "repeated_call",
    Reason.WRONG_NAME: "wrong_tool",
    Reason.MISSING_ARG: "missing_argument",
    Reason.EXTRA_ARG: "extra_argument",
    Reason.SCHEMA: "schema_violation",
    Reason.WRONG_TYPE: "argument_type",
    Reason.ORDER: "wrong_order",
}
BY_CHECK = {  # what a check calls an error, whatever its name in the domain
    "wrong_label": "wrong_label",
    "no_label": "wrong_form",
    "not_json": "wrong_form",
    "schema": "wrong_form",
    "red_line": "over_promise",
    "missing_text": "missing_wording",
    "other_value": "wrong_answer",
    "unlike": "wrong_answer",
    "wrong_answer": "wrong_answer",
}
_NO_QUERY = frozenset(("fails", "not_sql", "no_query", "second_statement", "forbidden"))
_ELSEWHERE = {Reason.SPURIOUS_CALL, Reason.WRONG_NAME, Reason.WRONG_COUNT, Reason.WRONG_VALUE}
_NUMBER = re.compile(r"\d[\d.,]*\d")  # one digit alone is often no result ("1 of them")
_OTHER = {"reasoning": "reasoning_wrong", "determinism": "unstable", "preference": "prefers_worse"}


@dataclass(frozen=True)
class Classification:
    """The category, the place within the answer, further signs."""

    category: str
    where: str = ""
    also: tuple[str, ...] = ()


@dataclass
class Neighbors:
    """What stands beside an item in its evaluation: the steps of its scenario, the turns of its dialogue; what the base
    knew; `shown`: whole prompts by item id, where somebody has them; `format`: how the model writes calls."""

    steps: dict[str, list[Item]] = field(default_factory=dict)
    turns: dict[str, list[Item]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    shown: Mapping[str, str] = field(default_factory=dict)
    format: str = "hermes"
    bare: bool = True  # no system prompt stands before a question


def neighbors(
    items: Sequence[Item], base: Sequence[Item] = (), shown: Mapping[str, str] | None = None, *, format: str = "hermes",
    bare: bool = True,
) -> Neighbors:  # fmt: skip
    """`base`: the same questions answered by the base, where it was asked."""
    found = Neighbors(shown=shown or {}, format=format, bare=bare)
    found.known = frozenset(item.id for item in base if item.suite == "public" and item.passed)
    for item in items:
        if item.suite == "tool":
            found.steps.setdefault(scenario_of(item), []).append(item)
        elif item.suite == "anchoring":
            found.turns.setdefault(item.cluster, []).append(item)
    for steps in found.steps.values():
        steps.sort(key=step_of)
    return found


def scenario_of(item: Item) -> str:
    return item.facts.scenario or item.id.rpartition("#")[0]


def step_of(item: Item) -> int:
    """The index of the decided message in its scenario; -1 for what is no decision."""
    number = item.id.rpartition("#")[2]
    return int(number) if number.isdecimal() else -1


def classify(item: Item, beside: Neighbors) -> Classification | None:
    """None for an answer that nothing is wrong with."""
    if item.facts.clarify:  # the base's extra turn, which counts nowhere
        return None
    signs = list(_signs(item))
    if item.passed is not False:
        return Classification(signs[0], also=tuple(signs[1:])) if signs else None
    if item.suite == "tool":
        found = _decision(item, beside)
        signs += ["drift"] if _is_late(item, beside) else []
        causes = [sign for sign in signs if sign != "drift"]
        if causes:
            return Classification(causes[0], found.where, (found.category, *(s for s in signs if s != causes[0])))
        return Classification(found.category, found.where, tuple(signs))
    return Classification(_probe(item, beside), item.cluster, tuple(signs))


def _signs(item: Item) -> Iterator[str]:
    """Signs of a damaged model, which an answer may show even where it is right."""
    facts = item.facts
    if facts.loop:
        yield "repetition"
    if facts.garbage:
        yield "garbage"
    if (facts.think or "absent") not in _HEALTHY:
        yield "think_broken"
    if item.finish_reason == "length" and item.passed is False and not facts.loop:
        yield "cut_off"


def _is_late(item: Item, beside: Neighbors) -> bool:
    """Whether the dialogue is long and everything before this step was right."""
    before = [one for one in beside.steps[scenario_of(item)] if step_of(one) < step_of(item)]
    return step_of(item) >= LATE and len(before) > 1 and all(one.passed is not False for one in before)


def _probe(item: Item, beside: Neighbors) -> str:
    if item.suite == "public":
        return "knowledge_lost" if item.id in beside.known else "public_unknown"
    if item.suite == "anchoring":
        turns = beside.turns[item.cluster]
        return "drift" if any(one.passed for one in turns[: turns.index(item)]) else "anchoring_lost"
    return _OTHER.get(item.suite, "other")


def _decision(item: Item, beside: Neighbors) -> Classification:
    due = calls_of(item.expected)
    made = parse(item.raw, format=beside.format, finish_reason=item.finish_reason)
    if item.facts.calls_ok:
        return _text(item, made, beside)
    if item.code == Reason.WRONG_VALUE and not _step_elsewhere(item, made.calls, beside):
        return _value(item, due, made.calls, beside)
    tool = due[0].name if due else made.calls[0].name if made.calls else ""
    return Classification(_calls(item, due, made, beside), _argument(item) or tool)


def _argument(item: Item) -> str:
    """The argument that the matcher's detail names ("query.day is due"); "" where it speaks of something else."""
    path, said, _ = item.facts.detail.partition(" is ")
    return path if said and "." in path and " " not in path else ""


def _calls(item: Item, due: Sequence[ToolCall], made: Parsed, beside: Neighbors) -> str:
    """What is wrong with the calls, taken as acts."""
    code = item.code
    if code == Reason.MISSED_CALL:
        return _silent(item, made, beside)
    if code in _ELSEWHERE and (elsewhere := _step_elsewhere(item, made.calls, beside)):
        return elsewhere
    if code == Reason.WRONG_COUNT:
        return "skipped_step" if len(made.calls) < len(due) else "needless_call"
    return BY_CODE[Reason(code)] if code in BY_CODE else "other"


def _value(item: Item, due: Sequence[ToolCall], made: Sequence[ToolCall], beside: Neighbors) -> Classification:
    path, leaves = _argument(item), list(differences(due, made))
    told = next((leaf for leaf in leaves if leaf[0] == path), leaves[0] if leaves else None)
    if told is None:
        return Classification("argument_value", path)
    return Classification(kind_of(told[1], told[2], _shown(item, beside)), told[0])


def _shown(item: Item, beside: Neighbors) -> str:
    """What the model was shown: all of it where it is known, or was no more than the question; else ""."""
    if item.id in beside.shown:
        return beside.shown[item.id]
    return item.question if item.facts.opening and beside.bare else ""


def _silent(item: Item, made: Parsed, beside: Neighbors) -> str:
    """A due call was not made: with a result in the text it was invented, with a later answer a step was skipped."""
    text, shown = made.content.strip(), _shown(item, beside)
    if RESULT_OPEN in text or '{"' in text:
        return "fabricated_result"
    later = [one for one in beside.steps[scenario_of(item)] if step_of(one) > step_of(item)]
    if text and text in {one.facts.gold.strip() for one in later}:
        return "skipped_step"
    if shown and any(number not in shown for number in _NUMBER.findall(text)):
        return "fabricated_result"
    return "missed_call"


def _step_elsewhere(item: Item, made: Sequence[ToolCall], beside: Neighbors) -> str:
    """Whether the calls are those of another step of the scenario: done again, or too early."""
    here = step_of(item)
    for one in beside.steps[scenario_of(item)] if made else ():
        if step_of(one) != here and tuple(made) == calls_of(one.expected):
            return "repeated_call" if step_of(one) < here else "skipped_step"
    return ""


def _text(item: Item, made: Parsed, beside: Neighbors) -> Classification:
    """The calls are right and the text is not."""
    if not made.content.strip():
        return Classification("empty_answer")
    checks = item.facts.checks
    failed = next((name for name, one in checks.items() if one.get("word") == "failed"), "")
    code = str(checks[failed].get("code")) if failed else str(item.code)
    found = BY_CHECK.get(code, "failed_check")
    if failed and checks[failed].get("kind") == "exec_sql":
        found = "broken_query" if code in _NO_QUERY else "wrong_query"
    if found == "wrong_answer" and _reads_result(item, beside):
        found = "misread_result"
    return Classification(found, failed)


def _reads_result(item: Item, beside: Neighbors) -> bool:
    """Whether the last thing shown was a tool's result: what the user said is then noted apart, and the step before
    this one called."""
    if item.facts.user:
        return True
    before = [one for one in beside.steps[scenario_of(item)] if step_of(one) < step_of(item)]
    calls = len(calls_of(before[-1].expected)) if before else 0
    return calls > 0 and step_of(before[-1]) + calls + 1 == step_of(item)
