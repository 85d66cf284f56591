"""One bad case as plain data, with an id and a version that follow from its content. Knows no rule and no file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Literal

from steadyhand.chat.messages import Json
from steadyhand.ledger.keys import canonical_json

Source = Literal["evaluation", "gate", "verdict", "blocked", "refusal", "log"]
SOURCES: tuple[Source, ...] = ("evaluation", "gate", "verdict", "blocked", "refusal", "log")


@dataclass(frozen=True)
class BadCase:
    """What went wrong once. `subject` is what it happened to: a decision ("<scenario>#<index>"), a probe, a metric, the
    digest of a proposal. `got` is what came back, raw. `where` is the place within it: an argument ("query.uri"), a
    check, a dialogue. `also` are further signs, each a category. `first`: the first wrong step of its scenario.

    `id` is equal for the same wrong answer to the same question in any run; `version` changes with anything that a
    person sees of the case, so that a decision says what it was made on.
    """

    source: Source
    subject: str
    category: str
    got: str = ""
    where: str = ""
    also: tuple[str, ...] = ()
    suite: str = ""
    scenario: str = ""
    first: bool = False
    code: str = ""
    tool: str = ""
    input_class: str = ""
    lang: str = ""
    question: str = ""
    user: str = ""
    expected: str = ""
    gold: str = ""
    detail: str = ""
    asked: str = ""  # hash of the state: messages and tools

    @cached_property
    def id(self) -> str:
        subject = "" if self.source == "log" else self.subject  # the same answer in the same state, whoever asked
        told = [self.source, self.suite, subject, self.asked, self.question, self.expected, self.got]
        return f"c-{digest(told)[:12]}"

    @cached_property
    def version(self) -> str:
        return digest(asdict(self))[:12]

    @cached_property
    def group(self) -> str:
        """Cases of one group went wrong in the same way at the same place, so one decision fits them all."""
        return f"g-{digest([self.category, self.source, self.tool, self.where])[:8]}"

    def to_json(self) -> dict[str, Json]:
        row = {**asdict(self), "also": list(self.also)}
        return {"id": self.id, "version": self.version, "group": self.group, **row}

    @classmethod
    def from_json(cls, row: dict[str, Json]) -> BadCase:
        """Inverse of `to_json`; what follows from the content is made anew. Raises KeyError or TypeError."""
        names = {one.name for one in fields(cls)}
        return cls(**{key: value for key, value in row.items() if key in names} | {"also": tuple(row["also"])})


@dataclass(frozen=True)
class CaseGroup:
    """Cases that one decision covers, each id once, in order of appearance."""

    id: str
    category: str
    tool: str
    where: str
    cases: tuple[BadCase, ...]


def grouped(cases: Iterable[BadCase]) -> list[CaseGroup]:
    """The largest group first; equal ones in order of appearance."""
    found: dict[str, dict[str, BadCase]] = {}
    for case in cases:
        found.setdefault(case.group, {}).setdefault(case.id, case)
    made = [_group(id, list(members.values())) for id, members in found.items()]
    return sorted(made, key=lambda group: -len(group.cases))


def _group(id: str, cases: list[BadCase]) -> CaseGroup:
    first = cases[0]
    return CaseGroup(id, first.category, first.tool, first.where, tuple(cases))


def digest(value: Json) -> str:
    """sha256 (hex) of the canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()
