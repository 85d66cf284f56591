"""A reviewed file again, in the format it came in: byte for byte where nobody changed anything.

JSON and JSONL are changed inside their text, CSV record by record, Parquet row by row. The result is read back before
it takes its place. What cannot be written is counted with the reason, and the row stays as it was.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.datasets.raw import Raw
from steadyhand.datasets.raw_rows import raw_rows
from steadyhand.datasets.row_spans import assembled, json_spans, table_spans
from steadyhand.errors import JobError, UsageError
from steadyhand.files import read_bytes, shown
from steadyhand.review.decisions import ItemState, ReviewDecision
from steadyhand.review.items import ReviewFile, ReviewItem
from steadyhand.review.rewrite import CannotRewriteError, rewritten
from steadyhand.source.json_edit import edited

REMOVED = ("reject", "neither", "tie")  # what is no example of anything goes; a tie prefers nothing
_GZIP = b"\x1f\x8b"
_GONE = object()  # in the place of a row that is left out


@dataclass
class Rewritten:
    """`kept` rows are as they were, `changed` ones are not, `removed` ones are gone. `left`: reason -> decisions that
    could not be written."""

    path: Path
    kept: int = 0
    changed: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Json]:
        told = {"path": str(self.path), "kept": self.kept, "changed": self.changed}
        return told | {"removed": dict(self.removed), "left": dict(self.left)}


def rewrite(file: ReviewFile, states: Mapping[str, ItemState], to: Path, *, only_decided: bool = False) -> Rewritten:
    """Writes the file with what holds of the decisions to `to`; `only_decided` leaves rows out that nobody decided.

    Raises UsageError for an evaluation whose verdicts people changed (its figures would no longer be those of its
    items), and for another suffix than the file's; JobError when the result would not read as intended.
    """
    made = Rewritten(to)
    if to.suffixes != file.path.suffixes:
        what = f"the file is {''.join(file.path.suffixes) or 'without a suffix'}"
        raise UsageError(what, where=shown(to), next="use the same suffix, or --as for another format")
    rows = [] if file.evaluation else list(raw_rows(file.path))
    values = _values(file, states, rows, made, only_decided)
    if file.evaluation and any(_differs(item, states) for item in file.items):
        after = "export --as scenarios, or --as decisions; measure again with `steady eval`"
        raise UsageError("an evaluation is not changed: its figures follow from its items", next=after)
    data = read_bytes(file.path)
    if all(value is row.value for value, row in zip(values, rows, strict=True)):
        _write(to, data)
        return made
    wanted = [value for value, row in zip(values, rows, strict=True) if value is not _GONE and not row.error]
    _proved(to, _changed(file, rows, values, data), wanted)
    return made


def _differs(item: ReviewItem, states: Mapping[str, ItemState]) -> bool:
    word = states.get(item.version, ItemState()).word
    return word in ("pass", "fail", "fix") and (word == "pass") is not item.verdict


def _values(
    file: ReviewFile, states: Mapping[str, ItemState], rows: Sequence[Raw], made: Rewritten, only_decided: bool
) -> list[Json]:
    """The value of each row: the same object where nothing changes, `_GONE` where it is left out."""
    by_row: dict[int, list[ReviewItem]] = {}
    for item in file.items:
        by_row.setdefault(item.row, []).append(item)
    values = []
    for raw in rows:
        told = [(item, states.get(item.version, ItemState())) for item in by_row.get(raw.number, ())]
        values.append(_value(raw, told, file, made, only_decided))
    return values


def _value(
    raw: Raw, told: Sequence[tuple[ReviewItem, ItemState]], file: ReviewFile, made: Rewritten, only_decided: bool
) -> Json:
    decided = [(item, state) for item, state in told if state.word]
    if only_decided and not decided:
        made.removed["undecided"] += 1
        return _GONE
    gone = [state.word for _, state in decided if state.word in REMOVED]
    if gone and len(gone) == len(told):
        made.removed[gone[0]] += 1
        return _GONE
    if gone:
        made.left["one of several answers of a row is no example: the row stays"] += 1
    changes = [(item, state.decision) for item, state in decided if state.word not in REMOVED]
    made.left["people disagree: settle it, or choose one with --by"] += sum(s.word == "disputed" for _, s in decided)
    value = _carried_out(raw, [(item, one) for item, one in changes if one is not None], file, made)
    made.left += Counter()  # drops reasons that nothing has
    made.changed += value is not raw.value
    made.kept += value is raw.value
    return value


def _carried_out(
    raw: Raw, changes: Sequence[tuple[ReviewItem, ReviewDecision]], file: ReviewFile, made: Rewritten
) -> Json:
    value, text = raw.value, raw.text
    for item, decision in changes:
        try:
            row = Raw(raw.number, raw.place, value, text=text)
            changed = rewritten(row, item, decision, file.columns)
        except CannotRewriteError as error:
            made.left[str(error)] += 1
            continue
        if changed is not value:
            value, text = changed, json.dumps(changed, ensure_ascii=False)
    return value


def _changed(file: ReviewFile, rows: Sequence[Raw], values: Sequence[Json], data: bytes) -> bytes:
    packed = data.startswith(_GZIP)
    bare = gzip.decompress(data) if packed else data
    suffix = (file.path.with_suffix("") if file.path.suffix.lower() == ".gz" else file.path).suffix.lower()
    if suffix == ".parquet":
        return _parquet(bare, rows, values)
    text = bare.decode("utf-8", "surrogateescape")  # bytes that are not UTF-8 come out as they went in
    is_table = suffix in (".csv", ".tsv")
    spans = (table_spans if is_table else json_spans)(rows, text)
    separator = ("\t" if suffix == ".tsv" else ",") if is_table else ""
    own = [text[start:end] for start, end in spans]
    texts = [_text(*one, separator) for one in zip(rows, values, own, strict=True)]
    whole = assembled(text, spans, texts).encode("utf-8", "surrogateescape")
    return gzip.compress(whole, mtime=0) if packed else whole


def _text(row: Raw, value: Json, own: str, separator: str) -> str | None:
    """The row as it shall stand in the file; `separator` of a table, "" of JSON."""
    if value is _GONE:
        return None
    if value is row.value:
        return own
    return _record(value, separator) if separator else edited(row.text, row.value, value)


def _record(value: dict[str, Json], separator: str) -> str:
    cells = ["" if cell is None else cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
             for cell in value.values()]  # fmt: skip
    made = io.StringIO()
    csv.writer(made, delimiter=separator, lineterminator="").writerow(cells)
    return made.getvalue()


def _parquet(data: bytes, rows: Sequence[Raw], values: Sequence[Json]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    table = parquet.read_table(pyarrow.BufferReader(data))
    made = [
        own if value is row.value else {key: value.get(key) for key in own}
        for own, row, value in zip(table.to_pylist(), rows, values, strict=True)
        if value is not _GONE
    ]
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(made, schema=table.schema), out)
    return out.getvalue()


def _proved(to: Path, data: bytes, wanted: Sequence[Json]) -> None:
    """Read back before it takes its place. Rows that are no JSON have no value to compare."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".review-") as folder:
        part = Path(folder) / to.name
        _write(part, data)
        found = [row.value for row in raw_rows(part) if not row.error]
        if found != list(wanted):
            what = "the reviewed file would not read as intended"
            raise JobError(what, where=shown(to), next="nothing was written; use --as, and report it")
        part.replace(to)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise JobError(f"cannot be written: {error.strerror}", where=shown(path), next="choose another place") from None
