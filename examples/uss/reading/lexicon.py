"""The words by which reports accuse, clear and mention, compiled from `en.yaml` and `zh.yaml`. Knows no report.

A pattern is a regular expression over text that `phrase.py` made plain: lower case, single blanks, the name that is
asked about as X, other names as N. `<word>` stands for an entry of `words`, `~3` for up to three words. Loops are made
possessive and all counts are bounded, so that a search takes time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path
from typing import Literal

import yaml

from .basis import Basis

Claim = Literal["safe", "unsafe"]
X, N = "\ue000", "\ue001"  # private characters: a text's own are blanked before they could be taken for these
_LANGUAGES = ("en", "zh")
_WORD = re.compile(r"<(\w+)>")
_FILLER = re.compile(r"~(\d)")
_WORDS = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_REASONS = frozenset(Basis)
_TICKET = re.compile(r"[a-z]{1,6}-?\d{2,}|(?:工单|事件|案件|告警)\d+")
_NUMBER = re.compile(r"[\d.,:/-]*\d[\d.,:/-]*[a-z]?")


@dataclass(frozen=True)
class Section:
    """One family of patterns, for a place in a report: sentence, heading or role (label, remark, cell)."""

    unsafe: re.Pattern[str]
    safe: re.Pattern[str]
    unclear: Mapping[Basis, re.Pattern[str]]
    here_only: Mapping[Basis, re.Pattern[str]]  # doubts that reach the clause that they stand in

    def reason(self, text: str) -> Basis | None:
        """The first reason that makes `text` say nothing, in the order of the file."""
        return next((basis for basis, pattern in self.unclear.items() if pattern.search(text)), None)

    def claim(self, text: str) -> Claim | Literal["both"] | None:
        unsafe, safe = self.unsafe.search(text) is not None, self.safe.search(text) is not None
        return "both" if unsafe and safe else "unsafe" if unsafe else "safe" if safe else None


@dataclass(frozen=True)
class Lexicon:
    sentence: Section
    heading: Section
    role: Section
    continues: re.Pattern[str]  # accuses where the text before speaks of malware
    topic: re.Pattern[str]
    retracts: re.Pattern[str]
    near: re.Pattern[str]
    here: re.Pattern[str]
    neutral: frozenset[str]
    openers: frozenset[str]

    def opens(self, text: str) -> bool:
        """Whether a report's own words may follow this and a colon: `Summary`, `3. Findings`."""
        words = _WORDS.findall(text)
        return all(word in self.openers or _NUMBER.fullmatch(word) or _TICKET.fullmatch(word) for word in words)

    def is_neutral(self, text: str) -> bool:
        """Whether a heading, a label or a remark says nothing of its own: `domains`, `port 443 - HTTPS traffic`."""
        return all(word in self.neutral or _NUMBER.fullmatch(word) for word in _WORDS.findall(text))


@cache
def lexicon() -> Lexicon:
    files = [_File(language) for language in _LANGUAGES]
    return Lexicon(
        _section(files, "unclear", "accuses", "clears"),
        _section(files, "headings"),
        _section(files, "roles"),
        _joined(files, ("continues",)),
        _joined(files, ("topic",)),
        _joined(files, ("retracts",)),
        _joined(files, ("orders", "near")),
        _joined(files, ("orders", "here")),
        _words(files, "neutral"),
        _words(files, "openers"),
    )


def _words(files: Sequence[_File], key: str) -> frozenset[str]:
    return frozenset(word for file in files for line in _at(file, (key,)) for word in line.split())


class _File:
    """One language: its words expanded, its patterns as lines."""

    def __init__(self, language: str) -> None:
        text = Path(__file__).with_name(f"{language}.yaml").read_text("utf-8")
        self.row = yaml.safe_load(text)
        self.words = {name: re.sub(r"(?<!\s)\s*\|\s*", "|", text) for name, text in self.row["words"].items()}
        self.boundary = r"(?<![\w-])" if language == "en" else ""

    def pattern(self, line: str) -> str:
        while found := _WORD.search(line):
            line = line[: found.start()] + self.words[found[1]] + line[found.end() :]
        line = _FILLER.sub(rf"(?:[^\\s{X}{N}]{{1,40}} ){{0,\1}}", line.replace(")*", ")*+"))
        line = re.sub(r"(?<!\\)X", X, re.sub(r"(?<!\\)N", N, line))
        return f"{self.boundary}(?:{line})" if line[0].isalnum() or line.startswith("(?:") else f"(?:{line})"


def _at(file: _File, keys: Sequence[str]) -> list[str]:
    """The lines under `keys`, without blank ones and remarks; none when the language has no such key."""
    row = file.row
    for key in keys:
        row = row.get(key, {})
    text = row if isinstance(row, str) else ""
    return [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("# ")]


def _joined(files: Sequence[_File], keys: Sequence[str], *more: Sequence[str]) -> re.Pattern[str]:
    lines = [file.pattern(line) for file in files for path in (keys, *more) for line in _at(file, path)]
    return re.compile("|".join(lines) or r"(?!)")


def _section(files: Sequence[_File], name: str, unsafe: str = "", safe: str = "") -> Section:
    return Section(
        _joined(files, (unsafe,) if unsafe else (name, "unsafe")),
        _joined(files, (safe,) if safe else (name, "safe")),
        _reasons(files, (name,)),
        _reasons(files, (name, "here_only")),
    )


def _reasons(files: Sequence[_File], keys: Sequence[str]) -> dict[Basis, re.Pattern[str]]:
    """Each reason under `keys` with its pattern, in the order of the files."""
    rows = [reduce(lambda row, key: row.get(key, {}), keys, file.row) for file in files]
    names = dict.fromkeys(key for row in rows for key in row if key in _REASONS)
    return {Basis(key): _joined(files, (*keys, key)) for key in names}
