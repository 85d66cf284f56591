"""Data templates: a good prompt or pattern of reasoning written once, and the rows that are made of it.

    templates:                                    templates/*.yaml in a domain folder
      - id: boundary
        version: 2                                raised whenever what it makes changes
        makes: card                               card, scenario or preference
        row: {point: uss.level, kind: boundary, q: "Is level ${level} safe?", a: "${word}."}
        values:                                   a row for each
          - {id: at-50, level: 50, word: Safe}
          - {id: at-51, level: 51, word: Unsafe}

A row keeps `template: boundary@2` and, in `made`, a digest of itself: so a row of an older version is known as stale,
and one that a person edited is known as theirs and never written over. What a row means is for the domain's loader.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.datasets.folder import load
from steadyhand.errors import DomainError, Place, SteadyError
from steadyhand.files import entries, read_text, write_whole
from steadyhand.source.cursor import Cursor
from steadyhand.source.jsonfile import read_jsonl
from steadyhand.source.yamlfile import read_yaml

FILE = "from-templates.jsonl"
ROOMS = {"card": "knowledge", "scenario": "scenarios", "preference": "preferences"}
_OPEN, _CLOSE = "${", "}"
_NAME = re.compile(r"[\w.-]+")


class RowState(Enum):
    """What is to be done about a row; the value is a word for a person."""

    FRESH = "fresh"  # as its template makes it
    MISSING = "missing"  # the template would make it
    STALE = "stale"  # of an older version
    ORPHAN = "orphan"  # its template no longer makes it
    UNVERSIONED = "unversioned"  # the template changed and its version did not
    EDITED = "edited"  # by a person, since it was made


@dataclass(frozen=True)
class DataTemplate:
    """`rows`: id of a row -> the row, placeholders filled in."""

    id: str
    version: int
    makes: str
    rows: dict[str, dict[str, Json]]
    row: Cursor

    @property
    def name(self) -> str:
        return f"{self.id}@{self.version}"


@dataclass(frozen=True)
class TemplateRow:
    """A row of the domain or of a template, and how it stands. `row` is what should be there, None for an orphan."""

    id: str
    makes: str
    state: RowState
    template: str
    row: dict[str, Json] | None
    place: Place  # of the template; of the row where no template is left
    now: dict[str, Json] | None = None


def read_templates(root: Path) -> list[DataTemplate]:
    """Those of templates/*.yaml, in name order of the files. Raises DomainError with file:line:column."""
    folder = root / "templates"
    found: list[DataTemplate] = []
    for path in entries(folder) if folder.is_dir() else ():
        if path.suffix.lower() in (".yaml", ".yml"):
            document = read_yaml(read_text(path), str(path)).fields(["templates"])
            found += map(_template, document.items("templates"))
    names = Counter(one.id for one in found)
    for one in found:
        if names[one.id] > 1:
            raise one.row.error(f"the template {one.id!r} stands twice", "rename it", key="id")
    return found


def _template(row: Cursor) -> DataTemplate:
    row.fields(["id", "version", "makes", "row", "values"])
    name, makes, version = row.text("id"), row.choice("makes", list(ROOMS)), row.value["version"]
    if not _NAME.fullmatch(name):
        raise row.at("id").error(f"{name!r} is no name", "use letters, digits, dots, dashes and underscores")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise row.at("version").error(f"the version is {version!r}", "count versions from 1")
    shape = row.mapping("row")
    for key in ("id", "template", "made"):
        if key in shape:
            raise row.at("row").error(f"{key!r} is written by the template itself", "remove it", key=key)
    rows: dict[str, dict[str, Json]] = {}
    for values in row.items("values"):
        id = f"{name}-{values.text('id')}"
        if id in rows:
            raise values.error(f"two rows are called {id}", "rename one", key="id")
        rows[id] = signed({"id": id, **_filled(shape, values), "template": f"{name}@{version}"})
    return DataTemplate(name, version, makes, rows, row)


def _filled(shape: dict[str, Json], values: Cursor) -> dict[str, Json]:
    """`shape` with every `${name}` filled in; a text that is one placeholder alone takes the value as it is."""
    given = {key: value for key, value in values.value.items() if key != "id"}
    used: set[str] = set()

    def value_of(name: str) -> Json:
        if name not in given:
            raise values.error(f"no value for ${{{name}}}", f"write `{name}:` here, or remove it from the row")
        used.add(name)
        return given[name]

    def fill(part: Json) -> Json:
        if isinstance(part, dict):
            return {fill(key): fill(inner) for key, inner in part.items()}
        if isinstance(part, list):
            return [fill(inner) for inner in part]
        if not isinstance(part, str):
            return part
        if part.startswith(_OPEN) and part.find(_CLOSE) == len(part) - 1:
            return value_of(part[2:-1])
        first, *others = part.split(_OPEN)
        return first + "".join(spliced(one) for one in others)

    def spliced(part: str) -> str:
        """What stands behind a `${`: the value of its name and the rest; a text that is not closed stays as it is."""
        name, closed, rest = part.partition(_CLOSE)
        return _text(value_of(name)) + rest if closed else _OPEN + part

    filled: dict[str, Json] = fill(shape)
    for key in given:
        if key not in used:
            raise values.error(f"nothing in the row uses {key!r}", f"write ${{{key}}} there, or remove it", key=key)
    return filled


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def signed(row: Mapping[str, Json]) -> dict[str, Json]:
    """The row with the digest of what it holds besides."""
    held = {key: value for key, value in row.items() if key != "made"}
    told = json.dumps(held, sort_keys=True, ensure_ascii=False)
    return {**held, "made": hashlib.sha256(told.encode()).hexdigest()[:16]}


def template_states(root: Path) -> list[TemplateRow]:
    """Every row that a template makes or made, and how it stands. Raises DomainError."""
    templates = {one.id: one for one in read_templates(root)}
    wanted = {(one.makes, id): (one, row) for one in templates.values() for id, row in one.rows.items()}
    found: list[TemplateRow] = []
    for makes, now, place in _present(root):
        template, row = wanted.pop((makes, str(now.get("id"))), (None, None))
        told, where = (template.name, template.row.place) if template else (str(now.get("template")), place)
        found.append(TemplateRow(str(now.get("id")), makes, _state(now, row), told, row, where, now))
    return found + [
        TemplateRow(id, makes, RowState.MISSING, template.name, row, template.row.place)
        for (makes, id), (template, row) in wanted.items()
    ]


def _state(now: dict[str, Json], row: dict[str, Json] | None) -> RowState:
    if signed(now) != now:
        return RowState.EDITED
    if row is None:
        return RowState.ORPHAN
    if row == now:
        return RowState.FRESH
    return RowState.UNVERSIONED if row["template"] == now["template"] else RowState.STALE


def _present(root: Path) -> Iterator[tuple[str, dict[str, Json], Place]]:
    for makes, room in ROOMS.items():
        path = root / room / FILE
        if path.is_file():
            for row in read_jsonl(read_text(path), str(path)):
                if not isinstance(row.value, dict):
                    raise row.error("no row of a template", "remove this line")
                yield makes, row.value, row.place


def make(root: Path) -> list[TemplateRow]:
    """Makes missing and stale rows, removes orphans, keeps what a person edited; says what stood how before.

    Raises DomainError, and changes nothing, where a template changed without a new version, or where the domain could
    not be loaded with the new rows.
    """
    found = template_states(root)
    templates = {one.name: one for one in read_templates(root)}
    for one in found:
        if one.state is RowState.UNVERSIONED:
            raise templates[one.template].row.error(
                f"it changed, and its version did not: {one.id} would be another row",
                "raise `version`, so that the rows of the old one are known",
                key="version",
            )
    before = {
        path: read_text(path) if path.is_file() else None for path in (root / room / FILE for room in ROOMS.values())
    }
    try:
        for makes, room in ROOMS.items():
            _write(root / room / FILE, [kept for one in found if one.makes == makes and (kept := _kept(one))])
        load(root)
    except SteadyError:
        for path, text in before.items():
            _restore(path, text)
        raise
    return found


def _kept(one: TemplateRow) -> dict[str, Json] | None:
    return one.now if one.state is RowState.EDITED else one.row


def _write(path: Path, rows: list[dict[str, Json]]) -> None:
    if not rows:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    except OSError as error:
        what = f"rows cannot be written: {error.strerror}"
        raise DomainError(what, where=str(path), next="free space, and check the folder's rights") from error


def _restore(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
    else:
        write_whole(path, text)
