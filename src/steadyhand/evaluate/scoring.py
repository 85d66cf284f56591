"""Judges one raw completion: calls, text, thinking, health. Knows a target and what came back; asks no model.

Every fact is stored on the item, so metrics never look at text again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.parse import Parsed
from steadyhand.chat.think import ThinkCode, ThinkState
from steadyhand.evaluate.filler import invalid_tokens
from steadyhand.evaluate.suites import Target
from steadyhand.ledger.result import Facts, Item
from steadyhand.models.backend import Completion, Prompt
from steadyhand.text.degeneration import garbage, tail_repetition, too_short

Labels = Sequence[Sequence[str]]
DEFAULT_LABELS: Labels = (("intent", "意图"), ("plan", "计划"), ("check", "检查"))


def score(target: Target, prompt: Prompt, completion: Completion, labels: Labels = DEFAULT_LABELS) -> Item:
    """One item, judged. `prompt` is what the model was really shown (in anchoring, with its own answers)."""
    parsed = completion.parsed(prompt.tools)
    item = Item(
        id=target.id,
        suite=target.suite,
        cluster=target.cluster,
        lang=target.lang,
        prompt_hash=completion.prompt_hash,
        raw=completion.text,
        finish_reason=completion.finish_reason,
        completion_tokens=completion.completion_tokens,
        passed=None,
        expected=target.expected,
        question=target.question,
        facts=_seen(target, prompt),
    )
    if target.decision is None:
        text = target.judge(parsed.content)
        judged = replace(item, passed=text.passed, code=text.code)
    else:
        judged = _judge_calls(item, target, completion)
    whole = bool(judged.passed) or (target.decision is not None and target.decision.is_whole(parsed.content))
    return replace(judged, facts=_health(judged.facts, prompt, completion, parsed, labels, whole))


def _seen(target: Target, prompt: Prompt) -> Facts:
    """Of the question, and what a page shows of a decision besides."""
    facts = Facts(asked=target.asked, opening=_is_opening(prompt), clarify=target.warm_up)
    if target.decision is None:
        return facts
    said = next((m.content for m in reversed(prompt.messages) if m.role == "user"), "")
    return replace(facts, user=said if said != target.question else "", gold=target.decision.target.content)


def _is_opening(prompt: Prompt) -> bool:
    """Whether nothing was said before the question."""
    return sum(message.role != "system" for message in prompt.messages) == 1


def structured(think: str, labels: Labels) -> bool:
    """Whether the thinking names every part in order, each by one of its labels and a colon ("意图：", "Plan:")."""
    position = 0
    for part in labels:
        names = "|".join(re.escape(label) for label in part)
        named = re.compile(rf"(?:{names})[*_]*\s*[:：]", re.IGNORECASE).search(think, position)
        if named is None:
            return False
        position = named.end()
    return True


def _judge_calls(item: Item, target: Target, completion: Completion) -> Item:
    assert target.decision is not None
    decision, scenario, tools = target.decision, target.decision.scenario, target.prompt.tools
    parsed, lenient = completion.parsed(tools), completion.parsed(tools, lenient=True)
    assessed, due = decision.assess(parsed, tools), decision.expected
    loose = decision.match(lenient, tools, lenient=True)
    facts = replace(
        item.facts,
        scenario=scenario.id,
        input_class=scenario.input_class,
        tool=due[0].name if due else "none",
        tools=len(tools),
        due=bool(due),
        called=parsed.attempts > 0,
        calls_ok=assessed.calls.passed,
        name_ok=assessed.calls.name_ok,
        args_ok=assessed.calls.args_ok,
        answer_ok=assessed.text.passed,
        detail=assessed.calls.detail,
        repairs=tuple(repair.value for repair in lenient.repairs),
        untyped=tuple(parsed.untyped),
        checks=assessed.text.to_json({check.name: check.checker.kind for check in decision.checks}),
    )
    loose_code = loose.code.value if loose.code else None
    return replace(
        item,
        passed=assessed.passed,
        code=assessed.code,
        lenient_passed=loose.passed,
        lenient_code=loose_code,
        facts=facts,
    )


def _health(facts: Facts, prompt: Prompt, completion: Completion, parsed: Parsed, labels: Labels, whole: bool) -> Facts:
    raw, finish, thinking = completion.text, completion.finish_reason, completion.thinking()
    form = format_named(completion.format)
    loop = tail_repetition(raw, form.blocks)
    loops = loop is not None and loop.fails(finish)
    shown = prompt_text(prompt)
    short = too_short(parsed.content, parsed.attempts > 0) and not (whole and parsed.content.strip())
    invalid, spoken = invalid_tokens(parsed.content)
    think_invalid, thought = invalid_tokens(parsed.think or "")
    return replace(
        facts,
        think=thinking.code.value,
        think_whole=thinking.code.whole,
        cot=_retained(thinking, shown, finish, labels),
        loop=loop.kind if loop is not None and loops else None,
        garbage=tuple(garbage(raw, f"{shown}\n{' '.join(form.control)}")),
        too_short=short,
        quality=thinking.code.balanced and not loops and not short,
        invalid_tokens=invalid,
        answer_tokens=spoken,
        think_invalid_tokens=think_invalid,
        think_tokens=thought,
    )


def _retained(thinking: ThinkState, shown: str, finish: str, labels: Labels) -> bool:
    if thinking.code is not ThinkCode.OK or thinking.text is None or not structured(thinking.text, labels):
        return False
    loop = tail_repetition(thinking.text, HERMES.blocks)
    return not (loop is not None and loop.fails(finish)) and not garbage(thinking.text, shown)


def prompt_text(prompt: Prompt) -> str:
    """All that the prompt shows, as one text: what an answer may quote without it being garbage."""
    tools = json.dumps([tool.to_openai() for tool in prompt.tools], ensure_ascii=False)
    return "\n".join([*(f"{m.content}\n{m.think or ''}" for m in prompt.messages), tools])
