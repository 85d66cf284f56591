"""`steady check --fix`: the repairs of a file as a unified diff, and the repaired file. Knows JSON and JSONL files.

Only what is repaired changes: line ends, spelling of numbers, escapes, blanks and the order of keys stay, inside of a
repaired row too. What comes out is read again before anything is replaced: as many rows, each what the repair made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.check.null_arguments import nulls_of
from steadyhand.check.repairs import Nulls, repairs
from steadyhand.datasets.convert import read_dialogues
from steadyhand.datasets.dataset_info import Columns
from steadyhand.datasets.labels import labels_of
from steadyhand.datasets.raw import Raw
from steadyhand.datasets.raw_rows import raw_rows
from steadyhand.datasets.row_spans import row_starts
from steadyhand.errors import JobError
from steadyhand.files import open_file, read_bytes
from steadyhand.source.json_edit import edited

FIXABLE = (".json", ".jsonl", ".ndjson")
CONTEXT = 3  # unchanged lines around a change


@dataclass
class Fixed:
    """What would be repaired in one file: `repairs` counts rows by rule, `rows` counts each changed row once."""

    path: Path
    before: str
    after: str
    rows: int = 0
    repairs: Counter[str] = field(default_factory=Counter)


def fix_file(path: Path, codes: frozenset[str], columns: Columns | None = None) -> Fixed | None:
    """The repairs of `path` for `codes`; `columns` says how its columns are called where they are called otherwise.
    None for a file of another kind (tables and archives are never rewritten).

    Raises DomainError when the file cannot be read, JobError when the repaired text would not read as it should.
    """
    if path.suffix.lower() not in FIXABLE or not path.is_file():
        return None
    rows, nulls = list(raw_rows(path)), _nulls(path, columns) if "S112" in codes else {}
    before = read_bytes(path).decode("utf-8", "surrogateescape")  # bytes that are not UTF-8 come out as they went in
    fixed = Fixed(path, before, before)
    parts, made, at = list[str](), list[Json](), 0
    for raw, start in zip(rows, row_starts(rows, before), strict=True):
        text, value = _repaired(raw, codes, nulls.get(raw.number, ()), columns, fixed)
        made.append(value)
        if text != raw.text:
            parts += [before[at:start], text]
            at = start + len(raw.text)
    fixed.after = "".join([*parts, before[at:]])
    if parts:
        _prove(fixed, made)
    return fixed


def _nulls(path: Path, columns: Columns | None) -> dict[int, Nulls]:
    """By row: its calls with arguments that are null without a meaning. The rows are read once more, as what they mean,
    because schemas and calls have many forms."""
    with open_file(path) as file:
        if not any(b"null" in block for block in iter(lambda: file.read(1 << 20) + file.readline(), b"")):
            return {}
    read = read_dialogues(path, preferences=True, columns=columns)
    nulls: dict[int, Nulls] = {row.number: nulls_of(row.messages, row.tools) for row in read.rows}
    for row in read.preferences:
        messages = [*row.prompt, *filter(None, (row.chosen, row.rejected))]
        nulls[row.number] = [*nulls.get(row.number, ()), *nulls_of(messages, row.tools)]
    return nulls


def _repaired(raw: Raw, codes: frozenset[str], nulls: Nulls, columns: Columns | None, fixed: Fixed) -> tuple[str, Json]:
    """The row's text and value with all repairs that it does not excuse."""
    text, value = raw.text, raw.value
    excused_codes = {code for code in codes if code.startswith(labels_of(value).noqa)}
    steps = [] if raw.error else list(repairs(value, codes - excused_codes, nulls, columns))
    for code, better in steps:
        text, value = edited(text, value, better), better
        fixed.repairs[code] += 1
    fixed.rows += bool(steps)
    return text, value


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
