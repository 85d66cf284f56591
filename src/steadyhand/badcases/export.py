"""Writes bad cases to a file: JSON Lines for programs (everything), CSV for a spreadsheet (what a person reads)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from steadyhand.badcases.worklist import WorklistRow
from steadyhand.errors import UsageError

COLUMNS = ("id", "group", "state", "source", "category", "also", "tool", "where", "input_class", "lang", "subject",
           "question", "expected", "got", "detail", "code", "cause", "remedy", "action", "because")  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is carried out by a spreadsheet


def export(rows: Sequence[WorklistRow], path: Path, lang: str = "en") -> None:
    """In one step, so that an older file stays until the new one is whole. Raises UsageError for another suffix than
    .jsonl or .csv, and for a place that cannot be written."""
    makers = {".jsonl": _jsonl, ".csv": _csv}
    if (make := makers.get(path.suffix.lower())) is None:
        raise UsageError(f"{path.suffix or 'no suffix'}: not written here", where=str(path), next="use .jsonl or .csv")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(make(rows, lang), "utf-8", errors="backslashreplace", newline="")
        part.replace(path)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path), next="choose another file") from error


def _jsonl(rows: Sequence[WorklistRow], lang: str) -> str:
    return "".join(json.dumps(row.to_json(), ensure_ascii=False) + "\n" for row in rows)


def _csv(rows: Sequence[WorklistRow], lang: str) -> str:
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(COLUMNS)
    for row in rows:
        told = row.to_json() | {key: getattr(row.category, key).get(lang, "") for key in ("cause", "remedy")}
        told |= {"also": " ".join(row.case.also), "because": (told["decision"] or {}).get("because", "")}
        writer.writerow(_cell(str(told[name])) for name in COLUMNS)
    return "\ufeff" + made.getvalue()  # so that a spreadsheet reads it as UTF-8


def _cell(text: str) -> str:
    """Text, never a formula: an answer of a model is not to be carried out."""
    return f"'{text}" if text.startswith(_FORMULA) else text
