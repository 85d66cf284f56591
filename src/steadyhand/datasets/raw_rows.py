"""The rows of one file as plain data, each with where it stands: JSON, JSONL, CSV, TSV or Parquet, gzipped or not.

Knows containers; knows nothing of what a row means. A row that is broken by itself is a row with an error; what breaks
the file as a whole (a truncated array or archive, another encoding) is one DomainError.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError, Place, SteadyError
from steadyhand.source.jsonfile import ArrayReader, decode_json

STDIN = Path("-")
TABLES = (".csv", ".tsv", ".parquet")
SUFFIXES = (".json", ".jsonl", ".ndjson", *TABLES)
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
MARK = "\ufeff"  # a byte order mark
_MARK = MARK.encode()
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Raw:
    """Row `number` (from 1) as it stands in the file, or the `error` of a row that is not even JSON. `text` is the row
    as JSON; where the place has no column it is a rendering of ours and columns in it mean nothing."""

    number: int
    place: Place
    value: Json = None
    error: str = ""
    text: str = ""


def raw_rows(path: Path) -> Iterator[Raw]:
    """Every row of `path`; `-` is the standard input. What is inside decides, then the name: `.gz` may be left out.

    Raises DomainError when the file as a whole cannot be read.
    """
    from steadyhand.datasets.tables import csv_rows, parquet_rows

    name = "<stdin>" if path == STDIN else str(path)
    suffix = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()
    with _opened(path, name) as file:
        if suffix == ".parquet" or _begins(file, _PARQUET):
            yield from parquet_rows(file.read(), name)
        elif suffix in (".csv", ".tsv"):
            yield from csv_rows(_text(file.read(), name), name, "\t" if suffix == ".tsv" else ",")
        else:
            yield from _json_rows(file, name, one_value=suffix == ".json" or path == STDIN)


def _opened(path: Path, name: str) -> IO[bytes]:
    """A file to read, and to read again from its start; what is unpacked or comes through a pipe stands in memory."""
    try:
        file: IO[bytes] = io.BytesIO(sys.stdin.buffer.read()) if path == STDIN else path.open("rb")
        if not file.seekable():
            with file:
                file = io.BytesIO(file.read())
        packed = _begins(file, _GZIP)
    except OSError as error:
        raise DomainError(f"cannot be read: {error.strerror}", where=name, next="check the file") from None
    if not packed:
        return file
    with file:
        return io.BytesIO(_unpacked(file.read(), name))


def _begins(file: IO[bytes], *magic: bytes) -> bool:
    found = file.read(max(map(len, magic))).startswith(magic)
    file.seek(0)
    return found


def _unpacked(data: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DomainError(f"broken gzip data: {error}", where=name, next="copy or compress the file again") from None


def _text(data: bytes, name: str) -> str:
    """The whole as UTF-8 without a byte order mark."""
    if data.startswith(_WIDE):
        raise DomainError("the file is UTF-16", where=Place(name, 1, 1), next="save the file as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(name, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        what = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise DomainError(what, where=place, next="save the file as UTF-8 (is it a text file at all?)") from None


def _json_rows(file: IO[bytes], name: str, *, one_value: bool) -> Iterator[Raw]:
    """The entries of a JSON array, the one object of a .json file (`one_value`), or the lines of JSONL. A file that is
    not called .json and whose first line is JSON by itself is JSONL, even when that line is an array."""
    first = next(_filled(file), (0, b""))[1].lstrip()
    file.seek(0)
    if first.startswith(b"[") and (one_value or not _is_json(first)):
        yield from _array(_text(file.read(), name), name)
    elif one_value and first.startswith(b"{") and not _is_json(first) and _is_json(whole := file.read()):
        text = _text(whole, name)
        yield Raw(1, Place(name, 1, 1), decode_json(text, name).data, text=text)
    else:
        yield from _lines(file, name)


def _array(text: str, name: str) -> Iterator[Raw]:
    reader = ArrayReader(text, name)
    for number, (start, end, value, error) in enumerate(reader, 1):
        yield Raw(number, reader.place(start), value, error, text[start:end])


def _lines(file: IO[bytes], name: str) -> Iterator[Raw]:
    """One row a line. Only LF ends a line: JSON text may hold U+2028 and its like. A line in another encoding is a row
    with an error, unless most are: then the file is. Read twice, because a large file does not fit in memory."""
    file.seek(0)
    total = strange = 0
    for _, line in _filled(file):
        total += 1
        strange += not line.isascii() and not _is_utf8(line)
    file.seek(0)
    if strange * 2 > total or _begins(file, *_WIDE):
        _text(file.read(), name)
    for number, (at, line) in enumerate(_filled(file), 1):
        yield _line(number, at, line, name)


def _filled(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line without its end) of the lines that hold anything; a byte order mark is left out."""
    for at, line in enumerate(file, 1):
        line = (line.removeprefix(_MARK) if at == 1 else line).removesuffix(b"\n")
        if line.strip():
            yield at, line


def _line(number: int, line: int, data: bytes, name: str) -> Raw:
    try:
        text = data.decode("utf-8")
        return Raw(number, Place(name, line, 1), decode_json(text, name, line).data, text=text)
    except UnicodeDecodeError as error:
        what = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return Raw(number, Place(name, line, error.start + 1), error=what)
    except SteadyError as error:
        place = error.where if isinstance(error.where, Place) else Place(name, line)
        return Raw(number, place, error=error.what)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
