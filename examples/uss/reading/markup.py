"""What a reader of the rendered report does not see, or sees as something else: comments, hidden elements, link texts.

Finds spans in HTML and Markdown by their tags; draws nothing. Time is linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_TAG = re.compile(r"<(/?)([A-Za-z][\w-]{0,20})((?:[\s/][^<>]{0,2000})?)>")
_MARKDOWN_COMMENT = re.compile(r"^[ \t]{0,3}\[[^\]\n]{1,40}\]:[ \t]{0,8}(?:#|<>)[^\n]*", re.MULTILINE)
_HIDING = re.compile(
    r"(?:^|[\s;\"'])hidden\b|display\s?:\s?none|visibility\s?:\s?hidden|opacity\s?:\s?0(?![.\d]*[1-9])|"
    r"font-size\s?:\s?0|color\s?:\s?(?:white|#fff)|aria-hidden\s?=\s?[\"']?true|left\s?:\s?-\d{3}",
    re.IGNORECASE,
)
_UNSEEN = frozenset(("script", "style", "template", "noscript", "head", "title", "object", "svg", "del", "s", "strike"))
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


class Span(NamedTuple):
    start: int
    end: int


class Spans:
    """Spans that do not overlap, in order; says which one covers a place."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = sorted(spans)
        self._starts = [span.start for span in self._spans]

    def at(self, place: int) -> Span | None:
        n = bisect_right(self._starts, place) - 1
        return self._spans[n] if n >= 0 and place < self._spans[n].end else None


def hidden(text: str) -> Spans:
    """Comments, the insides of tags, elements that are not shown."""
    return Spans(_merged([*_comments(text), *(Span(*found.span()) for found in _TAG.finditer(text)), *_unseen(text)]))


def anchors(text: str) -> Spans:
    """HTML links from their opening tag to their closing one."""
    opened, found = -1, list[Span]()
    for tag in _TAG.finditer(text):
        if tag[2].lower() == "a":
            if opened >= 0:
                found.append(Span(opened, tag.end() if tag[1] else tag.start()))
            opened = -1 if tag[1] else tag.start()
    return Spans(found)


def _comments(text: str) -> Iterator[Span]:
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        end = text.find("-->", start)
        at = len(text) if end < 0 else end + 3
        yield Span(start, at)
    yield from (Span(*found.span()) for found in _MARKDOWN_COMMENT.finditer(text))


def _unseen(text: str) -> Iterator[Span]:
    """Elements that are not shown, each to the closing tag of its own; one that is never closed hides the rest."""
    name, start, depth = "", 0, 0
    for tag in _TAG.finditer(text):
        this = tag[2].lower()
        if this in _VOID or tag[3].endswith("/"):
            continue
        if not depth:
            if not tag[1] and (this in _UNSEEN or _HIDING.search(tag[3])):
                name, start, depth = this, tag.start(), 1
        elif this == name:
            depth += -1 if tag[1] else 1
            if not depth:
                yield Span(start, tag.end())
    if depth:
        yield Span(start, len(text))


def _merged(spans: list[Span]) -> list[Span]:
    found = list[Span]()
    for span in sorted(spans):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
