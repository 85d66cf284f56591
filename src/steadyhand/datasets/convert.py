"""Reads data sets that people have (OpenAI messages, ShareGPT, Alpaca, TRL, xLAM, preferences) into dialogues.

Every input row becomes a dialogue or a reject with its number and a reason; nothing is dropped silently, and keys that
are not read are counted. Knows nothing of domain folders: `assemble` makes one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import cast

from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.datasets.dataset_info import Columns
from steadyhand.datasets.formats import ForeignRow, Format, format_of, read_row
from steadyhand.datasets.labels import READ, UNLABELED, Labels, labels_of
from steadyhand.datasets.mapping import ColumnMap
from steadyhand.datasets.preference import is_preference, preference_rows
from steadyhand.datasets.raw import Raw
from steadyhand.datasets.raw_rows import STDIN, raw_rows
from steadyhand.datasets.spill import RowStore
from steadyhand.datasets.unread import Unread
from steadyhand.domain.openai import read_openai_row
from steadyhand.errors import DomainError, Place
from steadyhand.source.cursor import Cursor, Path, unsound

STRIDE = 1000  # rows between two words about how far the reading is


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Row `number` (from 1, counting every row of the file) as messages that end with the assistant's. `unscored` are
    the indices of the assistant's messages that are not to be learned (weight 0): context, and no more."""

    number: int
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    place: Place
    text: str = ""  # the row as it stands in the file
    labels: Labels = UNLABELED
    unscored: frozenset[int] = frozenset()

    @property
    def learned(self) -> tuple[int, ...]:
        """The indices of the answers that are to be learned, in order."""
        said = (index for index, message in enumerate(self.messages) if message.role == "assistant")
        return tuple(index for index in said if index not in self.unscored)


@dataclass(frozen=True, slots=True)
class Preference:
    """Row `number` as a judgment: after `prompt`, `chosen` is better than `rejected`. A row with several rejected
    answers becomes one of these for each. An unpaired judgment (KTO)
    has only one of the two. `other`: the prompt of `rejected` where it is another one."""

    number: int
    prompt: tuple[Message, ...]
    tools: tuple[Tool, ...]
    chosen: Message | None
    rejected: Message | None
    place: Place
    text: str = ""
    labels: Labels = UNLABELED
    other: tuple[Message, ...] | None = None


@dataclass(frozen=True)
class Reject:
    """A row that could not be used, and why."""

    number: int
    reason: str
    place: Place


@dataclass
class Imported:
    """`total` rows were read: len(rows) + len(preferences) + len(rejects) == total, where a row with K rejected answers
    counts as K. `ignored`: key -> rows that had it, unread. `remarks`: what other programs may not read of the file,
    and where."""

    source: str
    rows: Sequence[Dialogue] = ()
    preferences: Sequence[Preference] = ()
    rejects: list[Reject] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    remarks: list[tuple[str, Place]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.rows) + len(self.preferences) + len(self.rejects)


@dataclass
class RowSource:
    """A row whose values all stand where the row does: its keys are ours by now, not those in the file."""

    file: str
    data: Json
    row: Place

    def place(self, path: Path, key: str | None = None) -> Place:
        return self.row


def read_dialogues(
    path: str | FilePath,
    form: Format | None = None,
    *,
    preferences: bool = False,
    columns: Columns | ColumnMap | None = None,
    reached: Callable[[int], None] = lambda line: None,
) -> Imported:
    """The rows of `path` (`-`: the standard input); each row's format is recognized by its keys unless `form` is given.
    `columns` renames keys first. Rows that judge answers are rejected unless `preferences` asks for them. `reached` is
    told now and then up to which line the file was read.

    Raises DomainError when the file cannot be read, is empty, or is broken as a whole (an array that ends early).
    """
    path = FilePath(path)
    rows, judged = RowStore[Dialogue](), RowStore[Preference]()
    imported = Imported("<stdin>" if path == STDIN else str(path), rows, judged)
    for raw in raw_rows(path):
        if not raw.number % STRIDE:
            reached(raw.place.line)
        if raw.remark:
            imported.remarks.append((raw.remark, raw.place))
        _read_raw(raw, imported, form, preferences, columns)
    if not imported.total:
        raise DomainError("the file holds no rows", where=imported.source, next="give a file with at least one row")
    return imported


def read_row_alone(raw: Raw, columns: Columns | ColumnMap | None = None) -> Imported:
    """What `read_dialogues` makes of one row, judged answers included; a row that cannot be used is a reject."""
    imported = Imported(raw.place.file, RowStore[Dialogue](), RowStore[Preference]())
    _read_raw(raw, imported, None, True, columns)
    return imported


def _read_raw(
    raw: Raw, imported: Imported, form: Format | None, preferences: bool, columns: Columns | ColumnMap | None
) -> None:
    rows, judged = cast("RowStore[Dialogue]", imported.rows), cast("RowStore[Preference]", imported.preferences)
    try:
        if raw.error:
            raise ValueError(raw.error)
        row = without_nulls(columns.renamed(raw.value) if columns else raw.value)
        if isinstance(columns, ColumnMap):
            imported.ignored.update(columns.unread(raw.value))
        if preferences and is_preference(row):
            for one in _preferences(raw, row, imported):
                judged.append(one)
        else:
            rows.append(_dialogue(raw, row, form, imported))
    except ValueError as error:
        imported.rejects.append(Reject(raw.number, str(error), raw.place))
    except DomainError as error:
        imported.rejects.append(Reject(raw.number, error.what, raw.place))


def read_openai(path: str | FilePath) -> Imported:
    """Rows with `messages` (and `tools`)."""
    return read_dialogues(path, "openai")


def read_sharegpt(path: str | FilePath) -> Imported:
    """Rows with `conversations` of from/value turns."""
    return read_dialogues(path, "sharegpt")


def read_alpaca(path: str | FilePath) -> Imported:
    """Rows with `instruction`, `input` and `output`."""
    return read_dialogues(path, "alpaca")


def without_nulls(row: Json) -> Json:
    """The row without columns that are null: data sets that were joined have the columns of all."""
    return {key: value for key, value in row.items() if value is not None} if isinstance(row, dict) else row


def _dialogue(raw: Raw, row: Json, form: Format | None, imported: Imported) -> Dialogue:
    found = format_of(row)
    if form is not None and found != form:
        raise ValueError(f"the row's keys are those of {found}, not of {form}")
    if problem := unsound(row):
        raise ValueError(problem.what)
    unread = Unread()
    foreign = read_row(row, found, unread)
    messages, tools = _read(foreign, raw)
    imported.formats[found] += 1
    imported.ignored.update(unread - READ)
    return Dialogue(raw.number, messages, tools, raw.place, raw.text, labels_of(row), foreign.untrained)


def _preferences(raw: Raw, row: Json, imported: Imported) -> list[Preference]:
    if problem := unsound(row):
        raise ValueError(problem.what)
    unread = Unread()
    pairs = [_pair(raw, row, *pair) for pair in preference_rows(row, unread)]
    imported.formats["preference"] += 1
    imported.ignored.update(unread - READ)
    return pairs


def _pair(raw: Raw, row: Json, chosen: ForeignRow | None, rejected: ForeignRow | None) -> Preference:
    read = [_read(side, raw) if side else None for side in (chosen, rejected)]
    messages, tools = read[0] or read[1] or ((), ())
    good, bad = (side[0][-1] if side else None for side in read)
    after = read[1][0][:-1] if read[1] else messages[:-1]
    other = after if after != messages[:-1] else None  # rule P206 says so
    return Preference(raw.number, messages[:-1], tools, good, bad, raw.place, raw.text, labels_of(row), other)


def _read(foreign: ForeignRow, raw: Raw) -> tuple[tuple[Message, ...], tuple[Tool, ...]]:
    messages, tools = read_openai_row(Cursor(RowSource(raw.place.file, foreign.row, raw.place)))
    return messages, _distinct(tools)


def _distinct(tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
    """The offered tools without exact repeats. Raises ValueError when one name stands for two interfaces."""
    by_name: dict[str, Tool] = {}
    for tool in tools:
        if by_name.setdefault(tool.name, tool) != tool:
            raise ValueError(f"two different tools are called {tool.name!r}")
    return tuple(by_name.values())
