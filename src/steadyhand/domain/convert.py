"""Reads data sets that people have (OpenAI messages, ShareGPT, Alpaca; JSON or JSONL) into dialogues.

Every input row becomes a dialogue or a reject with its number and a reason; nothing is dropped silently, and keys that
are not read are counted. Knows nothing of domain folders: `assemble` makes one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.domain.formats import USED_KEYS, Format, format_of, to_openai_row
from steadyhand.domain.jsonfile import JsonSource, decode_json
from steadyhand.domain.labels import UNLABELLED, Labels, labels_of
from steadyhand.domain.load import read_text
from steadyhand.domain.openai import read_openai_row
from steadyhand.domain.positions import Cursor, unsound
from steadyhand.domain.preference import is_preference, preference_rows
from steadyhand.errors import DomainError, Place, UsageError


@dataclass(frozen=True)
class Dialogue:
    """Row `number` (from 1, counting every row of the file) as messages that end with the assistant's."""

    number: int
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    place: Place
    text: str = ""  # the row as it stands in the file
    labels: Labels = UNLABELLED


@dataclass(frozen=True)
class Preference:
    """Row `number` as a judgement: after `prompt`, `chosen` is better than `rejected`. An unpaired judgement (KTO)
    has only one of the two."""

    number: int
    prompt: tuple[Message, ...]
    tools: tuple[Tool, ...]
    chosen: Message | None
    rejected: Message | None
    place: Place
    text: str = ""
    labels: Labels = UNLABELLED


@dataclass(frozen=True)
class Reject:
    """A row that could not be used, and why."""

    number: int
    reason: str
    place: Place


@dataclass
class Imported:
    """`total` rows were read: len(rows) + len(preferences) + len(rejects) == total. `ignored`: key -> rows that had
    it, unread."""

    source: str
    rows: list[Dialogue] = field(default_factory=list)
    preferences: list[Preference] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return len(self.rows) + len(self.preferences) + len(self.rejects)


@dataclass(frozen=True)
class _Raw:
    """One row as it stands in the file, or the error of a row that is not even JSON."""

    number: int
    place: Place
    value: Json = None
    error: str = ""
    text: str = ""


def read_dialogues(path: str | Path, form: Format | None = None, *, preferences: bool = False) -> Imported:
    """The rows of `path`; each row's format is recognised by its keys unless `form` is given. Rows that judge answers
    are rejected unless `preferences` asks for them.

    Raises DomainError when the file cannot be read, is empty, or is one JSON array that is broken in the middle.
    """
    path = Path(path)
    if path.suffix.lower() in (".csv", ".tsv", ".parquet", ".xlsx", ".yaml", ".yml"):
        raise UsageError(f"{path.suffix} is not read", where=str(path), next="convert it to JSONL: one object a line")
    imported = Imported(str(path))
    for raw in _raw_rows(read_text(path), str(path), one_value=path.suffix.lower() == ".json"):
        try:
            if raw.error:
                raise ValueError(raw.error)
            if preferences and is_preference(raw.value):
                imported.preferences.append(_preference(raw, imported))
            else:
                imported.rows.append(_dialogue(raw, form, imported))
        except ValueError as error:
            imported.rejects.append(Reject(raw.number, str(error), raw.place))
        except DomainError as error:
            imported.rejects.append(Reject(raw.number, error.what, raw.place))
    if not imported.total:
        raise DomainError("the file holds no rows", where=str(path), next="give a file with at least one row")
    return imported


def read_openai(path: str | Path) -> Imported:
    """Rows with `messages` (and `tools`)."""
    return read_dialogues(path, "openai")


def read_sharegpt(path: str | Path) -> Imported:
    """Rows with `conversations` of from/value turns."""
    return read_dialogues(path, "sharegpt")


def read_alpaca(path: str | Path) -> Imported:
    """Rows with `instruction`, `input` and `output`."""
    return read_dialogues(path, "alpaca")


def _dialogue(raw: _Raw, form: Format | None, imported: Imported) -> Dialogue:
    found = format_of(raw.value)
    if form is not None and found != form:
        raise ValueError(f"the row's keys are those of {found}, not of {form}")
    if problem := unsound(raw.value):
        raise ValueError(problem.what)
    messages, tools = _read(to_openai_row(raw.value, found), raw)
    imported.formats[found] += 1
    imported.ignored.update(key for key in raw.value if key not in USED_KEYS[found] and key != "noqa")
    return Dialogue(raw.number, messages, tools, raw.place, raw.text, labels_of(raw.value))


def _preference(raw: _Raw, imported: Imported) -> Preference:
    if problem := unsound(raw.value):
        raise ValueError(problem.what)
    chosen, rejected = (side and _read(side, raw) for side in preference_rows(raw.value))
    if chosen and rejected and chosen[0][:-1] != rejected[0][:-1]:
        raise ValueError("chosen and rejected follow different prompts")
    messages, tools = chosen or rejected or ((), ())
    good, bad = (side[0][-1] if side else None for side in (chosen, rejected))
    imported.formats["preference"] += 1
    return Preference(raw.number, messages[:-1], tools, good, bad, raw.place, raw.text, labels_of(raw.value))


def _read(data: dict[str, Json], raw: _Raw) -> tuple[tuple[Message, ...], tuple[Tool, ...]]:
    text = json.dumps(data, ensure_ascii=False)
    messages, tools = read_openai_row(Cursor(JsonSource(raw.place.file, text, data, raw.place.line)))
    return messages, _distinct(tools)


def _distinct(tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
    """The offered tools without exact repeats. Raises ValueError when one name stands for two interfaces."""
    by_name: dict[str, Tool] = {}
    for tool in tools:
        if by_name.setdefault(tool.name, tool) != tool:
            raise ValueError(f"two different tools are called {tool.name!r}")
    return tuple(by_name.values())


def _raw_rows(text: str, file: str, *, one_value: bool) -> Iterator[_Raw]:
    """The entries of a JSON array, the one object of a .json file (`one_value`), or the lines of JSONL. A file that is
    not called .json and whose first line is JSON by itself is JSONL, even when that line is an array."""
    if text.lstrip().startswith("[") and (one_value or not _is_json(text.lstrip().partition("\n")[0])):
        source = decode_json(text, file)
        spans = _entry_spans(text, len(source.data))
        yield from (
            _Raw(number, source.at(start), value, text=text[start:end])
            for number, ((start, end), value) in enumerate(zip(spans, source.data, strict=True), 1)
        )
    elif one_value and _is_json(text):
        yield _Raw(1, Place(file, 1, 1), decode_json(text, file).data, text=text)
    else:
        lines_of = (line for line in enumerate(text.split("\n"), 1) if line[1].strip())
        for number, (line, row) in enumerate(lines_of, 1):
            yield _line(number, line, row, file)


def _line(number: int, line: int, text: str, file: str) -> _Raw:
    try:
        return _Raw(number, Place(file, line, 1), decode_json(text, file, line).data, text=text)
    except DomainError as error:
        place = error.where if isinstance(error.where, Place) else Place(file, line)
        return _Raw(number, place, error=error.what)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _entry_spans(text: str, count: int) -> Iterator[tuple[int, int]]:
    """Where each of the `count` entries of a valid JSON array begins and ends."""
    decoder, offset = json.JSONDecoder(), text.index("[") + 1
    for _ in range(count):
        while text[offset] in " \t\r\n,":
            offset += 1
        start = offset
        _, offset = decoder.raw_decode(text, start)
        yield start, offset
