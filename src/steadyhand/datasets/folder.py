"""Loads a domain folder with its preferences/, whose rows stand in any judged format that data sets have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.datasets.convert import Imported, Preference, RowSource, read_dialogues
from steadyhand.datasets.dataset_info import Columns
from steadyhand.datasets.labels import READ
from steadyhand.datasets.to_domain import judged_row
from steadyhand.domain import load as folders
from steadyhand.domain.model import WHY, Domain
from steadyhand.domain.preferences import KEYS, JudgedRow
from steadyhand.errors import DomainError, Place
from steadyhand.source.cursor import Cursor, suggestion


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


def _refuse(imported: Imported, path: Path) -> None:
    if imported.rejects:
        first = imported.rejects[0]
        raise DomainError(first.reason, where=first.place, next="correct the row, or remove it")
    if imported.rows:
        what = "the row judges no answer"
        raise DomainError(what, where=imported.rows[0].place, next="write chosen and rejected, or put it elsewhere")
    if unknown := imported.ignored.keys():
        key = min(unknown)
        place = next((one.place for one in imported.preferences if key in json.loads(one.text)), Place(str(path)))
        raise DomainError(f"unknown key {key!r}", where=place, next=suggestion(key, [*KEYS, *sorted(READ)]))


def _row(path: Path, judged: Sequence[Preference]) -> JudgedRow:
    first = judged[0]
    if first.other is not None:
        what = "chosen and rejected follow different prompts, so they were never alternatives"
        raise DomainError(what, where=first.place, next="fork both answers from one state (`steady check` rule P206)")
    raw = json.loads(first.text)
    _refuse_why(raw, first.place)
    own = {key: value for key, value in raw.items() if key in KEYS and value is not None}
    made = judged_row(f"{path.stem}-{first.number:05}", judged)
    return replace(made, row=Cursor(RowSource(first.place.file, own, first.place)), why=first.labels.why)


def _refuse_why(row: dict[str, Json], place: Place) -> None:
    """Raises DomainError for keys below `why` that nothing reads."""
    told = row.get("why")
    if unknown := [key for key in told if key not in WHY] if isinstance(told, dict) else []:
        raise DomainError(f"unknown key {unknown[0]!r} below 'why'", where=place, next=suggestion(unknown[0], WHY))
