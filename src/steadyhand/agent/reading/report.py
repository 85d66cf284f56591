"""One report, read: what each place of a name says of it. Deterministic; can neither call nor write.

A name is accused only when its sentence fits a listed pattern as subject or object, when its label, row or remark says
so, or when it is an entry of a list whose heading does. Everything else is unclear, with the reason.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from steadyhand.agent.neutral import neutral
from steadyhand.agent.reading.basis import Basis
from steadyhand.agent.reading.layout import Kind, Layout, Line, Scope
from steadyhand.agent.reading.lexicon import Claim, N, Section, X, lexicon
from steadyhand.agent.reading.names import Names
from steadyhand.agent.reading.phrase import is_quoted, plain
from steadyhand.extract import Found

_END = re.compile(
    r"[。！？!?；]+[\"”』」]?|(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)(?<!\bNo)(?<!\bal)(?<!\bapprox)[.;](?=[\s\"”)]|$)"
)
_BLOCK_QUOTE = re.compile(r"[ \t]{0,8}>[ \t]?(?!\*\*)")  # `> **Note**` is a box, not a quotation
_INTRODUCED = re.compile(rf"([^:：{X}{N}]{{1,120}})[:：] ?")
_TITLE = re.compile(r"[ \t]{0,8}(?:[-*+•>]{1,3}[ \t]{1,4}|\d{1,3}[.)][ \t]{1,4})?(?:\*\*|__)[^*_\n]{1,120}(?:\*\*|__)")
_TERMINAL = re.compile(r"[.!?:;。！？：；][\s*_\"”')]*$")
_BULLET = re.compile(r"[ \t]*(?:[-*+•·▪●–—]{1,3}|\(?\d{1,3}[.)、])[ \t]{1,8}")
_LONGEST = 1000  # characters of a plain sentence that are read; a longer one is no evidence
_AROUND = 200  # characters on each side of a place in which an order makes a report no witness
_REMARK_WORDS = 9
_WRAP, _WRAP_HAN = 50, 25  # a line that is shorter was not wrapped
_WORDS = re.compile(r"[\u3400-\u9fff]{1,2}|[^\W_]+")


@dataclass(frozen=True)
class Statement:
    """`window`: the text that decided, as it stands in the report."""

    claim: Claim | None
    basis: Basis
    window: str


class Report:
    def __init__(self, text: str) -> None:
        self.names = Names(text)
        self.text, self.masked = self.names.text, self.names.masked
        self.layout = Layout(self.masked)
        self._sentences = _sentences(self.masked, self.layout)
        self._orders: dict[int, bool] = {}

    def at(self, place: Found) -> Statement:
        """What the report says of the name at this place."""
        line = self.layout.at(place.start)
        window = self._window(place, line)
        if self._ordered(place, line):
            return Statement(None, Basis.ORDER, window)
        if trouble := self.names.trouble(place):
            return Statement(None, trouble, window)
        claim, basis, said = self._said(place, line)
        return Statement(claim, basis, said or window)

    def _said(self, place: Found, line: Line) -> tuple[Claim | None, Basis, str]:
        name = self.names.at(place.start)
        assert name is not None  # trouble() saw it
        if line.kind is Kind.ROW:
            claim, basis = self._row(line, name.start, name.end)
        elif line.kind is Kind.ENTRY:
            claim, basis = self._entry(line, name.start, name.end)
        else:
            claim, basis = None, Basis.NONE
        if basis is Basis.NONE:
            claim, basis = self._sentence(place, line)
        above = line.scope.text if line.scope and basis is Basis.LIST else ""
        window = self._window(place, line)
        return claim, basis, f"{above}\n{window}" if above else ""

    # a line of a list ---------------------------------------------------------------------------------------------
    def _entry(self, line: Line, start: int, end: int) -> tuple[Claim | None, Basis]:
        body = self.masked[line.start : line.end]
        bullet = _BULLET.match(body)
        before = plain(self.masked[line.start + (bullet.end() if bullet else 0) : start])
        behind = plain(self.masked[end : line.end])
        said = [_role(part) for part in (before.replace(N, " "), behind.replace(N, " "))]
        if basis := _reason(said):
            return None, basis
        claims = {one for one in said if one in ("safe", "unsafe")} if not behind.startswith("=") else set()
        if len(claims) > 1:
            return None, Basis.CONFLICT
        if claims:
            return claims.pop(), Basis.LABEL  # type: ignore[return-value]
        if behind.startswith("=") or "unknown" in said[:1] or _count(behind) > _REMARK_WORDS:
            return None, Basis.NONE
        return _of_scope(line.scope)

    def _row(self, line: Line, start: int, end: int) -> tuple[Claim | None, Basis]:
        cells = _cells(self.masked, line.start, line.end)
        mine = next((n for n, (a, b) in enumerate(cells) if a <= start < b), -1)
        if mine < 0:
            return None, Basis.NONE
        texts = [plain(self.masked[a:b]) for a, b in cells]
        named = [N in text and lexicon().is_neutral(text.replace(N, " ")) for text in texts]
        first = next(n for n, text in enumerate(texts) if N in text)
        right = next((n for n in range(mine + 1, len(texts)) if named[n]), len(texts))
        beside = [texts[n].replace(N, " ") for n in range(len(texts)) if (n < first or mine < n < right) and texts[n]]
        own = texts[mine].replace(N, " ")
        said = [_role(text) for text in [*beside, own]]
        if (basis := _reason(said)) is None and (header := self._header(line, mine)):
            if basis := lexicon().heading.reason(header):
                return None, basis
            claim = lexicon().heading.claim(header)
            said += [claim] if claim in ("safe", "unsafe") else []
        if basis:
            return None, basis
        claims = {one for one in said if one in ("safe", "unsafe")}
        if len(claims) > 1:
            return None, Basis.CONFLICT
        if claims:
            return claims.pop(), Basis.TABLE  # type: ignore[return-value]
        if "unknown" in said[-1:] or any(_count(text) > _REMARK_WORDS for text in beside):
            return None, Basis.NONE
        return _of_scope(line.scope)

    def _header(self, line: Line, column: int) -> str:
        """The heading of a column: its cell in the table's first row, when that row holds no name."""
        head = self.layout.lines[line.head]
        if head is line or N in self.masked[head.start : head.end]:
            return ""
        cells = _cells(self.masked, head.start, head.end)
        return plain(self.masked[slice(*cells[column])]) if column < len(cells) else ""

    # a sentence ---------------------------------------------------------------------------------------------------
    def _sentence(self, place: Found, line: Line) -> tuple[Claim | None, Basis]:
        start, end = self._bounds(place)
        body = self._with_target(place, start, end)
        if len(body) > 8 * _LONGEST:
            return None, Basis.LONG
        quoted, words = plain(body, keep_quotes=True), plain(body)
        if len(words) > _LONGEST:
            return None, Basis.LONG
        known = lexicon()
        if _BLOCK_QUOTE.match(self.text, line.start) or is_quoted(quoted):
            return None, Basis.QUOTED
        if known.here.search(words):
            return None, Basis.ORDER
        claim = known.sentence.claim(words)
        if claim and self._is_told(words, line):
            return None, Basis.QUOTED
        reason = known.sentence.reason(words)
        if claim in ("safe", "both") and reason is Basis.NEGATION and known.sentence.safe.search(words):
            return "safe", Basis.SENTENCE
        if reason is not None:
            return None, reason
        if claim == "both":
            return None, Basis.CONFLICT
        if claim is None:
            return None, Basis.NONE
        if known.retracts.search(plain(self._next(end))):
            return None, Basis.PAST
        if line.heading and line.heading.reason and line.heading.reason is not Basis.CONFLICT:
            return None, line.heading.reason
        return claim, Basis.SENTENCE

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
        if line.kind in (Kind.ROW, Kind.ENTRY):
            start, end = line.start, line.end
        else:
            start, end = self._bounds(place)
        start, end = max(start, place.start - _AROUND), min(end, place.end + _AROUND)
        return self.text[start:end].strip()


Said = Claim | Basis | str | None


def _role(text: str) -> Said:
    """What a label, a remark or a cell says: a claim, a reason, "unknown", or None for nothing."""
    bare = text.replace(X, " ").strip(" :：=-–—>()（）[]{}*_`|,;，；、.\"'")
    known: Section = lexicon().role
    if not bare or lexicon().is_neutral(bare):
        return None
    if lexicon().here.search(bare):
        return Basis.ORDER
    claim = known.claim(bare)
    if reason := known.reason(bare):
        return reason if claim != "unsafe" or reason not in (Basis.MAIL,) else claim
    if claim is None:  # `hosts the exploit kit` is said of the name
        claim = lexicon().sentence.claim(f"{X} {bare}")
    return "unknown" if claim is None else Basis.CONFLICT if claim == "both" else claim


def _reason(said: list[Said]) -> Basis | None:
    return next((one for one in said if isinstance(one, Basis)), None)


def _of_scope(scope: Scope | None) -> tuple[Claim | None, Basis]:
    if scope is None:
        return None, Basis.NONE
    return (scope.claim, Basis.LIST) if scope.claim else (None, scope.reason or Basis.NONE)


def _count(text: str) -> int:
    return len(_WORDS.findall(text))


def _cells(masked: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where the cells of a row begin and end."""
    bars = [n for n in range(start, end) if masked[n] == "|"]
    edges = [*([] if masked[start : bars[0]].strip() == "" else [start - 1]), *bars]
    edges += [] if masked[bars[-1] + 1 : end].strip() == "" else [end]
    return [(a + 1, b) for a, b in zip(edges, edges[1:], strict=False)]


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
    if _TERMINAL.search(body) or _BULLET.match(after):
        return False
    return len(body) >= (_WRAP_HAN if re.search(r"[\u3400-\u9fff]", body) else _WRAP)
