"""The names of a report where they stand, and whether a place holds a name at all or a part of something else.

A name that touches an invisible or joining character, stands inside another address, a mail address or hidden markup
is not what the report speaks of. Looks at the characters beside a place and at nothing else.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from steadyhand.extract import Found, find_entities

from .basis import Basis
from .lexicon import N, X
from .markup import Spans, anchors, hidden

_TAIL = re.compile(r"(?::\d{1,5}(?![\w.]))?(?:[/?#][^\s|\"'`<>，。；、（）【】“”]{0,2000})?")
_NETWORK = re.compile(r"/\d{1,3}(?![\w/.])")
_ENTITY = re.compile(r"&#?\w{1,8};\Z")
_WRAPPED = re.compile(r"[\w.][-_=@%+&]\r?\n[ \t]{0,4}\Z")
_GOES_ON = re.compile(r"[ \t]{0,4}\r?\n[ \t]{0,4}\.\w")
_SENTENCE_END = re.compile(r"\.+(?:$|[\s\"'”’)\]】>*_`|，。]|[\u4e00-\u9fff])")
_REMARK = re.compile(r"\((?!dot\b|at\b|point\b)[^\W_]", re.IGNORECASE)  # `evil.com(C2)`, but no `evil(.)com`
_ARROW = re.compile(r"-{1,3}>|--|—>")
_RUN = re.compile(r"(?<![^\s，。；、：（）“”【】>])[^\s，。；、：（）“”【】>]*\Z")
_CELL = re.compile(r"(?<![^\s，。；、：（）“”【】>|])[^\s，。；、：（）“”【】>|]*\Z")
_JOINED = re.compile(r"[ \t]{1,2}@\w|…\w|[\"'`*_)\]]{1,3}[.@=%+\\-]\w|[ \t]{1,2}\.\w")
_STOPPED = re.compile(r"\.[ \t]{0,3}\r?\n?[ \t]{0,3}")
_SCHEME = re.compile(r":[\])]?(?://|\\\\)|\[://\]|:/\[?/")
_ASCIIDOC = re.compile(r"\[[A-Za-z][^\[\]\n]{2,100}\]")  # https://a.com[the words of the link]
_DISPLAY_NAME = re.compile(r"[\"']?[ \t]{0,2}<[^<>\s]{1,200}@")
_LEFT = frozenset(" \t\r\n\"'`“”‘’«»「」『』《》〈〉【】（）([<>|,;:，；：、。！？!?*_+•▪●→\u3000\xa0…")
_RIGHT = frozenset(" \t\r\n\"'`“”‘’«»「」『』《》〈〉【】（）)]<>|,;:，；：、。！？!?*_+/#…→\u3000\xa0")
_UNSPACED = (("\u3040", "\u30fa"), ("\u3400", "\u9fff"), ("\uac00", "\ud7a3"), ("\uf900", "\ufaff"))
_LINE = 400  # characters of a line that are read around a place at most


@dataclass(frozen=True)
class Name:
    """A maximal name: a URI with its host, or a bare host. `end` includes port and path."""

    start: int
    end: int
    host_start: int
    host_end: int
    values: frozenset[str]


class Names:
    """All names of `text`, and `masked`: the text with every character of a name replaced, as long as the text."""

    def __init__(self, text: str) -> None:
        self.text = text.replace(X, " ").replace(N, " ") if X in text or N in text else text
        self.all = _names(self.text)
        self._starts = [name.start for name in self.all]

    @cached_property
    def masked(self) -> str:
        pieces, at = [], 0
        for name in self.all:
            pieces += [self.text[at : name.start], N * (name.end - name.start)]
            at = name.end
        return "".join([*pieces, self.text[at:]])

    def between(self, start: int, end: int) -> list[Name]:
        first = bisect_right(self._starts, start - 1)
        return self.all[first : bisect_right(self._starts, end - 1)]

    def at(self, place: int) -> Name | None:
        n = bisect_right(self._starts, place) - 1
        return self.all[n] if n >= 0 and place < self.all[n].end else None

    @cached_property
    def _hidden(self) -> Spans:
        return hidden(self.text)

    @cached_property
    def _anchors(self) -> Spans:
        return anchors(self.text)

    def trouble(self, place: Found) -> Basis | None:
        """Why the place holds no name that the report speaks of; None when it does."""
        name = self.at(place.start)
        begins = None if name is None else name.start if place.kind == "uri" else name.host_start
        if name is None or place.start != begins:
            return Basis.URL_PART
        start = name.start
        if "@" in (self.text[start - 1 : start], self.text[place.end : place.end + 1]):
            return Basis.MAIL
        if _DISPLAY_NAME.match(self.text, place.end):
            return Basis.MAIL
        if self._hidden.at(start) and not self._is_autolink(start):
            return Basis.HIDDEN
        return self._touched(start, place) or self._linked(name, place) or self._titled(name)

    def _is_autolink(self, start: int) -> bool:
        """`<https://a.com>` is no tag; only what begins right behind its bracket counts."""
        return self.text[start - 1 : start] == "<"

    def _touched(self, start: int, place: Found) -> Basis | None:
        return self._left(start, place) or self._right(start, place)

    def _left(self, start: int, place: Found) -> Basis | None:
        """What stands before the name and makes it a part of something else."""
        text, before, left = self.text, self.text[max(0, start - 12) : start], self.text[start - 1 : start]
        row = text.startswith("|", text.rfind("\n", max(0, start - _LINE), start) + 1)
        run = (_CELL if row else _RUN).search(text, max(0, start - _LINE), start)
        if (run and _SCHEME.search(run[0])) or (place.kind != "uri" and left == " " and self._follows_uri(start)):
            return Basis.URL_PART
        if left and left in "\"'`“‘«" and text[start - 2 : start - 1] in ("/", "\\"):
            return Basis.URL_PART
        if left == "." and text[start - 2 : start - 1] in ("*", "}", "]", ")", ">"):
            return Basis.NETWORK
        if not (_is_border(left, _LEFT) or _is_bullet(before)) or _ENTITY.search(before) or _WRAPPED.search(before):
            return Basis.URL_PART if left in ("/", "\\") else Basis.NO_NAME
        return None

    def _right(self, start: int, place: Found) -> Basis | None:
        text, right = self.text, self.text[place.end : place.end + 1]
        if place.kind == "ip" and _NETWORK.match(text, place.end):
            return Basis.NETWORK
        if _GOES_ON.match(text, place.end) or _JOINED.match(text, place.end) or self._runs_on(place.end):
            return Basis.NO_NAME
        marks = {text[start - 1 : start], right} & {"*", "_", "+"}
        if not all(self._is_paired(mark, start, place.end) for mark in marks):
            return Basis.NETWORK
        if _is_border(right, _RIGHT) or _SENTENCE_END.match(text, place.end) or _ARROW.match(text, place.end):
            return None
        if _REMARK.match(text, place.end):
            return None
        return Basis.NO_NAME

    def _follows_uri(self, start: int) -> bool:
        """Whether one blank parts a bare name from a URI before it: the address may have a blank in it."""
        before = self.at(start - 2)
        return before is not None and before.end == start - 1 and any("://" in value for value in before.values)

    def _runs_on(self, end: int) -> bool:
        """Whether a dot and another name follow: one name that was wrapped, or the end of a sentence; who knows."""
        stop = _STOPPED.match(self.text, end)
        return stop is not None and self.at(stop.end()) is not None

    def _is_paired(self, mark: str, start: int, end: int) -> bool:
        """Whether a mark of emphasis stands on both sides in the line; a lone one is a wildcard or a part of a name."""
        begin = self.text.rfind("\n", max(0, start - _LINE), start) + 1
        stop = self.text.find("\n", end, end + _LINE)
        stop = end + _LINE if stop < 0 else stop
        bullet = self.text[begin:start].strip() == mark
        return bullet or (mark in self.text[max(begin, start - _LINE) : start] and mark in self.text[end:stop])

    def _linked(self, name: Name, place: Found) -> Basis | None:
        """Whether the name is the text of a link to another host."""
        if anchor := self._anchors.at(name.start):
            others = self.between(anchor.start, min(name.start, anchor.start + _LINE))
            if others and not any(other.values & name.values for other in others):
                return Basis.LINK_TEXT
        masked, line = self.masked, self.text.find("\n", name.end, name.end + _LINE)
        end = min(name.end + _LINE, len(self.text)) if line < 0 else line
        begin = max(masked.rfind("\n", max(0, name.start - _LINE), name.start) + 1, name.start - _LINE, 0)
        opened, closed = masked.rfind("[", begin, name.start), masked.rfind("]", begin, name.start)
        close = masked.find("]", name.end, end)
        if opened <= closed or close < 0 or masked[close + 1 : close + 2] not in ("(", "["):
            return None
        there = self.between(close, min(end, masked.find(")", close) + 1 or end))
        return None if any(other.values & name.values for other in there) else Basis.LINK_TEXT

    def _titled(self, name: Name) -> Basis | None:
        """Whether it is where a link leads that has words of its own: those speak of the page there, as sources do."""
        masked, line = self.masked, self.masked.rfind("\n", max(0, name.start - _LINE), name.start) + 1
        if masked.endswith(("](", "](<"), 0, name.start):
            opened = masked.rfind("[", max(line, name.start - _LINE), name.start)
            others = self.between(max(opened, 0), name.start)
            return None if any(other.values & name.values for other in others) else Basis.REPORTER
        return Basis.REPORTER if _ASCIIDOC.match(self.text, name.end) and "://" in str(name.values) else None


def _is_border(char: str, allowed: frozenset[str]) -> bool:
    """Whether a name may end at this character: white space, punctuation, or Chinese writing, which leaves no blank."""
    return char == "" or char in allowed or any(low <= char <= high for low, high in _UNSPACED)


def _is_bullet(before: str) -> bool:
    """`-evil.com` and `#evil.com` at the beginning of a line."""
    return before[-1:] in ("-", "–", "·", "+", "#") and before[:-1].rpartition("\n")[2].strip() == ""


def _names(text: str) -> list[Name]:
    found, names = find_entities(text), list[Name]()
    for n, one in enumerate(found):
        if names and one.start < names[-1].end:
            continue
        if one.kind == "uri":
            inner = [two for two in found[n + 1 : n + 2] if two.start < one.end]
            host = inner[0] if inner else one
            names.append(Name(one.start, one.end, host.start, host.end, frozenset((one.value, host.value))))
        else:
            end = _TAIL.match(text, one.end).end()  # type: ignore[union-attr]  # it matches the empty string
            while end > one.end and text[end - 1] in ".,;:!?)]*_'":
                end -= 1
            names.append(Name(one.start, end, one.start, one.end, frozenset((one.value,))))
    return names
