"""Where a raw completion thinks, and whether its `<think>` block is whole: a state machine over the tags.

Knows tags only; whether the thinking is structured, or loops, is judged elsewhere. A completion is taken with its
opening tag, also where the template wrote that tag into the prompt (`chat.render` restores it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from steadyhand.text.coded import Coded

OPEN, CLOSE = "<think>", "</think>"
_TAGS = re.compile(r"</?think>")


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
    def balanced(self) -> bool:
        """Whether every tag has its partner; a completion without tags is balanced."""
        return self not in (ThinkCode.MISSING_OPEN, ThinkCode.MISSING_CLOSE, ThinkCode.NESTED)


@dataclass(frozen=True)
class ThinkState:
    """`text` is the thinking, without tags (blocks joined by a newline); None when there is no tag. `rest` is what
    counts as the answer: the text after the last balanced `</think>`, without a block that is never closed."""

    code: ThinkCode
    text: str | None
    rest: str


@dataclass
class _Scan:
    """What one pass over the tags collects. `open_at` holds the ends of the opening tags not yet closed."""

    blocks: list[str] = field(default_factory=list)
    open_at: list[int] = field(default_factory=list)
    rest_from: int = 0
    stray: bool = False
    nested: bool = False


def think_state(raw: str) -> ThinkState:
    """Reads `raw` once; never fails."""
    if not _TAGS.search(raw):
        return ThinkState(ThinkCode.ABSENT, None, raw)
    scan = _Scan()
    for tag in _TAGS.finditer(raw):
        _step(scan, raw, tag)
    rest = raw[scan.rest_from :]
    if scan.open_at:
        scan.blocks.append(raw[scan.open_at[0] :])
        rest = rest.partition(OPEN)[0]
    text = "\n".join(_TAGS.sub("", block).strip() for block in scan.blocks)
    return ThinkState(_code(scan, text, rest), text, rest)


def _step(scan: _Scan, raw: str, tag: re.Match[str]) -> None:
    if tag.group() == OPEN:
        scan.nested |= bool(scan.open_at)
        scan.open_at.append(tag.end())
    elif scan.open_at:
        start = scan.open_at.pop()
        scan.rest_from = tag.end()
        if not scan.open_at:
            scan.blocks.append(raw[start : tag.start()])
    else:
        scan.stray = True
        scan.blocks.append(raw[scan.rest_from : tag.start()])


def _code(scan: _Scan, text: str, rest: str) -> ThinkCode:
    ordered = (
        (scan.stray, ThinkCode.MISSING_OPEN),
        (scan.nested, ThinkCode.NESTED),
        (bool(scan.open_at), ThinkCode.MISSING_CLOSE),
        (len(scan.blocks) > 1, ThinkCode.MULTIPLE),
        ("<tool_call>" in text, ThinkCode.CALL_INSIDE),
        (not text.strip(), ThinkCode.EMPTY),
        (not rest.strip(), ThinkCode.NO_ANSWER),
    )
    return next((code for applies, code in ordered if applies), ThinkCode.OK)
