"""Where a raw completion thinks, and whether the thought is whole: a state machine over the marks of thinking.

Knows the marks that it is given and where whole calls stand, because a mark that a call quotes is none. Whether the
thinking is structured, or loops, is judged elsewhere. A completion is taken with its opening mark, also where the
template wrote that mark into the prompt (`chat.render` restores it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from steadyhand.chat.formats.marks import ThinkMarks
from steadyhand.text.coded import Coded


class ThinkCode(Coded):
    """Each member carries its code as the value and a sentence in `sentence`. The first that applies is given, in the
    order missing_open, nested, missing_close, multiple, call_inside, empty, no_answer."""

    OK = "ok", "One whole block of thinking, then an answer."
    ABSENT = "absent", "No think tag at all."
    EMPTY = "empty", "The block holds nothing but white space."
    MISSING_OPEN = "missing_open", "A closing tag has no opening tag before it."
    MISSING_CLOSE = "missing_close", "An opening tag is never closed."
    NESTED = "nested", "A block is opened inside a block."
    MULTIPLE = "multiple", "There is more than one block."
    CALL_INSIDE = "call_inside", "A tool call is written inside the block, where it does not count."
    NO_ANSWER = "no_answer", "The block is whole, and nothing follows it."

    @property
    def whole(self) -> bool:
        """Whether there is one block of thinking, opened and closed in its place. A completion that does not think has
        none: where the base thought, that is a loss, and where it did not, every judge compares with the base."""
        return self in (ThinkCode.OK, ThinkCode.EMPTY, ThinkCode.NO_ANSWER)

    @property
    def balanced(self) -> bool:
        """Whether every tag has its partner; a completion without tags is balanced."""
        return self not in (ThinkCode.MISSING_OPEN, ThinkCode.MISSING_CLOSE, ThinkCode.NESTED)


@dataclass(frozen=True)
class ThinkState:
    """`text` is the thinking, without tags (blocks joined by a newline); None when there is no tag. `rest` is what
    counts as the answer: the text after the last balanced closing tag, without a block that is never closed; it begins
    at `start`."""

    code: ThinkCode
    text: str | None
    rest: str
    start: int = 0


class Calls(Protocol):
    """Where calls stand in one text."""

    def holding(self, begin: int, at: int) -> int:
        """The end of the whole call that begins in text[begin:at] and holds the position `at`; 0 when none does."""
        ...

    def begun(self, text: str) -> bool:
        """Whether a call begins anywhere in another text."""
        ...


@dataclass
class _Scan:
    """What one pass over the tags collects. `open_at` holds the tags that are not yet closed."""

    blocks: list[str] = field(default_factory=list)
    open_at: list[re.Match[str]] = field(default_factory=list)
    rest_from: int = 0
    last_end: int = 0
    stray: bool = False
    nested: bool = False


def think_state(raw: str, marks: ThinkMarks, calls: Calls) -> ThinkState:
    """Reads `raw` once, in time linear in its length; never fails. Of several closing tags without an opening one,
    each ends the thought that stands after the one before."""
    scan = _Scan()
    for tag in _tags(raw, marks, calls, scan):
        _step(scan, raw, tag, marks)
    if not scan.last_end:
        return ThinkState(ThinkCode.ABSENT, None, raw)
    rest_to = len(raw)
    if scan.open_at:
        scan.blocks.append(raw[scan.open_at[0].end() :])
        rest_to = min((tag.start() for tag in scan.open_at if tag.start() >= scan.rest_from), default=rest_to)
    rest = raw[scan.rest_from : rest_to]
    text = "\n".join(marks.either.sub("", block).strip() for block in scan.blocks)
    return ThinkState(_code(scan, text, rest, calls), text, rest, scan.rest_from)


def _tags(raw: str, marks: ThinkMarks, calls: Calls, scan: _Scan) -> Iterator[re.Match[str]]:
    """The tags of thinking in `raw`; those that a whole call outside thinking quotes are passed over."""
    at = 0
    while tag := marks.either.search(raw, at):
        quoted = 0 if scan.open_at else calls.holding(at, tag.start())
        if not quoted:
            yield tag
        at = quoted or tag.end()


def _step(scan: _Scan, raw: str, tag: re.Match[str], marks: ThinkMarks) -> None:
    if tag.group() == marks.open:
        scan.nested |= bool(scan.open_at)
        scan.open_at.append(tag)
    elif scan.open_at:
        start = scan.open_at.pop().end()
        scan.rest_from = tag.end()
        if not scan.open_at:
            scan.blocks.append(raw[start : tag.start()])
    else:
        scan.stray = True
        scan.blocks.append(raw[max(scan.rest_from, scan.last_end) : tag.start()])
    scan.last_end = tag.end()


def _code(scan: _Scan, text: str, rest: str, calls: Calls) -> ThinkCode:
    ordered = (
        (scan.stray, ThinkCode.MISSING_OPEN),
        (scan.nested, ThinkCode.NESTED),
        (bool(scan.open_at), ThinkCode.MISSING_CLOSE),
        (len(scan.blocks) > 1, ThinkCode.MULTIPLE),
        (calls.begun(text), ThinkCode.CALL_INSIDE),
        (not text.strip(), ThinkCode.EMPTY),
        (not rest.strip(), ThinkCode.NO_ANSWER),
    )
    return next((code for applies, code in ordered if applies), ThinkCode.OK)
