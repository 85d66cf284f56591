"""Judges one raw completion: calls, text, thinking, health. Knows a target and what came back; asks no model.

Every fact is stored on the item, so metrics never look at text again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.match import Match, match
from steadyhand.chat.messages import Json
from steadyhand.chat.parse import Parsed
from steadyhand.chat.think import ThinkCode, ThinkState
from steadyhand.evaluate.filler import invalid_tokens
from steadyhand.evaluate.suites import Target
from steadyhand.ledger.result import Item
from steadyhand.models.backend import Completion, Prompt
from steadyhand.text.degeneration import garbage, tail_repetition, too_short

Labels = Sequence[Sequence[str]]
DEFAULT_LABELS: Labels = (("intent", "意图"), ("plan", "计划"), ("check", "检查"))
_WHOLE = (ThinkCode.OK, ThinkCode.EMPTY, ThinkCode.NO_ANSWER)


def score(target: Target, prompt: Prompt, completion: Completion, labels: Labels = DEFAULT_LABELS) -> Item:
    """One item, judged. `prompt` is what the model was really shown (in anchoring, with its own answers)."""
    raw, finish = completion.text, completion.finish_reason
    parsed = completion.parsed(prompt.tools)
    facts: dict[str, Json] = {}
    text = target.judge(parsed.content)
    answer_ok = {"passed": True, "failed": False}.get(text.word)
    judged: dict[str, Json] = {"passed": answer_ok, "code": text.code}
    if target.decision is not None:
        judged = _judge_calls(target, parsed, completion.parsed(prompt.tools, lenient=True))
        facts = judged.pop("facts") | {"answer_ok": answer_ok}
        if target.decision.checks:
            facts["checks"] = text.to_json({one.name: one.checker.kind for one in target.decision.checks})
        if not target.judged:
            judged["passed"] = None
        elif judged["passed"] and text.judgements:  # an unscored check says neither right nor wrong
            judged |= {"passed": answer_ok, "code": text.code}
    if target.warm_up:
        facts["clarify"] = True
    wanted_short = bool(judged["passed"]) or target.short_gold
    facts |= {**_health(prompt, completion, parsed, labels, wanted_short), **_tokens(parsed)}
    return Item(
        id=target.id,
        suite=target.suite,
        cluster=target.cluster,
        lang=target.lang,
        prompt_hash=completion.prompt_hash,
        raw=raw,
        finish_reason=finish,
        completion_tokens=completion.completion_tokens,
        expected=target.expected,
        question=target.question,
        facts=facts | {"asked": target.asked, "opening": _is_opening(prompt)} | _shown(target, prompt),
        **judged,
    )


def _shown(target: Target, prompt: Prompt) -> dict[str, Json]:
    """What a page shows of a decision besides: what the user said last, where a tool's result came after it, and the
    gold answer's text."""
    if target.decision is None:
        return {}
    said = next((m.content for m in reversed(prompt.messages) if m.role == "user"), "")
    shown = {"user": said if said != target.question else "", "gold": target.decision.target.content}
    return {key: text for key, text in shown.items() if text}


def _is_opening(prompt: Prompt) -> bool:
    """Whether nothing was said before the question."""
    return sum(message.role != "system" for message in prompt.messages) == 1


def structured(think: str, labels: Labels) -> bool:
    """Whether the thinking names every part in order, each by one of its labels and a colon ("意图：", "Plan:")."""
    position = 0
    for part in labels:
        names = "|".join(re.escape(label) for label in part)
        found = re.compile(rf"(?:{names})[*_]*\s*[:：]", re.IGNORECASE).search(think, position)
        if found is None:
            return False
        position = found.end()
    return True


def _judge_calls(target: Target, parsed: Parsed, lenient: Parsed) -> dict[str, Json]:
    assert target.decision is not None
    decision, scenario = target.decision, target.decision.scenario
    tools, due = target.prompt.tools, decision.expected
    strict = match(due, parsed, tools, ordered=scenario.ordered)
    loose = match(due, lenient, tools, ordered=scenario.ordered, comparators=scenario.comparators)
    return {
        "passed": strict.passed,
        "code": _code(strict),
        "lenient_passed": loose.passed,
        "lenient_code": _code(loose),
        "facts": {
            "scenario": scenario.id,
            "input_class": scenario.input_class,
            "tool": due[0].name if due else "none",
            "tools": len(tools),
            "due": bool(due),
            "called": parsed.attempts > 0,
            "calls_ok": strict.passed,
            "name_ok": strict.name_ok,
            "args_ok": strict.args_ok,
            "detail": strict.detail,
            "repairs": [repair.value for repair in lenient.repairs],
            **({"untyped": list(parsed.untyped)} if parsed.untyped else {}),
        },
    }


def _code(result: Match) -> str | None:
    return None if result.code is None else result.code.value


def _health(
    prompt: Prompt, completion: Completion, parsed: Parsed, labels: Labels, wanted_short: bool
) -> dict[str, Json]:
    raw, finish, thinking = completion.text, completion.finish_reason, completion.thinking()
    form = format_named(completion.format)
    loop = tail_repetition(raw, form.blocks)
    loops = loop is not None and loop.fails(finish)
    shown = prompt_text(prompt)
    short = too_short(parsed.content, parsed.attempts > 0) and not (wanted_short and parsed.content.strip())
    return {
        "think": thinking.code.value,
        "think_whole": thinking.code in _WHOLE,
        "cot": _retained(thinking, shown, finish, labels),
        "loop": loop.kind if loop is not None and loops else None,
        "garbage": garbage(raw, f"{shown}\n{' '.join(form.control)}"),
        "too_short": short,
        "quality": thinking.code.balanced and not loops and not short,
    }


def _retained(thinking: ThinkState, shown: str, finish: str, labels: Labels) -> bool:
    if thinking.code is not ThinkCode.OK or thinking.text is None or not structured(thinking.text, labels):
        return False
    loop = tail_repetition(thinking.text, HERMES.blocks)
    return not (loop is not None and loop.fails(finish)) and not garbage(thinking.text, shown)


def _tokens(parsed: Parsed) -> dict[str, Json]:
    invalid, spoken = invalid_tokens(parsed.content)
    think_invalid, thought = invalid_tokens(parsed.think or "")
    return {
        "invalid_tokens": invalid,
        "answer_tokens": spoken,
        "think_invalid_tokens": think_invalid,
        "think_tokens": thought,
    }


def prompt_text(prompt: Prompt) -> str:
    """All that the prompt shows, as one text: what an answer may quote without it being garbage."""
    tools = json.dumps([tool.to_openai() for tool in prompt.tools], ensure_ascii=False)
    return "\n".join([*(f"{m.content}\n{m.think or ''}" for m in prompt.messages), tools])
