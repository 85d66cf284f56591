"""`steady check --fix`: the repairs of a file as a unified diff, and the repaired file. Knows JSON and JSONL files.

A repaired row is written as its file writes rows; all other bytes stay. What comes out is read again before anything
is replaced: as many rows, each what the repair made.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.check.repairs import repaired
from steadyhand.datasets.labels import labels_of
from steadyhand.datasets.raw_rows import Raw, raw_rows
from steadyhand.errors import JobError

FIXABLE = (".json", ".jsonl", ".ndjson")
CONTEXT = 3  # unchanged lines around a change


@dataclass(frozen=True)
class Edit:
    """From character `start` on, `old` becomes `new`."""

    start: int
    old: str
    new: str


@dataclass
class Fixed:
    """What would be repaired in one file: `repairs` counts rows by rule, `rows` counts each changed row once."""

    path: Path
    before: str
    after: str
    rows: int = 0
    repairs: Counter[str] = field(default_factory=Counter)


def fix_file(path: Path, codes: frozenset[str]) -> Fixed | None:
    """The repairs of `path` for `codes`; None for a file of another kind (tables and archives are never rewritten).

    Raises DomainError when the file cannot be read, JobError when the repaired text would not read as it should.
    """
    if path.suffix.lower() not in FIXABLE or not path.is_file():
        return None
    rows = list(raw_rows(path))
    before = path.read_bytes().decode("utf-8", "surrogateescape")  # bytes that are not UTF-8 come out as they went in
    fixed = Fixed(path, before, before)
    edits, made = _edits(rows, before, codes, fixed)
    fixed.after = _applied(before, edits)
    if edits:
        _prove(fixed, made)
    return fixed


def _edits(rows: list[Raw], text: str, codes: frozenset[str], fixed: Fixed) -> tuple[list[Edit], list[Json]]:
    """(what changes, every row as it will be read)."""
    edits, made, at = [], [], 0
    for raw in rows:
        excused = labels_of(raw.value).noqa
        row, changed = repaired(raw.value, frozenset(code for code in codes if not code.startswith(excused)))
        if raw.error or not changed:
            made.append(raw.value)
            continue
        start = text.index(raw.text, at)
        at = start + len(raw.text)
        edits.append(Edit(start, raw.text, written(row, raw)))
        made.append(row)
        fixed.repairs.update(changed)
        fixed.rows += 1
    return edits, made


def written(row: Json, like: Raw) -> str:
    """The row in the style in which `like` was written, else on one line."""
    for indent in (None, 0, 1, 2, 3, 4, 8, "\t"):
        for ascii in (False, True):
            for separators in ((", ", ": "), (",", ":"), (",", ": ")):
                if _dumped(like.value, indent, ascii, separators) == like.text.rstrip("\r"):
                    return _dumped(row, indent, ascii, separators) + "\r" * like.text.endswith("\r")
        if "\n" not in like.text:
            break  # rows on one line have no indentation to find
    return json.dumps(row, ensure_ascii=False)


def _dumped(value: Json, indent: int | str | None, ascii: bool, separators: tuple[str, str]) -> str:
    """As an entry of an array that is written with `indent`."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii, separators=separators)
    return text if indent is None else text.replace("\n", "\n" + (indent if isinstance(indent, str) else " " * indent))


def _applied(text: str, edits: list[Edit]) -> str:
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.start], edit.new]
        at = edit.start + len(edit.old)
    return "".join([*parts, text[at:]])


def _prove(fixed: Fixed, made: list[Json]) -> None:
    partial = _beside(fixed)
    try:
        again = [raw.value for raw in raw_rows(partial)]
    finally:
        partial.unlink()
    if again != made:
        next = "nothing was written; repair the rows by hand and report this"
        raise JobError("the repaired file would not read as intended", where=str(fixed.path), next=next)


def _beside(fixed: Fixed) -> Path:
    """The repaired text in a file of the same kind beside the original."""
    partial = fixed.path.with_name(f".{fixed.path.stem}.partial{fixed.path.suffix}")
    try:
        partial.write_bytes(fixed.after.encode("utf-8", "surrogateescape"))
    except OSError as error:
        next = "check space and rights"
        raise JobError(f"cannot be written: {error.strerror}", where=str(partial), next=next) from None
    return partial


def write_fixed(fixed: Fixed) -> None:
    """Put the repaired text in the file's place, whole or not at all; its rights stay. Raises JobError."""
    partial = _beside(fixed)
    try:
        partial.chmod(fixed.path.stat().st_mode)
        partial.replace(fixed.path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise JobError(f"cannot be written: {error.strerror}", where=str(fixed.path), next="check rights") from None


def diff(fixed: Fixed) -> Iterator[str]:
    """The lines of a unified diff (`patch -p1` applies it); none where nothing changes."""
    import difflib

    old, new = _lines(fixed.before), _lines(fixed.after)
    name = fixed.path.as_posix().lstrip("/")
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", n=CONTEXT) if old != new else ():
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """With their ends. Only LF ends a line: JSON text may hold U+2028 and its like."""
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last else [])
