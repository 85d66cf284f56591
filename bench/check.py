"""How long `steady check` takes, as a multiple of exact hashing of the same rows in the same run.

    python bench/check.py FILE.json... [--rows 2000 20000] [--cpu] [--workers 2]

The rows of the files are repeated up to each number of rows, every repeat with a word of its own in its first text, so
that rows are alike but not equal. Exact hashing is what finds equal rows and nothing else: `json.loads`, JSON with
sorted keys, SHA-256. `reading` turns rows into records, `rules` are all rules that need no model. Seconds pass on the
wall, or with `--cpu` on one processor, which is what to look at where other work runs. Peak memory is that of the
process itself; its workers share the rows.
"""

from __future__ import annotations

import argparse
import hashlib
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


def timed(work: Callable[[], Value], cpu: bool) -> tuple[Value, float]:
    clock = time.process_time if cpu else time.perf_counter
    begin = clock()
    value = work()
    return value, clock() - begin


def hashed(text: str) -> bytes:
    return hashlib.sha256(json.dumps(json.loads(text), sort_keys=True).encode()).digest()


def measure(path: Path, workers: int | None = None, cpu: bool = False) -> tuple[int, list[float]]:
    """(findings, seconds of json.loads, exact hashing, reading and rules)."""
    texts = path.read_text(encoding="utf-8").split("\n")[:-1]
    parsed, loads = timed(lambda: sum(1 for text in texts if json.loads(text)), cpu)
    _, hashing = timed(lambda: {hashed(text) for text in texts}, cpu)
    imported, reading = timed(lambda: read_dialogues(path, preferences=True), cpu)
    report, rules = timed(lambda: lint_files([imported], frozenset(RULES), workers=1 if cpu else workers), cpu)
    assert report.rows == parsed
    return len(report.findings), [loads, hashing, reading, rules]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--rows", type=int, nargs="+", default=[2000, 20000])
    parser.add_argument("--workers", type=int, help="default: as `steady check` does")
    parser.add_argument("--cpu", action="store_true")
    words = parser.parse_args()
    rows = rows_of(words.files)
    print("| rows | MB | json.loads | exact hashing | reading | rules | whole / exact hashing | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for count in words.rows:
            path = Path(name) / "rows.jsonl"
            path.write_text("".join(lines(rows, count)), encoding="utf-8")
            _, (loads, hashing, reading, rules) = measure(path, words.workers, words.cpu)
            size, peak = path.stat().st_size / 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            ratio = (reading + rules) / hashing
            times = f"{loads:.2f} s | {hashing:.2f} s | {reading:.2f} s | {rules:.2f} s | {ratio:.0f}"
            print(f"| {count:,} | {size:.1f} | {times} | {peak:,.0f} |")


if __name__ == "__main__":
    main()
