"""Every setting in words: the reference that `steady config docs` prints. It has no text of its own."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from steadyhand.settings.model import Settings
from steadyhand.settings.resolve import all_keys, flat, sections

_NAMES: dict[object, str] = {bool: "true or false", int: "whole number", float: "number", str: "text"}
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z0-9`])")
_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class Described:
    """`takes` says which values are allowed; `default` is a JSON value."""

    key: str
    takes: str
    default: object
    text: str


def describe() -> list[Described]:
    defaults = flat(Settings())
    return [Described(key, _takes(info), defaults[key], info.description or "") for key, info in all_keys().items()]


def as_toml() -> str:
    """The reference as a steady.toml in which every key is commented out, so it changes nothing until edited."""
    return "\n".join(_lines()) + "\n"


def short_toml(keys: Sequence[str]) -> str:
    """The same for some keys, each with the first sentence of what it means."""
    rows = {row.key: row for row in describe()}
    lines, current = [], ""
    for key in keys:
        section, _, name = key.rpartition(".")
        if section != current:
            lines += ["", f"[{section}]"]
            current = section
        meaning = _SENTENCE.split(" ".join(rows[key].text.split()), maxsplit=1)[0].rstrip(".")
        written = f"# {name} = {json.dumps(rows[key].default, ensure_ascii=False)}"
        lines.append(f"{written:<30} # {meaning}")
    return "\n".join(lines) + "\n"


def _lines() -> Iterator[str]:
    current = ""
    for row in describe():
        section, _, name = row.key.rpartition(".")
        if section != current:
            current = section
            yield f"# {inspect.getdoc(sections()[section])}"
            yield f"[{section}]"
            yield ""
        yield f"# {' '.join(row.text.split())}"
        yield f"# Takes: {row.takes}."
        yield f"# {name} = {json.dumps(row.default, ensure_ascii=False)}"  # for these kinds, JSON is TOML
        yield ""


def _takes(info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal:
        return " or ".join(json.dumps(choice) for choice in get_args(info.annotation))
    name = _NAMES.get(info.annotation, "list of lists of text")
    bounds = [
        f"{sign} {getattr(rule, bound):g}"
        for rule in info.metadata
        for bound, sign in _BOUNDS.items()
        if getattr(rule, bound, None) is not None
    ]
    return " ".join([name, " and ".join(bounds)]).strip()
