"""Formats without marks: the whole answer is the call. Text that looks like one, and is none, is a broken attempt."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial

from steadyhand.chat.formats.base import CallSpans, ChatFormat, Reading
from steadyhand.chat.formats.parsed import CallShapeError, ExactCall, Repair
from steadyhand.chat.messages import Tool


class Bare(ChatFormat):
    """`prefix` may stand before the call (some models write a mark there), or with `marked` must. `looks` finds what
    may be a call and gives its tool's `name`; `sure` what can be nothing else, whichever tools are offered. Text beside
    a call is a fault that the lenient reader passes over."""

    prefix: str = ""
    marked: bool = False
    opener: str
    looks: re.Pattern[str]
    sure: re.Pattern[str]

    @property
    def call_marks(self) -> tuple[str, ...]:
        return (self.prefix,) if self.prefix else ()

    @abstractmethod
    def value_end(self, text: str, at: int) -> tuple[int, int]:
        """The end of the calls that begin at `at`, or 0 where they are not whole, and how far the text was read."""

    @abstractmethod
    def read_value(self, text: str, made: list[Repair] | None) -> Sequence[ExactCall]:
        """The calls in `text`, which holds nothing else."""

    def begun(self, text: str) -> bool:
        return bool(self.sure.search(text)) or any(mark in text for mark in self.call_marks)

    def between(self, content: str) -> str:
        return "\n" if content else ""

    def openings(self, text: str, begin: int, end: int) -> Iterator[int]:
        start = self._start(text, begin)
        return iter([start] if start < end and text.startswith(self.opener, start) else [])

    def call_start(self, text: str, body: int) -> int:
        return _past_space(text, 0)

    def body_end(self, text: str, at: int) -> tuple[int, int]:
        return self.value_end(text, at)

    def attempts(self, text: str, tools: Sequence[Tool], *, lenient: bool) -> tuple[list[Reading], str]:
        answer = text.strip()
        start = self._start(answer, 0)
        if start or self._begins(answer, tools):
            return [self._reading(answer[start:], "", lenient, bare=not start)], ""
        offered = {tool.name for tool in tools}
        found = next((found for found in self.looks.finditer(answer) if found["name"] in offered), None)
        if found is None:
            return [], answer
        before = answer[: found.start()]
        bare = not before.rstrip().endswith(self.prefix)
        return [self._reading(answer[found.start() :], before, lenient, bare=bare)], before.strip()

    def _begins(self, answer: str, tools: Sequence[Tool]) -> bool:
        """Whether an answer begins as a call: one of an offered tool, or what can be nothing else."""
        match = self.looks.match(answer)
        named = match is not None and match["name"] in {tool.name for tool in tools}
        return named or bool(self.sure.match(answer))

    def _reading(self, text: str, before: str, lenient: bool, *, bare: bool) -> Reading:
        spans = CallSpans(self, text)
        end = spans.end(0)
        return Reading(partial(self._read, text, before, end, bare), bool(end) or not spans.cut, lenient)

    def _read(self, text: str, before: str, end: int, bare: bool, made: list[Repair] | None) -> Sequence[ExactCall]:
        if self.marked and bare:
            if made is None:
                raise CallShapeError(f"the mark {self.prefix!r} is missing")
            made.append(Repair.OTHER_SPELLING)
        if end and (before or text[end:].strip()):
            if made is None:
                raise CallShapeError("text stands beside the call")
            made.append(Repair.TEXT_BESIDE)
            text = text[:end]
        return self.read_value(text, made)

    def _start(self, text: str, at: int) -> int:
        """Where a call would begin: after white space and, where there is one, the prefix."""
        start = _past_space(text, at)
        if self.prefix and text.startswith(self.prefix, start):
            return _past_space(text, start + len(self.prefix))
        return start

    def first_call(self, raw: str) -> int:
        """Nothing is sure of an answer that begins as a call may begin; text beside a call makes all of it text."""
        at = 0
        while True:
            if raw.startswith((self.opener, *self.call_marks), _past_space(raw, at)):
                return at
            tag = self.think.either.search(raw, at)
            if tag is None:
                return len(raw)
            closed = tag.end() if tag.group() == self.think.close else raw.find(self.think.close, tag.end())
            if closed < 0:
                return len(raw)
            at = tag.end() if closed == tag.end() else closed + len(self.think.close)


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
