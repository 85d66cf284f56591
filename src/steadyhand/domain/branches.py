"""Reads the file of a sweep: branches, each with settings of its own and, where it says so, data of its own.

    branches:
      - name: as it is                         trains what the domain's settings say
      - name: hotter
        set: {sft.learning_rate: 6e-4}         settings of SFT, and `seed`
      - name: second version
        data: ../uss-2                         the folder whose cards, scenarios and rehearsal are trained instead

Knows the file's keys and the names of settings; whether their values are any good is for `settings` to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError, Place
from steadyhand.files import read_text
from steadyhand.settings.resolve import all_keys
from steadyhand.source.cursor import Cursor, suggestion
from steadyhand.source.yamlfile import read_yaml

SECTION = "sft"


@dataclass(frozen=True)
class Branch:
    """`sets`: dotted setting -> value; `data`: a domain folder, None for the domain's own."""

    name: str
    sets: dict[str, Json]
    data: Path | None
    place: Place
    set_places: dict[str, Place]


def read_branches(path: Path) -> tuple[Branch, ...]:
    """In the file's order, at least two. Raises DomainError with file:line:column for whatever is wrong with it."""
    if not path.is_file():
        what = "a folder, not a file of branches" if path.is_dir() else "no such file"
        raise DomainError(what, where=str(path), next="docs/sweep.md says how branches are written")
    row = read_yaml(read_text(path), str(path)).fields(["branches"])
    branches = tuple(_branch(entry, path.parent) for entry in row.items("branches"))
    if len(branches) < 2:
        what = "one branch has nothing to be compared with" if branches else "there are no branches"
        raise row.at("branches").error(what, "write two or more: `- name: NAME` with `set:` or `data:`")
    _refuse_twins(row, branches)
    return branches


def settable() -> list[str]:
    """What a branch may set: other settings would change how branches are measured, not what they are."""
    return [key for key in all_keys() if key.startswith(f"{SECTION}.") or key == "seed"]


def _branch(row: Cursor, home: Path) -> Branch:
    row.fields(["name"], ["set", "data"])
    sets = row.mapping("set")
    for key in sets:
        if key not in settable():
            known = "is no setting of SFT" if key in all_keys() else "is unknown"
            hint = suggestion(key, settable()) if known == "is unknown" else "branches differ in sft.* and seed only"
            raise row.at("set").error(f"the setting {key!r} {known}", hint, key=key)
    data = row.optional_text("data")
    places = {key: row.at("set", key).place for key in sets}
    return Branch(row.text("name"), sets, None if data is None else _folder(row, home / data), row.place, places)


def _folder(row: Cursor, folder: Path) -> Path:
    if not folder.is_dir():
        raise row.at("data").error(f"no such folder: {folder}", "paths are relative to the file of branches")
    return folder


def _refuse_twins(row: Cursor, branches: tuple[Branch, ...]) -> None:
    seen: set[str] = set()
    for index, branch in enumerate(branches):
        if branch.name in seen:
            raise row.at("branches", index).error(f"the branch {branch.name!r} stands twice", "rename it", key="name")
        seen.add(branch.name)
