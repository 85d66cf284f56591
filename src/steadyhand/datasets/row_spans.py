"""Where each row begins and ends in the text of its file. Knows places and JSON and CSV text; knows no meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from steadyhand.datasets.raw import Raw
from steadyhand.datasets.raw_rows import MARK

Span = tuple[int, int]


def row_starts(rows: Sequence[Raw], text: str) -> Iterator[int]:
    """Where each row begins in `text`, by its place; a byte order mark at the start of a line is no part of it."""
    lines = line_starts(text)
    for raw in rows:
        line = lines[raw.place.line - 1]
        yield line + max(0, raw.place.column - 1) + text.startswith(MARK, line)


def line_starts(text: str) -> list[int]:
    """Only LF ends a line: JSON text may hold U+2028 and its like."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def json_spans(rows: Sequence[Raw], text: str) -> list[Span]:
    """(begin, end) of each row of a JSON or JSONL file. A line that is no JSON is a row as a whole."""
    lines = line_starts(text)
    spans = []
    for raw, start in zip(rows, row_starts(rows, text), strict=True):
        if raw.text:
            spans.append((start, start + len(raw.text)))
        else:
            begin = lines[raw.place.line - 1]
            end = text.find("\n", begin)
            spans.append((begin, len(text) if end < 0 else end))
    return spans


def table_spans(rows: Sequence[Raw], text: str) -> list[Span]:
    """(begin, end) of each record of a CSV or TSV file, its line end left out; blank lines belong to the one before."""
    lines = line_starts(text)
    starts = [lines[raw.place.line - 1] for raw in rows]
    ends = [*starts[1:], len(text)]
    return [(start, start + len(text[start:end].rstrip("\r\n"))) for start, end in zip(starts, ends, strict=True)]


def assembled(text: str, spans: Sequence[Span], rows: Sequence[str | None]) -> str:
    """`text` with other rows in the place of its own; None leaves a row out, with what stood between it and the row
    before. What stands around and between the others stays as it is.

    >>> assembled("[1, 2, 3]", [(1, 2), (4, 5), (7, 8)], ["1", None, "9"])
    '[1, 9]'
    """
    if not spans:
        return text
    parts = [text[: spans[0][0]]]
    first = True
    for at, row in enumerate(rows):
        if row is not None:
            parts += [row] if first else [text[spans[at - 1][1] : spans[at][0]], row]
            first = False
    return "".join([*parts, text[spans[-1][1] :]])
