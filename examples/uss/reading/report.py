"""One report, read: what each place of a name says of it. Deterministic; can neither call nor write.

A name is accused only when its sentence fits a listed pattern as subject or object, when its label, row or remark says
so, or when it is an entry of a list whose heading does. Everything else is unclear, with the reason.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from steadyhand.agent.neutral import neutral
from steadyhand.extract import Found

from .basis import Basis
from .entries import LONGEST_LINE, Read, read_entry, read_row
from .layout import BULLET, Kind, Layout, Line
from .lexicon import Claim, N, X, lexicon
from .names import Names
from .phrase import is_quoted, joins, plain
from .scope import contrasted, reaches

_END = re.compile(
    r"[。！？!?；]+[\"”』」]?"
    r"|[.;](?=[\s\"”)]|$)"
    r"(?<!\be\.g.)(?<!\bi\.e.)(?<!\beg.)(?<!\bie.)(?<!\bvs.)(?<!\bcf.)(?<!\bNo.)(?<!\bal.)(?<!\bapprox.)"
)
_BLOCK_QUOTE = re.compile(r"[ \t]{0,8}>[ \t]?+(?!\*\*)")  # `> **Note**` is a box, not a quotation
_INTRODUCED = re.compile(rf"([^:：{X}{N}]{{1,120}})[:：] ?")
_TITLE = re.compile(r"[ \t]{0,8}(?:[-*+•>]{1,3}[ \t]{1,4}|\d{1,3}[.)][ \t]{1,4})?(?:\*\*|__)[^*_\n]{1,120}(?:\*\*|__)")
_TERMINAL = re.compile(r"[.!?:;。！？：；][\s*_\"”')]*$")
_NUMBERED = re.compile(r"\s*(?:0x\d|\d{1,2}[)）]|第?[一二三四五六七八九十]{1,3}[、章节部步]|[（(]?[图表]\s?\d|#)")
_LONGEST = 1000  # characters of a plain sentence that are read; a longer one is no evidence
_MOST_NAMES = 500  # in one sentence
_MOST_READINGS = 32  # of one sentence: what it says of one name, or of the names of one row
_AROUND = 200  # characters on each side of a place in which an order makes a report no witness
_BEFORE = 400  # characters before a sentence, and of the report's beginning, in which its subject may stand
# Reasons of a heading that hold for whole sentences below it as well, not for entries of a list only.
_OVER = frozenset((Basis.NEGATION, Basis.HEARSAY, Basis.PAST, Basis.EXAMPLE, Basis.QUOTED))
_WRAP, _WRAP_HAN = 50, 25  # a line that is shorter was not wrapped

Rows = frozenset[int]  # numbers of rows of names in a sentence


@dataclass(frozen=True)
class NamesInRows:
    """The row of each place of a name in a sentence, and the rows in which each name stands. A name that stands alone
    is a row of its own."""

    rows: list[int]
    of: dict[str, Rows]


@dataclass(frozen=True)
class Statement:
    """`window`: the text that decided, as it stands in the report. `quotation`: the same without names, X for the one
    that is asked about and Y for every other."""

    claim: Claim | None
    basis: Basis
    window: str
    quotation: str = ""


class Report:
    def __init__(self, text: str) -> None:
        self.names = Names(text)
        self.text, self.masked = self.names.text, self.names.masked
        self.layout = Layout(self.masked)
        self._sentences = _sentences(self.masked, self.layout)
        self._orders: dict[int, bool] = {}
        self._lines: dict[tuple[int, int], Read] = {}  # by line and column
        self._rows: dict[tuple[int, int], NamesInRows] = {}  # by sentence
        self._read: dict[tuple[tuple[int, int], int, Rows], Read] = {}  # by sentence, line and rows

    def at(self, place: Found) -> Statement:
        """What the report says of the name at this place."""
        line = self.layout.at(place.start)
        window = self._window(place, line)
        if self._ordered(place, line):
            return Statement(None, Basis.ORDER, window)
        if trouble := self.names.trouble(place):
            return Statement(None, trouble, window)
        claim, basis = self._said(place, line)
        above = line.scope.text if line.scope and line.kind in (Kind.ROW, Kind.ENTRY) else ""
        quotation = self._quotation(place, line, above)
        return Statement(claim, basis, f"{above}\n{window}" if above and basis is Basis.LIST else window, quotation)

    def _said(self, place: Found, line: Line) -> Read:
        if line.kind not in (Kind.ROW, Kind.ENTRY):
            return self._sentence(place, line)
        if line.end - line.start > LONGEST_LINE:
            return None, Basis.LONG
        key = (line.start, self._column(place, line))
        if key not in self._lines:
            self._lines[key] = self._listed(line, key[1])
        claim, basis = self._lines[key]
        return self._sentence(place, line) if basis is Basis.NONE else (claim, basis)

    def _column(self, place: Found, line: Line) -> int:
        return self.masked.count("|", line.start, place.start) if line.kind is Kind.ROW else 0

    def _listed(self, line: Line, bars: int) -> Read:
        """What a row or an entry says; `bars`: how many stand before the name."""
        body = self.masked[line.start : line.end]
        if line.kind is Kind.ENTRY:
            return read_entry(body, line.scope)
        head = self.layout.lines[line.head]
        first = "" if head is line else self.masked[head.start : head.end]
        return read_row(body, first, bars - body.lstrip().startswith("|"), line.scope)

    # a sentence ---------------------------------------------------------------------------------------------------
    def _sentence(self, place: Found, line: Line) -> Read:
        """Read once for all names of a row ("a, b and c"): the sentence says the same of each of them."""
        bounds = self._bounds(place)
        if not self._is_short(*bounds):
            return None, Basis.LONG
        key = (bounds, line.start, self._rows_of(*bounds).of.get(place.value, frozenset()))
        if key not in self._read:
            self._read[key] = self._sentence_of(bounds, key[2], line)
        return self._read[key]

    def _rows_of(self, start: int, end: int) -> NamesInRows:
        if (start, end) not in self._rows:
            found: dict[str, set[int]] = {}
            rows, last = list[int](), start
            for name in self.names.between(start, end):
                rows.append(rows[-1] + (not joins(self.masked[last : name.start])) if rows else 0)
                last = name.end
                for value in name.values:
                    found.setdefault(value, set()).add(rows[-1])
            self._rows[start, end] = NamesInRows(rows, {value: frozenset(own) for value, own in found.items()})
        return self._rows[start, end]

    def _sentence_of(self, bounds: tuple[int, int], asked: Rows, line: Line) -> Read:
        start, end = bounds
        body = self._with_rows(asked, start, end)
        words = plain(body)
        if not 0 < len(words) <= _LONGEST:
            return None, Basis.LONG
        if _BLOCK_QUOTE.match(self.text, line.start) or is_quoted(plain(body, keep_quotes=True)):
            return None, Basis.QUOTED
        words = contrasted(words)
        claim, reason = self._claim(words, start, line), self._reason(words, line, end)
        if claim in ("safe", "both") and reason is Basis.NEGATION:
            return "safe", Basis.SENTENCE  # "is not malicious" is both a denial and a clearance
        if claim == "both" and reason is None:
            return None, Basis.CONFLICT
        return (
            (claim, Basis.SENTENCE) if claim in ("safe", "unsafe") and reason is None else (None, reason or Basis.NONE)
        )

    def _claim(self, words: str, start: int, line: Line) -> Claim | Literal["both"] | None:
        """What the sentence claims by itself, or, where its subject stands before it, together with that."""
        known = lexicon()
        claim = known.sentence.claim(words)
        if claim is not None or known.continues.search(words) is None:
            return claim
        above = line.heading.text if line.heading else ""
        before = "\n".join((self.masked[: min(_BEFORE, start)], above, self.masked[max(0, start - _BEFORE) : start]))
        before = before.lower()
        return "unsafe" if known.topic.search(before) and not known.sentence.safe.search(before) else None

    def _reason(self, words: str, line: Line, end: int) -> Basis | None:
        """Why the sentence says nothing of X, whatever words it has."""
        known = lexicon()
        if known.here.search(words):
            return Basis.ORDER
        if self._is_told(words, line):
            return Basis.QUOTED
        if reason := known.sentence.reason(words) or _local(words):
            return reason
        if known.retracts.search(plain(self._next(end))):
            return Basis.PAST
        above = line.heading.reason if line.heading else None
        return above if above in _OVER and known.sentence.claim(words) else None

    def _is_told(self, words: str, line: Line) -> bool:
        """Whether the claim follows a colon behind words that are no part of it: somebody else's, or an order. A title
        in bold or of some length may stand before a sentence, not before a bare verdict."""
        known, colon = lexicon(), _INTRODUCED.match(words)
        if colon is None or known.opens(colon[1]):
            return False
        found = known.sentence.unsafe.search(words) or known.sentence.safe.search(words)
        if found is None or found.start() < colon.end() - 1:
            return False
        titled = _TITLE.match(self.text, line.start) is not None or len(re.findall(r"[^\W_]+", colon[1])) > 2
        return found[0].startswith(X) or not titled

    def _is_short(self, start: int, end: int) -> bool:
        names = self.names.between(start, end)
        if len(names) > _MOST_NAMES or end - start - sum(one.end - one.start for one in names) > 2 * _LONGEST:
            return False
        return len(set(self._rows_of(start, end).of.values())) <= _MOST_READINGS

    def _with_rows(self, asked: Rows, start: int, end: int) -> str:
        """The masked sentence, with X for every name in the rows that are asked about."""
        pieces, at = [], start
        for row, name in zip(self._rows_of(start, end).rows, self.names.between(start, end), strict=True):
            pieces += [self.masked[at : name.start], X if row in asked else N]
            at = name.end
        return "".join([*pieces, self.masked[at:end]])

    def _with_target(self, place: Found, start: int, end: int) -> str:
        """The masked sentence, with X for every place in it of the name that is asked about."""
        pieces, at = [], start
        for name in self.names.between(start, end):
            pieces += [self.masked[at : name.start], X if place.value in name.values else N]
            at = name.end
        return "".join([*pieces, self.masked[at:end]])

    def _bounds(self, place: Found) -> tuple[int, int]:
        n = bisect_right(self._sentences, place.start) - 1
        return self._sentences[n], self._sentences[n + 1]

    def _next(self, end: int) -> str:
        n = bisect_right(self._sentences, end)
        return self.masked[end : self._sentences[n]][:_AROUND] if n < len(self._sentences) else ""

    # what stands around -------------------------------------------------------------------------------------------
    def _ordered(self, place: Found, line: Line) -> bool:
        """Whether text near the line speaks to a machine. Read once for each line, however many names it has."""
        long = line.end - line.start > 2 * _AROUND
        key = place.start if long else line.start
        if key not in self._orders:
            first, last = (place.start, place.end) if long else (line.start, line.end)
            around = self.text[max(0, first - _AROUND) : last + _AROUND]
            masked = self.masked[max(0, first - _AROUND) : last + _AROUND]
            self._orders[key] = neutral(around) != around or lexicon().near.search(masked.lower()) is not None
        return self._orders[key]

    def _window(self, place: Found, line: Line) -> str:
        start, end = self._span(place, line)
        return self.text[start:end].strip()

    def _span(self, place: Found, line: Line) -> tuple[int, int]:
        start, end = (line.start, line.end) if line.kind in (Kind.ROW, Kind.ENTRY) else self._bounds(place)
        return max(start, place.start - _AROUND), min(end, place.end + _AROUND)

    def _quotation(self, place: Found, line: Line, above: str) -> str:
        """The words that a reader is asked about, names hidden, the heading of a list before its entry."""
        start, end = self._span(place, line)
        masked = self._with_target(place, start, min(end, len(self.masked)))
        hidden = re.sub(f"{X}+", " X ", re.sub(f"{N}+", " Y ", masked))
        said = re.sub(r" (?=[.,;:!?)\]。，；：！？、）])", "", re.sub(r"\s+", " ", hidden)).strip()
        return f"{above.strip('#*=_ ')}\n{said}" if above else said


def _local(words: str) -> Basis | None:
    """The doubt that stands in the clause of the claim, or anywhere when nothing listed is claimed."""
    known = lexicon()
    found = known.sentence.unsafe.search(words) or known.continues.search(words)
    span = found.span() if found else (0, len(words))
    return next((basis for basis, doubt in known.sentence.here_only.items() if reaches(doubt, words, span)), None)


def _sentences(masked: str, layout: Layout) -> list[int]:
    """Where sentences begin, and the end of the text. A wrapped line goes on in the next one."""
    begins = {0}
    before: Line | None = None
    for line in layout.lines:
        if before is None or not _is_wrapped(masked, before, line):
            begins.add(line.start)
        begins.update(line.start + found.end() for found in _END.finditer(masked[line.start : line.end]))
        before = line
    return [*sorted(begins), len(masked) + 1]


def _is_wrapped(masked: str, before: Line, line: Line) -> bool:
    if before.kind is not Kind.PROSE or line.kind not in (Kind.PROSE, Kind.ENTRY):
        return False
    body, after = masked[before.start : before.end], masked[line.start : line.end]
    if _TERMINAL.search(body) or BULLET.match(after) or _NUMBERED.match(after):
        return False
    return len(body) >= (_WRAP_HAN if re.search(r"[\u3400-\u9fff]", body) else _WRAP)
