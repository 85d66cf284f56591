"""Loads a domain folder with its preferences/, whose rows stand in any judged format that data sets have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.datasets.convert import Imported, Preference, read_dialogues
from steadyhand.datasets.dataset_info import Columns
from steadyhand.domain import load as folders
from steadyhand.domain.model import Domain
from steadyhand.domain.preferences import KEYS, JudgedRow
from steadyhand.errors import DomainError, Place
from steadyhand.source.cursor import Cursor, suggestion
from steadyhand.source.cursor import Path as Keys

LABELS = ("split", "group")


def load(folder: str | Path) -> Domain:
    """The domain in `folder`, as `domain.load.load` reads it, comparisons included."""
    return folders.load(folder, read_judged)


def read_judged(path: Path) -> list[JudgedRow]:
    """The rows of a file of preferences/. Raises DomainError for a row that judges nothing or cannot be read, and for
    keys that nothing reads."""
    imported = read_dialogues(path, preferences=True, columns=_Own())
    _refuse(imported, path)
    rows: dict[int, list[Preference]] = {}
    for one in imported.preferences:
        rows.setdefault(one.number, []).append(one)
    return [_row(path, row) for row in rows.values()]


class _Own(Columns):
    """The keys that a domain folder adds to a judged row are read from the row itself."""

    def __init__(self) -> None:
        super().__init__({}, {})

    def renamed(self, row: Json) -> Json:
        return {key: value for key, value in row.items() if key not in KEYS} if isinstance(row, dict) else row


@dataclass(frozen=True)
class _Row:
    """A row whose values all stand where the row does."""

    file: str
    data: Json
    start: Place

    def place(self, path: Keys, key: str | None = None) -> Place:
        return self.start


def _refuse(imported: Imported, path: Path) -> None:
    if imported.rejects:
        first = imported.rejects[0]
        raise DomainError(first.reason, where=first.place, next="correct the row, or remove it")
    if imported.rows:
        what = "the row judges no answer"
        raise DomainError(what, where=imported.rows[0].place, next="write chosen and rejected, or put it elsewhere")
    if unknown := imported.ignored.keys() - set(LABELS):
        key = min(unknown)
        place = next((one.place for one in imported.preferences if key in json.loads(one.text)), Place(str(path)))
        raise DomainError(f"unknown key {key!r}", where=place, next=suggestion(key, [*KEYS, *LABELS]))


def _row(path: Path, judged: Sequence[Preference]) -> JudgedRow:
    first = judged[0]
    if first.other is not None:
        what = "chosen and rejected follow different prompts, so they were never alternatives"
        raise DomainError(what, where=first.place, next="fork both answers from one state (`steady check` rule P206)")
    own = {key: value for key, value in json.loads(first.text).items() if key in KEYS and value is not None}
    return JudgedRow(
        name=f"{path.stem}-{first.number:05}",
        prompt=first.prompt,
        tools=first.tools,
        chosen=first.chosen,
        rejected=tuple(one.rejected for one in judged if one.rejected is not None),
        split=first.labels.split,
        group=first.labels.group,
        row=Cursor(_Row(first.place.file, own, first.place)),
    )
