"""Rows of tables, as plain data: CSV and TSV (ms-swift) and Parquet. Knows cells; knows nothing of dialogues.

A place in a table is its row: CSV counts the line where the record begins, Parquet counts rows from 1.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal

from steadyhand.chat.messages import Json
from steadyhand.datasets.labels import VERDICTS
from steadyhand.datasets.raw import Raw
from steadyhand.errors import DomainError, Place
from steadyhand.extras import not_installed

BATCH = 1024  # rows decoded at once
_NESTED = (  # columns whose cells may hold a list or an object as JSON
    "messages", "conversations", "conversation", "history", "tools", "functions", "prompt", "completion", "answers",
    "chosen", "rejected", "chosen_messages", "rejected_messages", "rejected_response",
)  # fmt: skip


def csv_rows(text: str, name: str, separator: str) -> Iterator[Raw]:
    """One row a record; the first record names the columns. Cells of columns that hold lists (`messages`, `history`)
    are read as JSON where they are; blank ones, and blank verdicts (`label`), are null. A record with another number of
    cells is a row with an error.

    Raises DomainError for quotes that do not fit, because nothing after them can be trusted.
    """
    records = _records(text, name, separator)
    _, header = next(records, (1, []))
    if not header or len(set(header)) < len(header):
        what = "two columns have one name" if header else "the file holds no rows"
        raise DomainError(what, where=Place(name, 1), next="name each column in the first line")
    for number, (line, cells) in enumerate(records, 1):
        if len(cells) != len(header):
            error = f"the record has {len(cells)} cells, the header {len(header)}"
            yield Raw(number, Place(name, line), error=error)
        else:
            value = {key: _cell(key, cell) for key, cell in zip(header, cells, strict=True)}
            yield Raw(number, Place(name, line), value, text=json.dumps(value, ensure_ascii=False))


def _records(text: str, name: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(line where it begins, cells) of every record that is not blank."""
    limit = csv.field_size_limit(sys.maxsize if sys.maxsize < 2**31 else 2**31 - 1)  # the default is 128 KiB a cell
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        begin = 1
        for cells in reader:
            if cells:
                yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        next = "put quotes around cells that hold quotes or line breaks, and double the quotes inside"
        raise DomainError(f"CSV syntax: {error}", where=Place(name, reader.line_num), next=next) from None
    finally:
        csv.field_size_limit(limit)


def _cell(key: str, cell: str) -> Json:
    if key not in (*_NESTED, *VERDICTS):
        return cell
    if not cell.strip():
        return None
    if key in VERDICTS:
        return {"true": True, "false": False}.get(cell.lower(), cell)
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return cell
    return value if isinstance(value, list | dict) else cell


def parquet_rows(data: bytes, name: str) -> Iterator[Raw]:
    """One row a record; columns that are null are absent. Raises DomainError for a broken file, PrerequisiteError
    without pyarrow."""
    for number, row in enumerate(_parquet(data, name), 1):
        value = {key: _plain(cell) for key, cell in row.items() if cell is not None}
        yield Raw(number, Place(name, number), value, text=json.dumps(value, ensure_ascii=False))


def _parquet(data: bytes, name: str) -> Iterator[dict[str, object]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise not_installed("pyarrow", f"{name} is Parquet, which") from None
    try:
        for batch in parquet.ParquetFile(pyarrow.BufferReader(data)).iter_batches(batch_size=BATCH):
            yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise DomainError(f"broken Parquet data: {first}", where=name, next="write the file again") from None


def _plain(value: object) -> Json:
    """The value as JSON knows it: times as ISO text, bytes in base 64, decimals as text, what is not finite as null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value if isinstance(value, str | int | bool | None) else str(value) if isinstance(value, Decimal) else None
