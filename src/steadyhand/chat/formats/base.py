"""What every format is: the one object that evaluation, training, pairs, serving and export ask about a model's way to
write calls and thoughts.

A strict reader takes exactly what the format says and repairs nothing; the lenient one flags every repair. Both read
a completion once, in time linear in its length, and never raise. A call that was begun and is broken is an attempt.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from steadyhand.chat.exact import JsonError
from steadyhand.chat.formats.marks import THINK, ThinkMarks
from steadyhand.chat.formats.parsed import (
    Attempt,
    CallShapeError,
    CallSyntaxError,
    ExactCall,
    Parsed,
    ParseError,
    Repair,
    parsed,
)
from steadyhand.chat.formats.thinking import ThinkState, think_state
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.reason import Reason

Breaker = Callable[[str], str]  # a written call -> the same call, broken


@dataclass(frozen=True)
class Servers:
    """The names of the parsers that read this format's calls, and vLLM's that tell its thinking from the answer: where
    the model opens a thought itself, and where the prompt `opened` it. None: none is known to fit. `vllm_loses` is the
    end of a sentence that begins with "vLLM's parser": what it reads otherwise than the model writes it."""

    vllm: str | None
    sglang: str | None = None
    reasoning: str | None = "qwen3"
    opened: str | None = "deepseek_r1"
    vllm_loses: str = ""


class ChatFormat(ABC):
    """One way to write calls. `name` is what `model.format` says. `held` are the texts that a stream shows only when
    it is sure what they are; `call_ends` end a turn right after a call, where a template has a mark of its own for
    that; `inner_ends` look like ends of a turn and are none. `control` must not stay whole in untrusted text."""

    name: str
    think: ThinkMarks = THINK
    servers: Servers = Servers(None)
    call_ends: tuple[str, ...] = ()
    inner_ends: tuple[str, ...] = ()
    breakers: tuple[Breaker, ...] = ()

    @property
    @abstractmethod
    def call_marks(self) -> tuple[str, ...]:
        """The texts around calls, the one that begins a call first; empty for a format without marks."""

    @abstractmethod
    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        """The calls of one turn as a template of this format writes them. Raises CannotHoldError where the format has
        no way to write a value so that it is read back."""

    @abstractmethod
    def openings(self, text: str, begin: int, end: int) -> Iterator[int]:
        """Where the bodies of calls may begin in text[begin:end]."""

    @abstractmethod
    def body_end(self, text: str, at: int) -> tuple[int, int]:
        """The end of the body that begins at `at`, or 0 where it is not whole, and how far the text was read."""

    @abstractmethod
    def attempts(self, text: str, tools: Sequence[Tool], *, lenient: bool) -> tuple[list[Reading], str]:
        """The attempts in an answer (without its thinking), in order, and the text around them."""

    @property
    def held(self) -> tuple[str, ...]:
        return (self.think.open, self.think.close, *self.call_marks)

    @property
    def blocks(self) -> tuple[tuple[str, str], ...]:
        """The opening and the closing mark of a call, where it has both: what is repeated within is no loop."""
        return ()

    @property
    def control(self) -> tuple[str, ...]:
        return self.held

    def write(self, message: Message) -> str:
        """An assistant's message as raw text: thinking, content, calls. Raises CannotHoldError."""
        think = "" if message.think is None else self.think.write(message.think)
        calls = self.write_calls(message.calls) if message.calls else ""
        return f"{think}{message.content}{self.between(message.content)}{calls}" if calls else think + message.content

    def between(self, content: str) -> str:
        """What stands between an answer's text and its first call."""
        return "\n" if content else ""

    def thinking(self, raw: str) -> ThinkState:
        """Where `raw` thinks; never raises."""
        return think_state(raw, self.think, CallSpans(self, raw))

    def begun(self, text: str) -> bool:
        """Whether a call begins anywhere in `text`."""
        return self.call_marks[0] in text

    def last_call(self, raw: str) -> int:
        """Where the last call of a raw completion begins; -1 without one."""
        state = self.thinking(raw)
        rest, at, last = state.rest, 0, -1
        spans = CallSpans(self, rest)
        for start in self.openings(rest, 0, len(rest)):
            if start >= at:
                at, last = spans.end(start) or start, start
        return -1 if last < 0 else state.start + self.call_start(rest, last)

    def call_start(self, text: str, body: int) -> int:
        """Where the call begins whose body begins at `body`."""
        return body

    def visible(self, raw: str) -> tuple[str, str]:
        """Of a growing text the thinking and the content that are sure so far: nothing after the first call."""
        state = self.thinking(raw[: self.first_call(raw)])
        return (state.text or "").strip(), state.rest.strip()

    def first_call(self, raw: str) -> int:
        """Where the first call outside thinking begins, or the text's end."""
        depth = 0
        for mark in self._marks.finditer(raw):
            if mark.group() == self.think.open:
                depth += 1
            elif mark.group() == self.think.close:
                depth = max(0, depth - 1)
            elif not depth:
                return mark.start()
        return len(raw)

    @cached_property
    def _marks(self) -> re.Pattern[str]:
        return re.compile("|".join(re.escape(mark) for mark in self.held))

    def parse(
        self, raw: str, tools: Sequence[Tool] = (), finish_reason: str = "stop", *, lenient: bool = False
    ) -> Parsed:
        """The calls of a raw completion, after its thinking. `tools` are those offered: a format without types takes
        a value's type from its schema. `finish_reason` only explains a call that is not closed. Never raises.

        HERMES.parse('<tool_call>{"name": "now", "arguments": {}}</tool_call>').calls  # (ToolCall("now", {}),)
        """
        state = self.thinking(raw)
        readings, content = self.attempts(state.rest, tools, lenient=lenient)
        judged = [reading.attempt(position, finish_reason) for position, reading in enumerate(readings, start=1)]
        return parsed(judged, content, state.text)


@dataclass(frozen=True)
class Reading:
    """One attempt, ready to be read: `read` gets a list to write repairs to (None: strictly) and raises what is
    wrong. `closed` says whether the call was ended."""

    read: Callable[[list[Repair] | None], Sequence[ExactCall]]
    closed: bool = True
    mendable: bool = False

    def attempt(self, position: int, finish_reason: str) -> Attempt:
        made: list[Repair] = []
        try:
            calls = self.read(made if self.mendable else None)
        except (JsonError, CallSyntaxError) as error:
            return Attempt(error=self._error(Reason.PARSE_JSON, position, finish_reason, str(error)))
        except CallShapeError as error:
            return Attempt(error=self._error(Reason.PARSE_SHAPE, position, finish_reason, str(error)))
        return Attempt(tuple(calls), repairs=tuple(made))

    def _error(self, code: Reason, position: int, finish_reason: str, why: str) -> ParseError:
        if self.closed:
            return ParseError(code, f"call {position}: {why}")
        cut = " (the token limit cut it)" if finish_reason == "length" else ""
        return ParseError(Reason.PARSE_UNCLOSED, f"call {position} is not closed{cut}")


class CallSpans:
    """The whole calls of one text, asked for from its beginning on. What a failed try has read is not tried again, so
    that all questions together take time linear in the text's length."""

    def __init__(self, form: ChatFormat, text: str) -> None:
        self._form, self._text, self._tried = form, text, 0

    def end(self, at: int) -> int:
        """The end of the whole body that begins at `at`, or 0."""
        if at < self._tried:
            return 0
        end, read = self._form.body_end(self._text, at)
        self._tried = max(self._tried, read)
        return end

    @property
    def cut(self) -> bool:
        """Whether a call that is not whole was read to the text's very end, as one is that a limit cut."""
        return self._tried >= len(self._text.rstrip())

    def holding(self, begin: int, at: int) -> int:
        """The end of the whole call that begins in text[begin:at] and holds the position `at`, or 0."""
        for start in self._form.openings(self._text, begin, at):
            if start <= at < (end := self.end(start)):
                return end
        return 0

    def begun(self, text: str) -> bool:
        return self._form.begun(text)
