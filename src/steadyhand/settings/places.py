"""Where a key stands in a TOML text. tomllib tells no positions, so this finds them; it judges no value.

Every statement of TOML starts on a line of its own, so the text is cut into the shortest runs of lines that tomllib
accepts; tomllib stays the only parser, whatever the quoting, nesting or line breaks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from steadyhand.errors import Place, UsageError

_POSITION = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")

_DEEPEST = 32  # levels of tables and lists
Path = tuple[str, ...]


def parse_toml(text: str, file: str) -> dict[str, object]:
    """The document; raises UsageError with file:line:column when it is not TOML."""
    try:
        document = tomllib.loads(text)
        if _is_deep(document):
            raise RecursionError("tables within tables within tables")
        return document
    except (ValueError, RecursionError) as error:  # also numbers and nesting beyond what Python takes
        message = str(error)
        found = _POSITION.search(message)
        place = Place(
            file, int((found and found["line"]) or text.count("\n") + 1), int((found and found["column"]) or 0)
        )
        what = _POSITION.sub("", message)
        raise UsageError(f"not valid TOML: {what}", where=place, next="see https://toml.io for the syntax") from error


def _is_deep(value: object) -> bool:
    """Whether there are more levels than any settings have; counted without recursion."""
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def key_places(text: str, file: str) -> dict[Path, Place]:
    """Key path -> place of its last segment. `text` must be valid TOML; lines and columns count from 1."""
    places: dict[Path, Place] = {}
    table: Path = ()
    for number, statement in _statements(text):
        parsed = tomllib.loads(statement)
        header = statement.lstrip().startswith("[")
        if header:
            table = ()
        for path in _paths(parsed):
            places.setdefault(table + path, _place(file, statement, number, path[-1]))
        if header:
            table = max(_paths(parsed), key=len)
    return places


_TRIED = 1_500_000  # characters that are parsed to find places; a value over very many lines is quadratic work


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Where one statement takes too long to find the end of, the places of the rest stay unknown."""
    start, tried = 1, 0
    lines: list[str] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not lines:
            start = number
        lines.append(line)
        statement = "\n".join(lines)
        tried += len(statement)
        if tried > _TRIED:
            return
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # a value that goes on in the next line
        lines = []
        if parsed:
            yield start, statement


def _paths(value: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            for key, child in item.items():
                yield from _paths(child, (*path, key))


def _place(file: str, statement: str, start: int, key: str) -> Place:
    spelling = re.compile(rf"(?<![\w-])[\"']?{re.escape(key)}[\"']?(?=\s*[.=\]])")
    found = spelling.search(statement)
    offset = found.start() if found else len(statement) - len(statement.lstrip())
    line_start = statement.rfind("\n", 0, offset) + 1
    return Place(file, start + statement.count("\n", 0, offset), offset - line_start + 1)
