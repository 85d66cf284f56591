"""Error mutators: one per ErrorMode, each turning a right decision into a raw completion that is really wrong.

A rejected answer keeps the chosen answer's thinking wherever it can, so that preference training sees the difference in
the act and not in the wording. Every result is judged (`case.wrong`) before it leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from steadyhand.chat.formats.marks import RESULT_CLOSE, RESULT_OPEN
from steadyhand.chat.messages import Message, ToolCall
from steadyhand.domain.rows import ErrorMode
from steadyhand.pairs import words
from steadyhand.pairs.arguments import entities, fill, wrong_arguments
from steadyhand.pairs.case import Case, wrong

TRIES = 12  # chances for a random error to be wrong and new

Mutator = Callable[[Case, Random], str | None]


def mutate(case: Case, mode: ErrorMode, rng: Random, taken: frozenset[str] = frozenset()) -> str | None:
    """A raw completion that makes the error `mode` in this state, is wrong and not in `taken`; None where the mode does
    not apply or nothing new was found."""
    for _ in range(TRIES):
        text = MUTATORS[mode](case, rng)
        if text is None:
            return None
        if text not in taken and wrong(case, text):
            return text
    return None


def _no_call(case: Case, rng: Random) -> str | None:
    if not case.target.calls:
        return None
    return _say(case, rng, words.NO_CALL)


def _needless_call(case: Case, rng: Random) -> str | None:
    if case.target.calls or not case.tools:
        return None
    return case.write(_needless(case, rng))


def _needless(case: Case, rng: Random) -> Message:
    """The last call again, or any offered tool with what the dialogue offers as arguments."""
    offered = {tool.name: tool for tool in case.tools}
    made = [call for message in case.decision.messages for call in message.calls if call.name in offered]
    if made and rng.random() < 0.5:
        return replace(case.target, content="", calls=(made[-1],))
    tool = rng.choice(case.tools)
    return replace(case.target, content="", calls=(ToolCall(tool.name, fill(tool, case, rng)),))


def _wrong_tool(case: Case, rng: Random) -> str | None:
    if not case.target.calls:
        return None
    at = rng.randrange(len(case.target.calls))
    call = case.target.calls[at]
    others = [tool for tool in case.tools if tool.name != call.name]
    if not others:
        return None
    tool = rng.choice(others)
    return _with_call(case, at, ToolCall(tool.name, fill(tool, case, rng, call.arguments)))


def _wrong_args(case: Case, rng: Random) -> str | None:
    if not case.target.calls:
        return None
    at = rng.randrange(len(case.target.calls))
    call = case.target.calls[at]
    tool = next((tool for tool in case.tools if tool.name == call.name), None)
    return _with_call(case, at, ToolCall(call.name, wrong_arguments(call, tool, case, rng)))


def _with_call(case: Case, at: int, call: ToolCall) -> str:
    calls = case.target.calls
    return case.write(replace(case.target, calls=(*calls[:at], call, *calls[at + 1 :])))


def _fabricated_result(case: Case, rng: Random) -> str | None:
    if not case.tools:
        return None
    name = case.target.calls[0].name if case.target.calls else rng.choice(case.tools).name
    result = rng.choice(list(case.material.results.get(name, ())) or [words.EMPTY_RESULT])
    return _say(case, rng, words.FABRICATED, tool=name, result=result, open=RESULT_OPEN, close=RESULT_CLOSE)


def _misread_result(case: Case, rng: Random) -> str | None:
    if not case.after_result:
        return None
    flipped = _flipped(case.target, rng)
    if flipped != case.target and rng.random() < 0.8:
        return case.write(flipped)
    return _say(case, rng, words.MISREAD)


def _flipped(target: Message, rng: Random) -> Message:
    """The message with one pair of opposites swapped throughout, or with a number that it states moved."""
    said = " ".join([target.content, *(_strings(call) for call in target.calls)])
    pairs = [pair for pair in words.OPPOSITES if _swap(said, pair) != said]
    if not pairs:
        return replace(target, content=_move_number(target.content, rng))
    pair = rng.choice(pairs)
    calls = tuple(
        ToolCall(c.name, {k: _swap(v, pair) if isinstance(v, str) else v for k, v in c.arguments.items()})
        for c in target.calls
    )
    think = None if target.think is None else _swap(target.think, pair)
    return replace(target, content=_swap(target.content, pair), think=think, calls=calls)


def _strings(call: ToolCall) -> str:
    return " ".join(value for value in call.arguments.values() if isinstance(value, str))


def _swap(text: str, pair: tuple[str, str]) -> str:
    """Both words of `pair` exchanged, as whole words where they are words; an initial capital is kept."""
    other = {pair[0]: pair[1], pair[1]: pair[0]}
    spelled = "|".join(
        rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])" if word[0].isascii() else re.escape(word)
        for word in sorted(pair, key=len, reverse=True)
    )

    def exchange(match: re.Match[str]) -> str:
        word = other[match.group().lower()]
        return word.capitalize() if match.group()[0].isupper() else word

    return re.sub(spelled, exchange, text, flags=re.IGNORECASE)


def _move_number(text: str, rng: Random) -> str:
    numbers = list(re.finditer(r"\d+", text))
    if not numbers:
        return text
    number = rng.choice(numbers)
    return f"{text[: number.start()]}{int(number.group()) + rng.choice((1, 10, 100))}{text[number.end() :]}"


def _skipped_step(case: Case, rng: Random) -> str | None:
    """The next act, the last answer, one call fewer, or a claim to be done."""
    ways = [replace(message, think=case.target.think) for message in (case.later[:1] + case.later[-1:])]
    calls = case.target.calls
    if len(calls) > 1:
        gone = rng.randrange(len(calls))
        ways.append(replace(case.target, calls=calls[:gone] + calls[gone + 1 :]))
    if rng.random() < 1 / (len(ways) + 1):
        return _say(case, rng, words.SKIPPED)
    return case.write(rng.choice(ways))


def _malformed(case: Case, rng: Random) -> str | None:
    if not case.target.calls and not case.tools:
        return None
    raw = case.write(case.target if case.target.calls else _needless(case, rng)).rstrip()
    start = case.form.last_call(raw)
    if start < 0:
        return None
    return raw[:start] + rng.choice(case.form.breakers)(raw[start:])


def _say(case: Case, rng: Random, phrases: words.Phrases, **values: str) -> str:
    """A text answer after the same thinking, in the scenario's language."""
    lang = case.decision.scenario.lang
    given = {"tool": case.tool, "x": _subject(case, lang), **values}
    content = rng.choice(phrases[lang])
    for name, value in given.items():
        content = content.replace(f"{{{name}}}", value)
    return case.write(replace(case.target, content=content, calls=()))


def _subject(case: Case, lang: str) -> str:
    """What the decision is about: a string argument, an identifier from the dialogue, or "this"."""
    values = [value for call in case.target.calls for value in call.arguments.values() if isinstance(value, str)]
    return next(iter([*values, *entities(case)[-1:]]), words.SOMETHING[lang])


MUTATORS: Mapping[ErrorMode, Mutator] = {
    "no_call": _no_call,
    "needless_call": _needless_call,
    "wrong_tool": _wrong_tool,
    "wrong_args": _wrong_args,
    "fabricated_result": _fabricated_result,
    "misread_result": _misread_result,
    "skipped_step": _skipped_step,
    "malformed": _malformed,
}
