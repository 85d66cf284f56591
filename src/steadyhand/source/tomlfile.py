"""TOML text to plain data plus the place of every key. Knows nothing of what the data mean."""

from __future__ import annotations

from datetime import date, time

from steadyhand.chat.messages import Json
from steadyhand.errors import Place
from steadyhand.settings.places import key_places, parse_toml
from steadyhand.source.cursor import Cursor, Path, unsound


class TomlSource:
    """A parsed document. Entries of lists have the place of the key that holds the list."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.data: Json = {key: _plain(value) for key, value in parse_toml(text, file).items()}
        self._places = key_places(text, file)

    def place(self, path: Path, key: str | None = None) -> Place:
        steps = [str(step) for step in path if not isinstance(step, int)] + ([key] if key is not None else [])
        while steps:
            if found := self._places.get(tuple(steps)):
                return found
            steps.pop()
        return Place(self.file)


def read_toml(text: str, file: str) -> Cursor:
    """A cursor on the document. Raises UsageError for what is no TOML, DomainError for a value that no JSON file
    could carry further, both with file:line:column.

        read_toml("months = 12", "roi.toml").value == {"months": 12}
    """
    row = Cursor(TomlSource(file, text))
    if problem := unsound(row.value):
        raise row.at(*problem.path).error(problem.what, problem.next)
    return row


def _plain(value: object) -> Json:
    """Times of TOML as text; the rest is JSON already."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | time) else value
