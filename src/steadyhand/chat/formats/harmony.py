"""Harmony (gpt-oss): messages in channels. Thinking is a message to `analysis`, a call is a message to a function, the
answer is a message to `final`; what else is said aloud stands in `commentary`. A turn makes at most one call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from steadyhand.chat import exact
from steadyhand.chat.formats.base import CallSpans, ChatFormat, Reading, Servers
from steadyhand.chat.formats.jsoncall import forgiving, value_end, written
from steadyhand.chat.formats.marks import ThinkMarks
from steadyhand.chat.formats.parsed import CallShapeError, CannotWriteError, ExactCall, Repair
from steadyhand.chat.formats.thinking import ThinkCode, ThinkState
from steadyhand.chat.messages import Message, Tool, ToolCall

_START, _SAY = "<|start|>assistant", "<|message|>"
_ANALYSIS, _FINAL, _END = "<|channel|>analysis", "<|channel|>final", "<|end|>"
_TO = re.compile(r"to=functions\.([\w.-]+)")
_MARK = re.compile(r"<\|(?:start|channel|message|end|call|return|constrain)\|>")
_ENDS = (_END, "<|call|>", "<|return|>")


@dataclass(frozen=True)
class _Said:
    """One message: its header, which begins at `at`, its body, whether something ends it, and where that ends."""

    header: str
    body: str
    closed: bool
    at: int
    end: int

    @property
    def to(self) -> str | None:
        recipient = _TO.search(self.header)
        return recipient[1] if recipient else None

    @property
    def thinks(self) -> bool:
        return self.to is None and "analysis" in self.header


class Harmony(ChatFormat):
    """`<|channel|>analysis<|message|>...<|end|>`, then an answer or a call in the same way."""

    name = "harmony"
    think = ThinkMarks(_ANALYSIS + _SAY, _END, ("", "", _START))
    servers = Servers("openai", "gpt-oss", "openai_gptoss", None)
    call_ends = ("<|call|>",)
    inner_ends = (_END,)
    control = (_START, "<|start|>", "<|channel|>", _SAY, *_ENDS, "<|constrain|>")
    breakers = (
        lambda call: call.replace("<|message|>", "", 1),
        lambda call: call.rstrip().removesuffix("}"),
        lambda call: call.replace('"', "'") if '"' in call else call.rstrip().removesuffix("}"),
        lambda call: re.sub(r"\}\s*$", ",}", call),
    )

    @property
    def call_marks(self) -> tuple[str, ...]:
        return (" to=functions.",)

    @property
    def held(self) -> tuple[str, ...]:
        return self.control

    def write(self, message: Message) -> str:
        if message.content and message.calls:
            raise CannotWriteError("a turn either says something or calls")
        think = "" if message.think is None else f"{_ANALYSIS}{_SAY}{message.think}{_END}{_START}"
        if message.calls:
            return think + self.write_calls(message.calls)
        return f"{think}{_FINAL}{_SAY}{message.content}"

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        if len(calls) > 1:
            raise CannotWriteError("a turn makes one call")
        name, arguments = calls[0].name, written(calls[0].arguments)
        if not re.fullmatch(r"[\w.-]+", name):
            raise CannotWriteError(f"the tool's name {name!r} is no name")
        return f" to=functions.{name}<|channel|>commentary json{_SAY}{arguments}"

    def openings(self, text: str, begin: int, end: int) -> Iterator[int]:
        return (mark.end() for mark in re.finditer(re.escape(_SAY), text[begin:end]))

    def body_end(self, text: str, at: int) -> tuple[int, int]:
        return value_end(text, at, ("{",))

    def thinking(self, raw: str) -> ThinkState:
        """Channels, not tags: `rest` is what was said after the last message to `analysis`, still in its messages."""
        said = _messages(self, raw)
        thoughts = [part for part in said if part.thinks]
        if not thoughts:
            return ThinkState(ThinkCode.ABSENT, None, raw)
        start = thoughts[-1].end if thoughts[-1].closed else len(raw)
        rest = raw[start:]
        text = "\n".join(part.body.strip() for part in thoughts)
        ordered = (
            (not thoughts[-1].closed, ThinkCode.MISSING_CLOSE),
            (len(thoughts) > 1, ThinkCode.MULTIPLE),
            (self.begun(text), ThinkCode.CALL_INSIDE),
            (not text.strip(), ThinkCode.EMPTY),
            (not any(part.body.strip() for part in _messages(self, rest)), ThinkCode.NO_ANSWER),
        )
        return ThinkState(next((code for applies, code in ordered if applies), ThinkCode.OK), text, rest, start)

    def attempts(self, text: str, tools: Sequence[Tool], *, lenient: bool) -> tuple[list[Reading], str]:
        said = _messages(self, text)
        readings = [
            Reading(partial(_read, part), part.closed or bool(CallSpans(self, part.body).end(0)), lenient)
            for part in said
            if part.to is not None or "functions." in part.header
        ]
        content = "\n".join(part.body.strip() for part in said if part.to is None and "functions." not in part.header)
        return readings, content.strip()

    def last_call(self, raw: str) -> int:
        return max((part.at for part in _messages(self, raw) if part.to is not None), default=-1)

    def first_call(self, raw: str) -> int:
        at = raw.find(self.call_marks[0])
        return len(raw) if at < 0 else at

    def visible(self, raw: str) -> tuple[str, str]:
        said = _messages(self, raw[: self.first_call(raw)])
        thoughts = "\n".join(part.body.strip() for part in said if part.thinks)
        return thoughts.strip(), "\n".join(part.body.strip() for part in said if not part.thinks).strip()


def _read(said: _Said, made: list[Repair] | None) -> Sequence[ExactCall]:
    if said.to is None:
        raise CallShapeError("a call is addressed to=functions.NAME")
    arguments = exact.loads(said.body) if made is None else forgiving(said.body, made)
    if not isinstance(arguments, dict):
        raise CallShapeError(f"the arguments are {exact.kind(arguments)}, not an object")
    return [ExactCall(said.to, arguments)]


def _messages(form: Harmony, raw: str) -> list[_Said]:
    """The messages of a completion, whose first header follows the prompt's own beginning. Text without any mark is
    one message to nobody. A mark that stands in a whole call's JSON is text."""
    messages: list[_Said] = []
    spans = CallSpans(form, raw)
    header, start, at, inside, begun, head = "", 0, 0, False, False, 0
    while mark := _MARK.search(raw, at):
        at = mark.end()
        if mark.group() == _SAY and not inside:
            head, header, start, inside = start, raw[start : mark.start()], at, True
            if _TO.search(header):
                at = spans.end(at) or at
        elif mark.group() in _ENDS or mark.group() == "<|start|>":
            end = mark.start() if mark.group() == "<|start|>" else at
            messages += [_Said(header, raw[start : mark.start()], True, head, end)] if inside else []
            header, start, inside, begun = "", at, False, mark.group() == "<|start|>"
    rest = raw[start:]
    if inside:
        messages.append(_Said(header, rest, False, head, len(raw)))
    elif begun or "<|channel|>" in rest or "functions." in rest:  # cut in a header
        messages.append(_Said(rest, "", False, start, len(raw)))
    elif rest.strip():
        messages.append(_Said("", rest, False, start, len(raw)))
    return messages


HARMONY = Harmony()
