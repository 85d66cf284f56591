"""The rows of one file as plain data, each with where it stands: JSON, JSONL, CSV, TSV or Parquet, gzipped or not.

Knows containers; knows nothing of what a row means. A row that is broken by itself is a row with an error; what breaks
the file as a whole (a truncated array or archive, another encoding) is one DomainError.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

from steadyhand.chat.messages import Json
from steadyhand.datasets.formats import format_of
from steadyhand.datasets.preference import is_preference
from steadyhand.datasets.raw import Raw
from steadyhand.errors import DomainError, Place, SteadyError
from steadyhand.files import (
    LARGEST_TEXT,
    LARGEST_UNPACKED,
    decoded,
    open_file,
    shown,
    too_large,
    unpacked,
    unreadable,
)
from steadyhand.source.json_nodes import skip_blank
from steadyhand.source.json_values import JsonEntry, ValueReader
from steadyhand.source.jsonfile import decode_json

STDIN = Path("-")
TABLES = (".csv", ".tsv", ".parquet")
SUFFIXES = (".json", ".jsonl", ".ndjson", *TABLES)
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
MARK = "\ufeff"  # a byte order mark
_MARK = MARK.encode()
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_WIDE_TEXT = "the file is UTF-16 or UTF-32"
_HEAD = 100  # lines, or entries, by which a file is known
_FEW = 2  # lines that say nothing of a file


def raw_rows(path: Path) -> Iterator[Raw]:
    """Every row of `path`; `-` is the standard input. What is inside decides, then the name: `.gz` may be left out.

    Raises DomainError when the file as a whole cannot be read.
    """
    from steadyhand.datasets.tables import csv_rows, parquet_rows

    name = "<stdin>" if path == STDIN else shown(path)
    suffix = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()
    with _opened(path, name) as file:
        if suffix == ".parquet" or _begins(file, _PARQUET):
            yield from parquet_rows(_whole(file, name), name)
        elif suffix in (".csv", ".tsv"):
            yield from csv_rows(_text(_whole(file, name), name), name, "\t" if suffix == ".tsv" else ",")
        else:
            yield from _json_rows(file, name, one_value=suffix == ".json" or path == STDIN)


def _opened(path: Path, name: str) -> IO[bytes]:
    """A file to read, and to read again from its start; what is unpacked or comes through a pipe stands in memory."""
    try:
        file: IO[bytes] = _kept(sys.stdin.buffer, name) if path == STDIN else open_file(path)
        if not file.seekable():
            with file:
                file = _kept(file, name)
        packed = _begins(file, _GZIP)
    except OSError as error:
        raise unreadable(name, error) from None
    if not packed:
        return file
    with file:
        return unpacked(file, name)


def _kept(file: IO[bytes], name: str) -> IO[bytes]:
    """What comes through a pipe; it may have no end."""
    data = file.read(LARGEST_UNPACKED + 1)
    if len(data) > LARGEST_UNPACKED:
        raise too_large(name, len(data), LARGEST_UNPACKED)
    return io.BytesIO(data)


def _whole(file: IO[bytes], name: str) -> bytes:
    """All of a file from its start, its size looked at before it is read."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > LARGEST_UNPACKED:
        raise too_large(name, size, LARGEST_UNPACKED)
    return file.read()


def _begins(file: IO[bytes], *magic: bytes) -> bool:
    found = file.read(max(map(len, magic))).startswith(magic)
    file.seek(0)
    return found


def _text(data: bytes, name: str) -> str:
    """The whole as UTF-8 without a byte order mark."""
    if data.startswith(_WIDE):
        raise DomainError(_WIDE_TEXT, where=Place(name, 1, 1), next="save the file as UTF-8")
    return decoded(data, name)


def _json_rows(file: IO[bytes], name: str, *, one_value: bool) -> Iterator[Raw]:
    """The lines of JSONL; or the entries of one array, of one list in an object, or objects one after the other, which
    mean the same. `one_value`: a name that promises one value, so that arrays need no remark."""
    head = [line.lstrip() for _, line in islice(_filled(file, name), _HEAD)]
    file.seek(0)
    if head and _is_wide(head[0]):
        raise DomainError(_WIDE_TEXT, where=Place(name, 1, 1), next="save the file as UTF-8")
    if not head:
        return
    alone, whole = len(head) == 1, _is_json(head[0])
    if head[0].startswith(b"[") and (one_value or not whole or (alone and _holds_objects(head[0]))):
        yield from _array(
            _text(_whole(file, name), name), name, "" if one_value else "an array, where the name promises lines"
        )
    elif head[0].startswith(b"{") and alone and whole:
        yield from _object(_text(_whole(file, name), name), name)
    elif _are_lines(head):
        yield from _lines(file, name)
    else:
        yield from _sequence(_text(_whole(file, name), name), name, few=len(head) <= _FEW)


def _are_lines(head: Sequence[bytes]) -> bool:
    """Whether lines are rows, be it that some of them are broken: half of them are JSON, or some are and most begin as
    objects do. Lines that are JSON but for a comma at their end are rows of something else."""
    good = sum(map(_is_json, head))
    if good == len(head):
        return True
    listed = sum(line.rstrip().endswith(b",") and _is_json(line.rstrip()[:-1]) for line in head)
    objects = sum(line.startswith(b"{") for line in head)
    return good > 0 and listed * 2 < len(head) <= 2 * max(good, objects)


def _array(text: str, name: str, remark: str = "", bracket: int = 0) -> Iterator[Raw]:
    reader = ValueReader(text, name)
    end = bracket
    for number, entry in enumerate(reader.array(skip_blank(text, bracket)), 1):
        end = entry.end
        yield _raw(number, reader, text, entry, remark)
    if not bracket:
        reader.end(text.index("]", end) + 1)


def _object(text: str, name: str) -> Iterator[Raw]:
    """One row, or the rows of its one list of rows."""
    value = decode_json(text, name).data
    keys = [key for key, item in value.items() if _are_rows(item)] if not _is_row(value) else []
    if len(keys) > 1:
        what = f"one object with several lists of rows: {', '.join(map(repr, keys))}"
        raise DomainError(what, where=Place(name, 1, 1), next="save each list as a file of its own")
    if not keys:
        yield Raw(1, Place(name, 1, 1), value, text=text)
        return
    start = next(entry.start for key, entry in ValueReader(text, name).members() if key == keys[0])
    yield from _array(text, name, f"the rows stand in the list {keys[0]!r} of one object", start)


def _are_rows(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_row, value[:_HEAD]))


def _is_row(value: Json) -> bool:
    """Whether the keys are those of a row of any format."""
    try:
        return is_preference(value) or bool(format_of(value))
    except ValueError:
        return False


def _sequence(text: str, name: str, *, few: bool) -> Iterator[Raw]:
    """Objects over several lines each, or on one line, with a comma between them or not. Where there are `few` lines
    and they are no such thing, each is a broken row."""
    reader = ValueReader(text, name)
    number = 0
    try:
        for number, entry in enumerate(reader.sequence(), 1):
            if number == 1 and skip_blank(text, entry.end) == len(text):
                yield from _object(text, name)
                return
            yield _raw(number, reader, text, entry, "the rows do not stand on a line each")
    except DomainError:
        if number or not few:
            raise
        yield from _lines(io.BytesIO(text.encode()), name)


def _raw(number: int, reader: ValueReader, text: str, entry: JsonEntry, remark: str) -> Raw:
    remark = remark if number == 1 else ""
    return Raw(number, reader.place(entry.start), entry.value, entry.error, text[entry.start : entry.end], remark)


def _lines(file: IO[bytes], name: str) -> Iterator[Raw]:
    """One row a line. Only LF ends a line: JSON text may hold U+2028 and its like. A line in another encoding is a row
    with an error, unless most are: then the file is. Read twice, because a large file does not fit in memory."""
    file.seek(0)
    total = strange = 0
    for _, line in _filled(file, name):
        total += 1
        strange += not line.isascii() and not _is_utf8(line)
    file.seek(0)
    if strange * 2 > total or _begins(file, *_WIDE):
        _text(_whole(file, name), name)
    for number, (at, line) in enumerate(_filled(file, name), 1):
        yield _line(number, at, line, name)


def _filled(file: IO[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line without its end) of the lines that hold anything. Byte order marks are left out: files that
    were put together have them in the middle."""
    for at, line in enumerate(iter(partial(file.readline, LARGEST_TEXT + 1), b""), 1):
        if len(line) > LARGEST_TEXT:
            what = f"a line of more than {LARGEST_TEXT:,} bytes"
            raise DomainError(what, where=Place(name, at), next="write each row on a line of its own")
        line = line.removeprefix(_MARK).removesuffix(b"\n")
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


def _is_wide(data: bytes) -> bool:
    """Whether a text begins as UTF-16 or UTF-32 do: of the first two characters of JSON, one byte is zero."""
    return data.startswith(_WIDE) or 1 in (data[:2].count(0), 4 - data[:4].count(0))


def _holds_objects(array: bytes) -> bool:
    return all(isinstance(entry, dict) for entry in json.loads(array) or [None])


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
