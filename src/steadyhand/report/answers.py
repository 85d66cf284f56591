"""Raw answers as the page shows them: cut into thinking, calls and text, never changed. Knows nothing of scores.

This is typesetting, not parsing: what counts as a call is decided in chat/ and arrives as reason codes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from steadyhand.chat.formats.marks import THINK
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.ledger.result import Item

Kind = Literal["think", "call", "text"]
_OPEN, _CLOSE = map(re.escape, (THINK.open, THINK.close))
_CALLS = dict.fromkeys(block for form in FORMATS.values() for block in form.blocks)
_CALL = "|".join(rf"{re.escape(begin)}.*?(?:{re.escape(end)}|\Z)" for begin, end in _CALLS)
SEGMENTS = re.compile(
    rf"(?P<thought>{_OPEN}.*?(?:{_CLOSE}|\Z)|\A(?:(?!{_OPEN}).)*?{_CLOSE})|(?P<call>{_CALL})",
    re.S,
)
NAME = re.compile(r'"name"\s*:\s*"([^"\\]+)"|^\s*([A-Za-z_][\w.-]*)\s*\(')


@dataclass(frozen=True)
class AnswerSegment:
    kind: Kind
    text: str


def segments(raw: str) -> list[AnswerSegment]:
    """`raw` cut into pieces that joined give `raw` again; pieces of white space alone are left out."""
    pieces, end = [], 0
    for match in SEGMENTS.finditer(raw):
        pieces.append(AnswerSegment("text", raw[end : match.start()]))
        pieces.append(AnswerSegment("think" if match["thought"] is not None else "call", match[0]))
        end = match.end()
    pieces.append(AnswerSegment("text", raw[end:]))
    return [piece for piece in pieces if piece.text.strip()]


def tool_of(item: Item) -> str:
    """The tool that an item expects: `facts.tool`, else the first name in its expected calls, else "none"."""
    if item.facts.tool:
        return item.facts.tool
    try:
        calls = json.loads(item.expected)
    except ValueError:
        match = NAME.search(item.expected)
        return next((name for name in match.groups() if name), "none") if match else "none"
    first = calls[0] if isinstance(calls, list) and calls else calls
    return str(first["name"]) if isinstance(first, dict) and "name" in first else "none"
