"""What a line of a list or a row of a table says of the names in it: its label, its remarks, its cells, its heading.

Reads one line with names masked; knows nothing of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from .basis import Basis
from .layout import BULLET, Scope
from .lexicon import Claim, N, X, lexicon
from .phrase import plain

LONGEST_LINE = 20_000  # characters of a row or an entry; of a longer one nothing is read
_MOST_CELLS = 100  # in a row; of a wider one nothing is read
_LONGEST_ROLE = 300
_REMARK_WORDS = 12
_NAMES = re.compile(f"{N}+")
_WORDS = re.compile(r"[\u3400-\u9fff]{1,2}|[^\W_]+")
_UNKNOWN = "unknown"

Said = Claim | Basis | str | None
Read = tuple[Claim | None, Basis]


def read_entry(body: str, scope: Scope | None) -> Read:
    """What a line of a list says of all of its names."""
    bullet = BULLET.match(body)
    names = list(_NAMES.finditer(body))
    before = plain(body[bullet.end() if bullet else 0 : names[0].start()])
    behind = plain(body[names[-1].end() :])
    if behind.startswith("="):  # an assignment: code, or a verdict that somebody wishes for
        return None, Basis.NONE
    said = [_role(before), _role(behind)]
    open_ended = said[0] == _UNKNOWN or _count(behind) > _REMARK_WORDS
    return _settled(said, Basis.LABEL, scope, open_ended=open_ended)


def read_row(body: str, head: str, column: int, scope: Scope | None) -> Read:
    """What a row says of the name in its cell number `column`; `head` is the table's first row, "" for none."""
    texts, alone = _texts(body)
    if len(texts) > _MOST_CELLS:
        return None, Basis.LONG
    first = next(n for n, text in enumerate(texts) if N in text)
    right = next((n for n in range(column + 1, len(texts)) if alone[n]), len(texts))
    beside = [text for n, text in enumerate(texts) if text and (n < first or column < n < right)]
    own = _role(texts[column])
    said = [*map(_role, beside), own, _header(head, column)]
    open_ended = own == _UNKNOWN or any(_count(text) > _REMARK_WORDS for text in beside)
    return _settled(said, Basis.TABLE, scope, open_ended=open_ended)


@lru_cache(maxsize=1)
def _texts(body: str) -> tuple[list[str], list[bool]]:
    """The cells of a row, and for each whether a name stands alone in it. Each of its names asks for them."""
    texts = [plain(body[a:b]) for a, b in cells(body)[: _MOST_CELLS + 1]]
    return texts, [N in text and lexicon().is_neutral(text.replace(N, " ")) for text in texts]


def cells(body: str) -> list[tuple[int, int]]:
    """Where the cells of a row begin and end."""
    bars = [found.start() for found in re.finditer(r"\|", body)]
    edges = [*([] if body[: bars[0]].strip() == "" else [-1]), *bars]
    edges += [] if body[bars[-1] + 1 :].strip() == "" else [len(body)]
    return [(a + 1, b) for a, b in pairwise(edges)]


def _header(head: str, column: int) -> Said:
    """What the heading of a column says; a first row with names in it has none."""
    found = cells(head) if "|" in head and N not in head else []
    text = plain(head[slice(*found[column])]) if column < len(found) else ""
    reason, claim = lexicon().heading.reason(text), lexicon().heading.claim(text)
    return reason or (claim if claim != "both" else Basis.CONFLICT)


def _settled(said: Sequence[Said], basis: Basis, scope: Scope | None, *, open_ended: bool) -> Read:
    """A reason goes first, then what label, remark or cell say, then the heading."""
    if reason := next((one for one in said if isinstance(one, Basis)), None):
        return None, reason
    claims = {one for one in said if one in ("safe", "unsafe")}
    if len(claims) > 1:
        return None, Basis.CONFLICT
    if claims:
        return ("unsafe" if "unsafe" in claims else "safe"), basis
    if open_ended or scope is None:
        return None, Basis.NONE
    return (scope.claim, Basis.LIST) if scope.claim else (None, scope.reason or Basis.NONE)


@lru_cache(maxsize=1000)
def _role(text: str) -> Said:
    """What a label, a remark or a cell says: a claim, a reason, "unknown", or None for nothing."""
    bare = text.replace(X, " ").replace(N, " ").strip(" :：=-–—>()（）[]{}*_`|,;，；、.\"'")
    known = lexicon()
    if not bare or known.is_neutral(bare):
        return None
    if len(bare) > _LONGEST_ROLE:
        return _UNKNOWN
    claim = known.role.claim(bare)
    reason = Basis.ORDER if known.here.search(bare) else known.role.reason(bare)
    if reason and not (claim == "unsafe" and reason is Basis.MAIL):
        return reason
    # `hosts the exploit kit` is said of the name; a cell with the name among words is read as a sentence
    if claim is None and X not in text and N not in text:
        claim = known.sentence.claim(f"{X} {bare}")
    return _UNKNOWN if claim is None else Basis.CONFLICT if claim == "both" else claim


def _count(text: str) -> int:
    return len(_WORDS.findall(text))
