"""The lines of a report and what governs them: which heading reaches which line, which rows make a table.

A heading reaches the entries of a list below it and ends at the next heading, at prose, and at a blank line behind a
list (unless the list is bulleted, or has a blank line between all its entries). Reads every line once; knows no name,
only where names stand.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum, auto

from .basis import Basis
from .lexicon import Claim, N, X, lexicon

BULLET = re.compile(r"[ \t]{0,40}(?:>[ \t]?)?(?:[-*+•·▪●–—]{1,3}|\(?\d{1,3}[.)、])[ \t]{1,8}")
_MARKDOWN = re.compile(r"(#{1,6}|={1,6})[ \t]")  # Markdown and AsciiDoc
_RULE = re.compile(r"[\W_]+")
_COLON = re.compile(r"(?:[:：]|>>)[\s*_`)]{0,6}$")
_TERMINAL = re.compile(r"[.!?。！？；;,，][\s*_\"”')]{0,4}$")
_OPEN_END = re.compile(
    r"(?i:\b(?:from|at|in|on|see|by|of|to|for|with|is|are|and|or|the|a|an|via|under)|[在于见到从由和与的是为])$"
)
_PARTS = re.compile(r"[\u4e00-\u9fff]{1,2}|[^\W_]+(?:[-'’][^\W_]+)*")
_INERT = re.compile(r"(?:^\[[\w%]+(?:[=,][^\]]*)?\]$|[0-9a-fA-F]{32,}|[A-Za-z]:\\|/[\w.-]+/|[%$]\w)")
_ANNOUNCES = re.compile(r"(?i:\b(?:following|below|these|as follows)\b)|以下|如下|下列|这些|下面")
_ANNOUNCED = re.compile(
    r"\b(?:(?:the )?following|these|as follows|(?:shown |listed )?below)\b ?|以下|如下|下列|这些|下面"
    r"|(?<![.:：。\s])[.:：。\s]+$"
)
_BETWEEN = re.compile(r"(?:\W|\d|_|\b(?:and|or|port|tcp|udp|https?)\b)*")
_SEPARATOR = re.compile(r"\s[-–—]{1,3}\s|[(（<:：|>→,;，；、]")
_BREAK = re.compile(r"[-*_=—–~]{2,}")
_PLAIN_LEVEL, _MAX_HEADING, _HEADING_WORDS, _MAX_LABEL = 7, 200, 14, 80


class Kind(Enum):
    BLANK, HEADING, ENTRY, ROW, PROSE, INERT = auto(), auto(), auto(), auto(), auto(), auto()


@dataclass
class Scope:
    """What a heading says of the entries below it. `entries`: how many it has; `text`: as it stands there."""

    claim: Claim | None = None
    reason: Basis | None = None
    text: str = ""
    level: int = 0
    entries: int = 0
    closed: bool = False
    bulleted: bool = False
    neutral: bool = False


@dataclass(frozen=True)
class Line:
    start: int
    end: int
    kind: Kind
    scope: Scope | None  # what says something of an entry here
    heading: Scope | None  # the heading above, however far
    head: int = -1  # of a row: number of the line that is its table's first


@dataclass
class _State:
    scopes: list[Scope] = field(default_factory=list)  # Markdown headings that are open, by level
    current: Scope = field(default_factory=Scope)
    blanks: int = 0
    fenced: bool = False
    lone: int = 0  # entries so far that stand alone between blank lines
    block: int = 0  # entries of the present block
    head: int = -1
    prose: bool = False  # whether the line before is prose, which may go on


class Layout:
    def __init__(self, masked: str) -> None:
        self.masked, self.lines = masked, list[Line]()
        state, start = _State(), 0
        bodies = masked.split("\n")
        following = _following(bodies)
        for number, body in enumerate(bodies):
            self.lines.append(self._line(state, number, body, following[number], start))
            start += len(body) + 1
        self._starts = [line.start for line in self.lines]

    def at(self, place: int) -> Line:
        return self.lines[bisect_right(self._starts, place) - 1]

    def _line(self, state: _State, number: int, body: str, following: str, start: int) -> Line:
        end, text = start + len(body), body.strip()
        if text.startswith(("```", "~~~")):
            state.fenced = not state.fenced
            state.blanks, state.head = min(state.blanks, 1), -1
            return Line(start, end, Kind.INERT, None, state.current)
        if not text:
            state.blanks, state.head = state.blanks + (not state.fenced), -1
            return Line(start, end, Kind.BLANK, None, state.current)
        kind = _kind(text, following, fenced=state.fenced)
        if kind is Kind.HEADING:
            _open(state, text)
            state.blanks, state.lone, state.block, state.head, state.prose = 0, 0, 0, -1, False
            return Line(start, end, kind, None, state.current)
        if kind is Kind.ROW:
            state.head = number if state.head < 0 else state.head
        else:
            state.head = -1
        scope = _reach(state, kind, text)
        state.blanks = 0
        return Line(start, end, kind, scope, state.current, state.head)


def _following(bodies: list[str]) -> list[str]:
    """For each line the next one that is not blank."""
    found, after = [""] * len(bodies), ""
    for number in range(len(bodies) - 1, -1, -1):
        found[number] = after
        after = bodies[number].strip() or after
    return found


def _kind(text: str, following: str, *, fenced: bool) -> Kind:
    if text.count("|") > 1:
        return Kind.ROW
    if N in text:
        return Kind.ENTRY if is_entry(text) else Kind.PROSE
    if _RULE.fullmatch(text) or _INERT.search(text):
        return Kind.INERT
    if _is_heading(text, following, fenced=fenced):
        return Kind.HEADING
    # inside a fence and behind a bullet (`- File size: 3 kB`) words do not end a list
    return Kind.INERT if fenced or (BULLET.match(text) and not text[0].isdigit()) else Kind.PROSE


def _is_heading(text: str, following: str, *, fenced: bool) -> bool:
    if _MARKDOWN.match(text) and not fenced:
        return True
    if len(text) > _MAX_HEADING or _COLON.search(text):
        return len(text) <= _MAX_HEADING
    bulleted = BULLET.match(text) is not None and not text[0].isdigit()
    if _ANNOUNCES.search(text) and N in following and not fenced:
        return True
    if fenced or bulleted or _OPEN_END.search(text) or _TERMINAL.search(text):
        return False  # `These are the IoCs from`: its sentence goes on
    if len(_PARTS.findall(text)) > _HEADING_WORDS:
        return False
    bold = text.startswith(("**", "__")) or text.isupper()
    below = N in following or _RULE.fullmatch(following) or _INERT.search(following) or following.startswith("|")
    return bool(bold or below or not following)


def is_entry(text: str) -> bool:
    """Whether names lead the line: little but a bullet, a label or a neutral word before them, a remark behind."""
    pieces = re.split(f"{N}+", text[len(bullet[0]) :] if (bullet := BULLET.match(text)) else text)
    before, *between, rest = pieces
    known = lexicon()
    if not (_is_label(before) or known.is_neutral(before.lower())):
        return False
    if not all(_BETWEEN.fullmatch(part.lower()) for part in between):
        return False
    return (
        not rest.strip()
        or rest[0] in "\t"
        or rest.lstrip()[0] in "-–—(（#<:：|>→,;，；、[/=*_`&+"
        or known.is_neutral(_SEPARATOR.split(rest.lower(), maxsplit=1)[0])
    )


def _is_label(before: str) -> bool:
    bare = before.strip().strip("*_`\"'“”([<「【")
    if bare == "" or len(bare) > _MAX_LABEL:
        return bare == ""
    _, colon, after = bare.rpartition(":" if ":" in bare else "：")
    return bare[-1] in ":：=-–—>)）" or (colon != "" and lexicon().is_neutral(after.lower()))


def _open(state: _State, text: str) -> None:
    """A heading begins: what it says, or what the one above it said when it says nothing of its own."""
    markdown = _MARKDOWN.match(text)
    level = len(markdown[1]) if markdown else _PLAIN_LEVEL
    bare = text.strip("#*_=`>- \t").lower()
    bare = re.sub(r"^\(?\d{1,2}(?:\.\d{1,2}){0,3}[.)、]?\s+", "", bare)
    known, scope = lexicon(), Scope(level=level, text=text)
    scope.reason = known.heading.reason(bare)
    claim = known.heading.claim(bare)
    if claim is None and (_COLON.search(text) or _ANNOUNCES.search(bare)):  # `The bot connects to the following hosts:`
        claim = known.sentence.claim(f"{_ANNOUNCED.sub('', bare)} {X}")
    scope.claim = claim if claim != "both" and scope.reason is None else None
    if claim == "both" and scope.reason is None:
        scope.reason = Basis.CONFLICT
    if claim == "safe" and scope.claim is None:
        scope.reason = scope.reason or Basis.CONFLICT
    state.scopes = [one for one in state.scopes if one.level < level]
    if scope.claim is None and scope.reason is None and known.is_neutral(bare):
        parent = state.scopes[-1] if markdown and state.scopes else state.current
        if parent.neutral or parent.entries == 0 or (markdown and parent.level < level):
            scope.claim, scope.reason, scope.neutral = parent.claim, parent.reason, True
            scope.text = f"{parent.text} / {text}" if parent.text else text
    if markdown:
        state.scopes.append(scope)
    state.current = scope


def _reach(state: _State, kind: Kind, text: str) -> Scope | None:
    """The scope that reaches this line, and what the line does to it."""
    scope, wrapped = state.current, state.prose and not state.blanks
    bulleted = BULLET.match(text) is not None
    state.prose = kind is Kind.PROSE
    if kind is Kind.PROSE:
        if not bulleted and scope.entries:
            scope.closed = True
        return None
    if kind is Kind.INERT and (bulleted or _BREAK.fullmatch(text)):
        scope.closed = scope.closed or (not bulleted and scope.entries > 0)
        return None
    if state.blanks:
        _after_blanks(state, scope, bulleted=bulleted)
        state.block = 0
    state.block += 1
    if kind is Kind.INERT or (wrapped and not bulleted and kind is Kind.ENTRY):
        return None
    scope.entries += 1
    if scope.entries == 1:
        scope.bulleted = bulleted
    return None if scope.closed else scope


def _after_blanks(state: _State, scope: Scope, *, bulleted: bool) -> None:
    """Blank lines behind entries close the list, unless bullets or its own spacing show that it goes on."""
    if not scope.entries or scope.closed or state.fenced:
        return
    if state.blanks == 1 and bulleted and scope.bulleted:
        return
    scope.closed = True
