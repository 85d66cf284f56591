"""How the names that writes are about are found in a text: by code alone, whatever a model says. And which are barred.

Two ways: `hosts` takes domains, addresses and URIs, also defanged (`steadyhand.extract`); `pattern` takes words that
match a pattern (order numbers, mail addresses). Knows texts; knows no service and no policy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import yaml
from pydantic import Field, model_validator

from steadyhand.agent import hosts
from steadyhand.errors import UsageError
from steadyhand.extract import Found, Kind, find_entities
from steadyhand.files import read_text
from steadyhand.text.coded import Coded
from steadyhand.text.patterns import Pattern, PatternError, python_pattern
from steadyhand.tools.rows import Closed

NEVER_TOUCH = "never_touch"
_ASCII = re.compile(r"[!-~]+")
_EDGES = ".,;:!?()[]{}<>\"'`*"
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


class Word(NamedTuple):
    """A word where it stands: `text[start:end] == seen == value`."""

    kind: str
    value: str
    seen: str
    start: int
    end: int


Occurrence = Found | Word


@dataclass(frozen=True)
class Entity:
    """What a write may be about, with all places where it stands."""

    kind: str
    value: str
    places: tuple[Occurrence, ...]


class HostCode(Coded):
    """Why no write is ever about a host, besides the never-touch lists."""

    RESERVED = "reserved", "It is no public address."
    BARE_SUFFIX = "bare_suffix", "Names below it belong to many owners."


class Extractor(Protocol):
    """`find` gives every entity of a text once, in the order in which it first stands there. `barred` says why no write
    may be about a value ("" when it may); `lists`: the policy's never-touch entries."""

    def find(self, text: str) -> list[Entity]: ...
    def barred(self, value: str, lists: Sequence[str]) -> str: ...
    def unfit(self, entry: str) -> str:
        """Why an entry of a never-touch list would match nothing; "" when it may match."""


class ExtractRow(Closed):
    """`by: hosts` finds `kinds`; `never_touch` is a file beside agent.yaml with hosts that no write may be about. `by:
    pattern` finds the words of a text that match all of `pattern` (Python's syntax)."""

    by: Literal["hosts", "pattern"] = "hosts"
    kinds: tuple[Kind, ...] = ("domain", "ip")
    pattern: str = Field(default="", max_length=500)
    never_touch: str = ""

    @model_validator(mode="after")
    def _whole(self) -> ExtractRow:
        if (self.by == "pattern") != bool(self.pattern):
            raise ValueError("`pattern` belongs to by: pattern, which needs one")
        if self.by == "pattern" and self.never_touch:
            raise ValueError("a file of hosts belongs to by: hosts; list words under policy.never_touch")
        if self.pattern:
            try:
                python_pattern(self.pattern)
            except PatternError as error:
                raise ValueError(f"{self.pattern!r} is no pattern: {error}") from None
        return self

    def extractor(self, folder: Path | None) -> Extractor:
        """Raises UsageError when the file of hosts is not there or is none."""
        if self.by == "pattern":
            return WordExtractor(python_pattern(self.pattern))
        return HostExtractor(self.kinds, _shared(folder, self.never_touch) if self.never_touch else hosts.Shared())


class HostExtractor:
    def __init__(self, kinds: Sequence[Kind] = ("domain", "ip"), shared: hosts.Shared | None = None) -> None:
        self._kinds, self._shared = tuple(kinds), shared or hosts.Shared()

    def find(self, text: str) -> list[Entity]:
        return entities_of(text, self._kinds)

    def barred(self, value: str, lists: Sequence[str]) -> str:
        host = hosts.host_of(value)
        if hosts.reserved(host):
            return HostCode.RESERVED.value
        if hosts.bare_suffix(host):
            return HostCode.BARE_SUFFIX.value
        return NEVER_TOUCH if self._shared.holds(host) or hosts.listed(host, lists) else ""

    def unfit(self, entry: str) -> str:
        plain = entry == entry.lower() and "*" not in entry and "://" not in entry
        return "" if plain else f"{entry!r}: write a host name in lower case, or a network such as 10.0.0.0/8"


class WordExtractor:
    """Words are runs of visible ASCII without the punctuation at their ends. One that touches a letter of another
    script (Chinese apart, which has no blanks) or an invisible character is a part of something else."""

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern

    def find(self, text: str) -> list[Entity]:
        return _together(self._words(text))

    def _words(self, text: str) -> Iterator[Word]:
        for match in _ASCII.finditer(text):
            bare = match[0].strip(_EDGES)
            start = match.start() + match[0].find(bare) if bare else 0
            if bare and _is_whole(text, match.start(), match.end()) and self._pattern.fullmatch(bare):
                yield Word("word", bare, bare, start, start + len(bare))

    def barred(self, value: str, lists: Sequence[str]) -> str:
        return NEVER_TOUCH if value in lists else ""

    def unfit(self, entry: str) -> str:
        return "" if self._pattern.fullmatch(entry) else f"{entry!r} is nothing that {self._pattern.source!r} finds"


def entities_of(text: str, kinds: Sequence[Kind]) -> list[Entity]:
    """The hosts of a text, each once, in the order in which it first stands there, with all its places."""
    return _together(find_entities(text, kinds))


def _together(found: Iterable[Occurrence]) -> list[Entity]:
    places: dict[tuple[str, str], list[Occurrence]] = {}
    for one in found:
        places.setdefault((one.kind, one.value), []).append(one)
    return [Entity(kind, value, tuple(at)) for (kind, value), at in places.items()]


def _is_whole(text: str, start: int, end: int) -> bool:
    around = text[max(0, start - 1) : start] + text[end : end + 1]
    return all(
        _HAN.match(sign) or not (sign.isalnum() or unicodedata.category(sign) in ("Cf", "Mn")) for sign in around
    )


def _shared(folder: Path | None, name: str) -> hosts.Shared:
    path = (folder or Path()) / name
    if not path.is_file():
        raise UsageError("the file of hosts that nothing may be written about is not there", where=str(path))
    try:
        row = yaml.safe_load(read_text(path))
        return hosts.Shared.of(row)
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        what = "not a file of hosts: it has names (a mapping of lists in a text), hosts and networks (texts)"
        raise UsageError(what, where=str(path), next="see examples/uss/never_touch.yaml") from error
