"""`steady extract`: what the room `extract` finds in files, folders and standard input. Reads text; knows no rules."""

from __future__ import annotations

import codecs
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from steadyhand.cli.console import echo_line, emit_json, say
from steadyhand.cli.options import json_option
from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.files import read_bytes, shown, walk

if TYPE_CHECKING:
    from steadyhand.extract import Found, Kind

STDIN = "-"
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip


class ExtractedText(NamedTuple):
    """What one text held. Places count from 1, offsets from 0; both count characters, not bytes."""

    source: str
    text: str
    found: list[Found]

    def places(self) -> Iterator[tuple[Found, int, int]]:
        """Each entity with the line and the column where it begins."""
        breaks = [0, *(at + 1 for at, char in enumerate(self.text) if char == "\n")]
        for one in self.found:
            line = bisect_right(breaks, one.start)
            yield one, line, one.start - breaks[line - 1] + 1


@click.command("extract")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(["domain", "ip", "uri"]), help="Only this; repeatable."
)
@click.option("--encoding", default="utf-8", show_default=True, help="Of files without a byte order mark.")
@json_option
def extract_command(paths: tuple[str, ...], kinds: tuple[str, ...], encoding: str, as_json: bool) -> None:
    """Find domains, IP addresses and URIs, defanged or not, in text files, folders and standard input (-).

    The table shows each value once with its first place; --json has every occurrence with offsets in characters.
    In folders, hidden files are left out and files that are no text are named and skipped.
    """
    from steadyhand.extract import KINDS, find_entities

    wanted = cast("tuple[Kind, ...]", kinds) or KINDS
    _check_encoding(encoding)
    documents = (
        ExtractedText(source, text, find_entities(text, wanted))
        for path in paths
        for source, text in texts(path, encoding)
    )
    if as_json:
        emit_json({"documents": [_row(document) for document in documents]})
    else:
        _show(list(documents))


def _check_encoding(encoding: str) -> None:
    try:
        " ".encode(encoding)
    except LookupError as error:
        after = "name one that Python knows, for example utf-8 or gb18030"
        raise UsageError(f"unknown encoding {encoding!r}", next=after) from error


def texts(path: str, encoding: str) -> Iterator[tuple[str, str]]:
    """(name, text) of standard input, of one file, or of every text in a folder."""
    if path == STDIN:
        yield STDIN, _decoded(sys.stdin.buffer.read(), STDIN, encoding)
    elif not Path(path).is_dir():
        yield path, _decoded(_bytes(Path(path)), path, encoding)
    else:
        for file in _files(Path(path)):
            try:
                yield str(file), _decoded(_bytes(file), str(file), encoding)
            except UsageError as error:
                say(f"skipped: {error.where}: {error.what}")


def _files(folder: Path) -> Iterator[Path]:
    yield from (file for file in walk(folder) if file.is_file())


def _bytes(file: Path) -> bytes:
    if not file.exists():
        after = "name a text file, a folder, or - for standard input"
        raise PrerequisiteError("no such file", where=shown(file), next=after)
    return read_bytes(file)


def _decoded(data: bytes, source: str, encoding: str) -> str:
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), encoding)
    if b"\0" in data and not encoding.lower().startswith(("utf-16", "utf-32")):
        raise UsageError("a binary file", where=source, next="convert it to text first, for example with pdftotext")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        what = f"not {encoding}: {error.reason} at byte {error.start}"
        raise UsageError(what, where=source, next="name its encoding, for example --encoding gb18030") from error


def _row(document: ExtractedText) -> dict[str, Any]:
    entities = [{**one._asdict(), "line": line, "column": column} for one, line, column in document.places()]
    return {"source": document.source, "characters": len(document.text), "entities": entities}


def _show(documents: list[ExtractedText]) -> None:
    rows = [row for document in documents for row in _table(document)]
    kind, value = (max((len(row[i]) for row in rows), default=0) for i in (0, 1))
    for row in rows:
        echo_line(f"{row[0]:<{kind}}  {row[1]:<{min(value, 80)}}  {row[2]}")
    counts = Counter(row[0] for row in rows)
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing"
    say(f"found {told} in {len(documents)} {'text' if len(documents) == 1 else 'texts'}")


def _table(document: ExtractedText) -> list[tuple[str, str, str]]:
    """Kind, value and first place of each value, with how often it stands there."""
    times = Counter((one.kind, one.value) for one in document.found)
    firsts: dict[tuple[Kind, str], str] = {}
    for one, line, column in document.places():
        firsts.setdefault((one.kind, one.value), f"{document.source}:{line}:{column}")
    return [(*key, f"{place}  ({times[key]} times)" if times[key] > 1 else place) for key, place in firsts.items()]
