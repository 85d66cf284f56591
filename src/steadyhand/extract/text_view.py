"""A text that is being searched: the text, the view of it, and what its lists of hosts vouch for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Literal, NamedTuple

from steadyhand.extract.addresses import is_ipv4
from steadyhand.extract.defang import DOT, LABEL, MARK, view_of
from steadyhand.extract.tlds import DOUBTFUL, top_level_domains

Kind = Literal["domain", "ip", "uri"]
KINDS: tuple[Kind, ...] = ("domain", "ip", "uri")

_LONE = re.compile(
    rf"^[^\w\n]*+(?:\d{{1,4}}[.)][ \t]++)?+((?:{LABEL}{DOT})++{LABEL})[^\s|\"'`,;]*+[^\w\n]*+$", re.MULTILINE
)
_NEAR = 8  # lines of a list that a plain host vouches for, above and below itself
_GAP = 2  # the line break between two lines of a list, or two when a blank line stands between


class Found(NamedTuple):
    """One entity where it stands: `text[start:end] == seen`; `value` is `seen` as it works on the wire."""

    kind: Kind
    value: str
    seen: str
    start: int
    end: int


class Page:
    """A text and the view of it (fangs.py): the same places in both."""

    def __init__(self, text: str) -> None:
        self.text, self.view = text, view_of(text)

    def found(self, kind: Kind, value: str, start: int, end: int) -> Found:
        return Found(kind, value, self.text[start:end], start, end)

    @cached_property
    def listed(self) -> frozenset[int]:
        """Where names begin that are alone on their lines with a plain host at most a few lines away."""
        lines = list(_LONE.finditer(self.view))
        return frozenset(_vouched(lines, 1)) | frozenset(_vouched(list(reversed(lines)), -1))


def _vouched(lines: list[re.Match[str]], step: int) -> Iterable[int]:
    """Beginnings of the names that come soon after a plain host when one reads in this direction."""
    left, last = 0, None
    for line in lines:
        if last is None or abs(line.start() - last.end() if step > 0 else last.start() - line.end()) > _GAP:
            left = 0
        left = _NEAR if is_plain_host(line[1]) else left - 1
        if left > 0:
            yield line.start(1)
        last = line


def is_plain_host(seen: str) -> bool:
    """A host beyond doubt: an address, a defanged name, or one whose end is neither an extension nor a word."""
    if MARK in seen or is_ipv4(seen):
        return True
    last = seen.rpartition(".")[2]
    return last in top_level_domains() and last not in DOUBTFUL
