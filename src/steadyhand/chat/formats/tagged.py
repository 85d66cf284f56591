"""Formats whose calls stand between marks. A mark that a whole call quotes is text; everything else is a mark."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from steadyhand.chat.formats.base import CallSpans, ChatFormat, Reading
from steadyhand.chat.formats.parsed import CallShapeError, ExactCall, Repair
from steadyhand.chat.messages import Tool


@dataclass(frozen=True)
class Block:
    """One attempt: `body` between the marks, or None for a closing mark without an opening one."""

    body: str | None
    closed: bool = True


class Tagged(ChatFormat):
    """Calls between the marks `open` and `close`. An empty `close`: a call runs to the next opening mark or to the end
    of the text."""

    open: str
    close: str

    @property
    def call_marks(self) -> tuple[str, ...]:
        return (self.open, self.close) if self.close else (self.open,)

    @property
    def blocks(self) -> tuple[tuple[str, str], ...]:
        return ((self.open, self.close),) if self.close else ()

    @abstractmethod
    def read_body(self, body: str, tools: Sequence[Tool], made: list[Repair] | None) -> Sequence[ExactCall]:
        """The calls of a body; with a list to write repairs to, leniently. Raises JsonError, CallSyntaxError or
        CallShapeError."""

    def openings(self, text: str, begin: int, end: int) -> Iterator[int]:
        return (tag.end() for tag in self._open.finditer(text, begin, end))

    def call_start(self, text: str, body: int) -> int:
        return body - len(self.open)

    def attempts(self, text: str, tools: Sequence[Tool], *, lenient: bool) -> tuple[list[Reading], str]:
        blocks, content = self._split(text)
        return [
            self._reading(block, tools, lenient and (block.closed or block is blocks[-1])) for block in blocks
        ], content

    def _reading(self, block: Block, tools: Sequence[Tool], mendable: bool) -> Reading:
        def read(made: list[Repair] | None) -> Sequence[ExactCall]:
            if block.body is None:
                raise CallShapeError("a closing tag without an opening one")
            if not block.closed:
                if made is None:
                    raise CallShapeError("not closed")
                made.append(Repair.UNCLOSED_TAG)
            return self.read_body(block.body, tools, made)

        return Reading(read, block.closed, mendable)

    def _split(self, text: str) -> tuple[list[Block], str]:
        """The attempts in `text`, in order, and the text around them."""
        blocks: list[Block] = []
        outside: list[str] = []
        spans, start, opened = CallSpans(self, text), 0, False
        at = whole = 0
        while tag := self._tags.search(text, at):
            at, piece = tag.end(), text[start : tag.start()]
            closes = bool(self.close) and tag.group() == self.close
            if opened:
                blocks.append(Block(piece, closes or not self.close))
            elif closes:
                blocks.append(Block(None))
                outside.append(piece)
            else:
                outside.append(piece)
            start, opened = at, not closes
            if opened:
                whole = spans.end(at)
                at = whole or at  # the marks that a whole body quotes are text
        rest = text[start:]
        if opened:
            blocks.append(Block(rest, closed=not self.close and (bool(whole) or not spans.cut)))
        else:
            outside.append(rest)
        return blocks, "".join(outside).strip()

    @cached_property
    def _open(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.open))

    @cached_property
    def _tags(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self.call_marks)))
