"""How long `steady check` takes, as a multiple of what nothing can avoid: `json.loads` of every line, in the same run.

    python bench/check.py FILE.json... [--rows 2000 20000]

The rows of the files are repeated up to each number of rows, every repeat with a word of its own in its first text, so
that rows are alike but not equal. Seconds are of processor time on one core; `reading` turns rows into records, `rules`
are all rules that need no model. Peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any, TypeVar

from steadyhand.check.lint import lint_files
from steadyhand.check.rules import RULES
from steadyhand.domain.convert import read_dialogues

Value = TypeVar("Value")
_TEXTS = ("instruction", "query", "content", "value", "prompt")


def rows_of(files: list[Path]) -> list[Any]:
    return [row for file in files for row in json.loads(file.read_text(encoding="utf-8"))]


def marked(row: Any, word: str) -> Any:
    """The row with `word` at the end of its first text."""
    if isinstance(row, dict):
        for key, value in row.items():
            if key in _TEXTS and isinstance(value, str):
                return row | {key: f"{value} {word}"}
            if isinstance(value, list) and value and (made := marked(value[0], word)) != value[0]:
                return row | {key: [made, *value[1:]]}
    return row


def lines(rows: list[Any], count: int) -> Iterator[str]:
    rng = random.Random(0)
    for row in islice(cycle(rows), count):
        yield json.dumps(marked(row, f"{rng.getrandbits(80):x}"), ensure_ascii=False) + "\n"


def timed(work: Callable[[], Value]) -> tuple[Value, float]:
    begin = time.process_time()
    value = work()
    return value, time.process_time() - begin


def measure(path: Path) -> tuple[int, list[float]]:
    """(findings, seconds of json.loads, reading and rules)."""
    texts = path.read_text(encoding="utf-8").split("\n")[:-1]
    parsed, loads = timed(lambda: sum(1 for text in texts if json.loads(text)))
    imported, reading = timed(lambda: read_dialogues(path, preferences=True))
    report, rules = timed(lambda: lint_files([imported], frozenset(RULES)))
    assert report.rows == parsed == len(texts)
    return len(report.findings), [loads, reading, rules]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--rows", type=int, nargs="+", default=[2000, 20000])
    words = parser.parse_args()
    rows = rows_of(words.files)
    print("| rows | MB | json.loads | reading | rules | whole / json.loads | peak MB |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for count in words.rows:
            path = Path(name) / "rows.jsonl"
            path.write_text("".join(lines(rows, count)), encoding="utf-8")
            _, (loads, reading, rules) = measure(path)
            size, peak = path.stat().st_size / 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            ratio = (reading + rules) / loads
            times = f"{loads:.2f} s | {reading:.2f} s | {rules:.2f} s | {ratio:.0f}"
            print(f"| {count:,} | {size:.1f} | {times} | {peak:,.0f} |")


if __name__ == "__main__":
    main()
