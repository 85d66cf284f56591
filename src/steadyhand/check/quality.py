"""Rules Q: is the text of a row fit to be learned, and fit to be published? Knows one record at a time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from itertools import pairwise

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.messages import Message
from steadyhand.chat.think import ThinkCode, think_state
from steadyhand.check.dataset import Dataset, Record, judged_records
from steadyhand.check.finding import RULES, Finding, finding
from steadyhand.text import degeneration
from steadyhand.text.secrets import personal, secrets
from steadyhand.text.shingles import normal

PLACEHOLDER = re.compile(r"\{\{\s*\w+\s*\}\}")
_BRACKETED = re.compile(
    r"\[(?:your|insert|company|recipient's)\s[^\]\n]{1,30}\]|[\[【](?:你的|您的|插入|填写)[^\]】\n]{1,15}[\]】]", re.I
)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_SAYS_NOTHING = frozenset({"n/a", "na", "none", "null", "nan", "todo", "tbd", "undefined", "无", "待补充", "略"})
_TELLING = 24  # characters; half as many letters are more than any of these words has, in whatever form
_FILLER = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")  # letters and signs that show nothing
_YOUNG = "unassigned"  # emoji newer than our table


def check_quality(dataset: Dataset, codes: Collection[str] = RULES) -> Iterator[Finding]:
    """Q101-Q109, those in `codes`, each at most once per record; of a pair, the prompt and the chosen answer are
    judged."""
    rules = [rule for code, rule in RULES_OF_A_RECORD.items() if code in codes]
    for record in (*dataset.records, *judged_records(dataset.pairs, "chosen")):
        for rule in rules:
            if finding := next(rule(record), None):
                yield finding
    if "Q109" in codes:
        for record in judged_records((pair for pair in dataset.pairs if not pair.chosen), "rejected"):
            yield from _unasked(record)


def _mojibake(record: Record) -> Iterator[Finding]:
    for message in _said(record, "system", "assistant"):
        if bad := undecoded(message.content):
            what = f"{record.name}: {', '.join(bad[:3])} in a text of role {message.role!r}"
            yield _at(record, message, "Q101", what, "decode the source again with its right encoding (often UTF-8)")


def undecoded(text: str) -> list[str]:
    """What of a text was decoded wrongly, in words."""
    return [part for part in degeneration.undecoded(text) if not part.startswith(_YOUNG)]


def _loop(record: Record) -> Iterator[Finding]:
    for message in _said(record, "assistant"):
        for text in (message.content, message.think or ""):
            loop = degeneration.tail_repetition(text, HERMES.blocks) if text else None
            if loop and loop.fails("stop") and any(char.isalnum() for char in loop.unit):
                what = f"{record.name}: the text ends in {loop.repeats} times {_clip(loop.unit)}"
                yield _at(record, message, "Q102", what, "cut the text before the loop, or remove the row")


def _think(record: Record) -> Iterator[Finding]:
    for message in _said(record, "assistant"):
        state = think_state(message.content)
        if state.code not in (ThinkCode.OK, ThinkCode.ABSENT):
            what = f"{record.name}: {state.code.sentence}"
            yield _at(record, message, "Q103", what, "close the block once, and put the answer after it")


def _empty(record: Record) -> Iterator[Finding]:
    for message in _said(record, "user", "assistant"):
        if sum(map(str.isalnum, message.content[:_TELLING])) > _TELLING // 2:
            continue
        bare = normal(message.content).strip(".。")
        if not message.calls and (bare in _SAYS_NOTHING or not any(char.isalnum() for char in bare)):
            what = f"{record.name}: the {message.role} says {_clip(message.content)}"
            yield _at(record, message, "Q104", what, "write what is meant, or remove the row")


def _order(record: Record) -> Iterator[Finding]:
    for before, message in pairwise(record.messages):
        if before.role == message.role and message.role in ("user", "assistant"):
            again = " the same" if before == message else ""
            what = f"{record.name}: two messages of role {message.role!r} in a row{again}"
            yield _at(record, message, "Q105", what, "join them into one message, or restore the one between them")


def _placeholder(record: Record) -> Iterator[Finding]:
    for message in _said(record, "system", "user", "assistant"):
        for text in (message.content, message.think or ""):
            if "{" not in text and "[" not in text and "【" not in text:
                continue
            bare = _CODE.sub(" ", text)
            match = PLACEHOLDER.search(bare) or (message.role == "assistant" and _BRACKETED.search(bare))
            if match:
                next = "fill it in, or remove the row"
                yield finding("Q106", record.at(match[0]), f"{record.name}: {match[0]}", next)


def _secret(record: Record) -> Iterator[Finding]:
    for message in record.messages:
        for secret in secrets(message.content if _plain(message) else _whole(message)):
            what = f"{record.name}: {secret.kind} {secret.shown} in a text of role {message.role!r}"
            yield finding("Q107", record.at(secret.text), what, "revoke it where it came from, and remove it here")


def _personal(record: Record) -> Iterator[Finding]:
    for message in record.messages:
        for value in personal(message.content if _plain(message) else _whole(message)):
            what = f"{record.name}: {value.kind} {value.shown} in a text of role {message.role!r}"
            yield finding(
                "Q108", record.at(value.text), what, "replace it with an invented one that fails its checksum"
            )


def _unasked(record: Record) -> Iterator[Finding]:
    asked = _said(replace(record, messages=record.messages[:-1]), "user")
    if not any(_visible(message.content) for message in asked):
        what = f"{record.name}: the assistant answers, and no user has said anything"
        yield _at(record, record.messages[-1], "Q109", what, "put back what was asked, or remove the row")


def _visible(text: str) -> bool:
    """Whether a text holds more than white space and characters without width."""
    return any(not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf") for char in _FILLER.sub("", text))


RULES_OF_A_RECORD: dict[str, Callable[[Record], Iterator[Finding]]] = {
    "Q101": _mojibake,
    "Q102": _loop,
    "Q103": _think,
    "Q104": _empty,
    "Q105": _order,
    "Q106": _placeholder,
    "Q107": _secret,
    "Q108": _personal,
    "Q109": _unasked,
}


def _said(record: Record, *roles: str) -> Iterator[Message]:
    return (message for message in record.messages if message.role in roles)


def _plain(message: Message) -> bool:
    return not (message.think or message.calls)


def _whole(message: Message) -> str:
    calls = "\n".join(f"{call.name} {call.arguments}" for call in message.calls)
    return f"{message.content}\n{message.think or ''}\n{calls}"


def _at(record: Record, message: Message, code: str, what: str, next: str) -> Finding:
    return finding(code, record.at(message.content), what, next)


def _clip(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
