"""What the scripts of sql, wording, reviews and sales share: rows as text, databases as bytes, where files go.

    python -m examples.made

writes the data of the four folders from their `seeds.yaml`, and the same in small for `steady init --like`. The seeds
are the one source of both. Same seeds, same files.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
STARTERS = HERE.parent / "src" / "steadyhand" / "domain" / "starters"
LANGUAGES = ("en", "zh")
UNSEEN = 0.25  # of the values of a slot, of a list of names: the last ones, which nothing trains on
Files = dict[str, str | bytes]
Build = Callable[[bool], Files]  # takes whether it is for the starter


def seeds(name: str) -> Any:
    """The seeds of the example `name`."""
    return yaml.safe_load((HERE / name / "seeds.yaml").read_text("utf-8"))


def seen(values: Sequence[str], share: float = UNSEEN) -> Sequence[str]:
    """Those of `values` that may be trained on.

    >>> seen(["a", "b", "c", "d"])
    ['a', 'b', 'c']
    """
    return values[: len(values) - max(1, round(len(values) * share))]


def jsonl(rows: Iterable[Mapping[str, Any]], stem: str) -> str:
    """A line for each row, numbered: `stem-001`, which is its group unless it has one."""
    lines = []
    for number, row in enumerate(rows, 1):
        name = f"{stem}-{number:03}"
        lines.append(json.dumps({"id": name, "group": name, **row}, ensure_ascii=False) + "\n")
    return "".join(lines)


def database(script: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as made:
        made.executescript(script)
        return made.serialize()


def write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def builds() -> dict[str, tuple[Build, str]]:
    """Example -> what builds it, and the starter that is the same in small."""
    from examples.reviews.make import build as reviews
    from examples.sales.make import build as sales
    from examples.sql.make import build as sql
    from examples.wording.make import build as wording

    return {
        "sql": (sql, "sql"),
        "wording": (wording, "wording"),
        "reviews": (reviews, "labels"),
        "sales": (sales, "sales"),
    }


if __name__ == "__main__":
    for name, (build, starter) in builds().items():
        write(HERE / name, build(False))
        write(STARTERS / starter, build(True))
