"""The page of all settings: what `steady config docs` prints, as tables."""

from __future__ import annotations

import inspect
import json
from itertools import groupby

from docs.make.text import cell, page, table
from steadyhand.settings.describe import Described, describe
from steadyhand.settings.presets import PRESETS
from steadyhand.settings.resolve import sections

LEAD = """A setting is taken from the first of these that has it: a flag (`--set sft.epochs=3`), a variable of the
environment (`STEADY_SFT__EPOCHS=3`), `steady.toml` of the domain folder, `~/.config/steadyhand/config.toml`, the
preset, the default. `steady config show FOLDER --origin` says what holds and where it comes from. An unknown key is
refused with the nearest right one."""


def settings_page() -> str:
    by_section = groupby(describe(), key=lambda row: row.key.rpartition(".")[0])
    return page("Settings", LEAD, *(_section(name, list(rows)) for name, rows in by_section), _presets())


def _section(name: str, rows: list[Described]) -> str:
    title = f"[{name}]" if name else "At the top"
    about = f"\n\n{inspect.getdoc(sections()[name])}" if name else ""
    return f"## {title}{about}\n\n{table(['key', 'default', 'takes', 'meaning'], map(_row, rows))}"


def _row(row: Described) -> list[str]:
    return [f"`{row.key.rpartition('.')[2]}`", _value(row.default), cell(row.takes), cell(row.text)]


def _presets() -> str:
    names = [name for name in PRESETS if PRESETS[name]]
    keys = dict.fromkeys(key for name in names for key in PRESETS[name])
    rows = [
        [f"`{key}`", *(_value(PRESETS[name][key]) if key in PRESETS[name] else "" for name in names)] for key in keys
    ]
    text = "## Presets\n\nWhat `preset = NAME` fills in where nothing else is said.\n\n"
    return text + table(["key", *(f"`{name}`" for name in names)], rows)


def _value(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"
