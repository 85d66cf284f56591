"""Settings: a run as a form, as lines of steady.toml and as a command: three views of one thing."""

from __future__ import annotations

import json
import shlex
import tomllib
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from steadyhand.errors import SteadyError, UsageError
from steadyhand.settings import Resolved, resolve
from steadyhand.settings.describe import Described, describe
from steadyhand.settings.resolve import flat
from steadyhand.studio.page import Handler, PageRequest, StudioPage
from steadyhand.studio.pages.runs import as_toml, run_words, set_lines
from steadyhand.text.redaction import without_passwords

LONGEST = 8000  # characters of TOML
GENERAL = "general"  # the section of keys that stand above all others


@dataclass(frozen=True)
class SettingRow:
    """A setting as the form shows it. `value` and `default` are as TOML writes them; `origin` says where the value
    comes from; `changed`: this page changed it."""

    about: Described
    value: str
    default: str
    origin: str
    changed: bool

    @property
    def name(self) -> str:
        return self.about.key.rpartition(".")[2]


def show(ask: PageRequest) -> Response:
    """One section as a form; what was changed as TOML and as a command. Nothing is written: a run takes it."""
    project, problem = ask.project, None
    assert project.folder is not None
    try:
        sets = _sets(ask)
        resolved = resolve(project.folder, flags=sets)
    except SteadyError as error:
        problem, sets = error, dict[str, object]()
        resolved = resolve(project.folder)
    rows = _rows(resolved, sets)
    lines = [f"{key}={value}" for key, value in sets.items()]
    section = ask.query("section") if ask.query("section") in rows else next(iter(rows))
    return ask.page(
        "settings.html.j2", status=400 if problem else 200, sections=list(rows), section=section, rows=rows[section],
        sets="\n".join(lines), toml=ask.query("toml") if problem else as_toml(sets),
        changed=len(sets), problem=problem,
        general=GENERAL, longest=LONGEST, command=shlex.join(["steady", *run_words(project, "", lines)]),
    )  # fmt: skip


def _sets(ask: PageRequest) -> dict[str, object]:
    """What is changed: the lines that the page carries, then what the form or the TOML says now. A field that holds
    what would hold without it changes nothing."""
    sets: dict[str, object] = {}
    if "toml" in ask.request.query_params:
        sets = _of_toml(ask.query("toml")[:LONGEST])
    else:
        for line in set_lines(ask.query("sets")[:LONGEST]):
            key, _, value = line.partition("=")
            sets[key.strip()] = value.strip()
    plain = _written(resolve(ask.project.folder))
    for key in plain:
        given = ask.request.query_params.get(f"key.{key}")
        if given is not None:
            sets[key] = given.strip()
    return {key: value for key, value in sets.items() if str(value) != plain.get(key)}


def _of_toml(text: str) -> dict[str, object]:
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not TOML: {error}", next="write [section] above lines of key = value") from None
    sets: dict[str, object] = {}
    for name, value in found.items():
        inner = {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
        sets |= {key: _text(one) for key, one in inner.items()}
    return sets


def _written(resolved: Resolved) -> dict[str, str]:
    shown: dict[str, Any] = without_passwords(flat(resolved.settings))
    return {key: _text(value) for key, value in shown.items()}


def _text(value: object) -> str:
    """As a field of the form and --set write it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rows(resolved: Resolved, sets: dict[str, object]) -> dict[str, list[SettingRow]]:
    """Section -> rows, in the order of the reference."""
    rows: dict[str, list[SettingRow]] = {}
    values = _written(resolved)
    for one in describe():
        section = one.key.rpartition(".")[0] or GENERAL
        row = SettingRow(one, values[one.key], _text(one.default), str(resolved.origins[one.key]), one.key in sets)
        rows.setdefault(section, []).append(row)
    return rows


PAGE = StudioPage(
    "settings", "/settings", 82, (Handler("/settings", show),), lambda project: project.folder is not None, rare=True
)
