"""False alarms of `steady check`, by rule: what does it say of rows in which nothing is wrong?

    python -m bench.false_alarms [--rows 2000] [--seed 0]

Generates clean rows (bench/planting/clean.py says in which sense) and checks them as a user would: dialogues and calls
in one file, judged pairs in another, training rows beside evaluated ones, and rows with thinking rendered by the
embedded model's template. Counts per rule the rows that it marks, of those that it looked at. Notes are no alarms. The
rules about domain folders (K, D106, D108, S105, S107, L203, L204) are not in it: bench/planted.py checks clean twins of
folders. Prints a table; exit 1 when errors mark more than one row in a thousand.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.planting.clean import Row, calling_rows, judged_rows, plain_rows
from bench.planting.templates import rendering, thoughtful
from steadyhand.check.lint import LintReport, lint_files
from steadyhand.check.rules import RULES
from steadyhand.datasets.convert import Imported, read_dialogues

MOST = 0.001
FOLDERS_ONLY = frozenset(
    ["K301", "K302", "K303", "K304", "K305", "K306", "D106", "D108", "S105", "S107", "L203", "L204"]
)


def read(rows: Sequence[Row], path: Path) -> Imported:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return read_dialogues(path, preferences=True)


def reports(rows: int, seed: int, folder: Path) -> dict[str, LintReport]:
    """The letters of the rules that a check is about -> what it said."""
    every = frozenset(RULES)
    half = rows // 2
    dialogues = read([*plain_rows(half, seed), *calling_rows(rows - half, seed)], folder / "dialogues.jsonl")
    pairs = read(judged_rows(rows, seed), folder / "pairs.jsonl")
    train = read(plain_rows(rows, seed + 1), folder / "train.jsonl")
    held = read(calling_rows(rows, seed + 1), folder / "eval.jsonl")
    thinking = read(list(map(thoughtful, plain_rows(rows, seed + 2))), folder / "thinking.jsonl")
    return {
        "RDNSQ": lint_files([dialogues], every),
        "P": lint_files([pairs], every),
        "L": lint_files([train], every, held_out=[held]),
        "T": lint_files([thinking], every, rendering()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = reports(words.rows, words.seed, Path(name))
    marked: Counter[str] = Counter()
    for report in made.values():
        places = {(found.code, found.place) for found in report.findings if found.severity != "note"}
        marked.update(code for code, _ in places)
    total = sum(report.rows for report in made.values())
    print("| rule | severity | rows marked | of |\n|---|---|---|---|")
    looked = {code: words.rows if code[0] in "PT" else total for code in sorted(RULES) if code not in FOLDERS_ONLY}
    for code, rows in looked.items():
        if RULES[code].severity != "note":
            print(f"| {code} | {RULES[code].severity} | {marked[code]} | {rows} |")
    errors = sum(count for code, count in marked.items() if RULES[code].severity == "error")
    warnings = marked.total() - errors
    print(f"\n{total} rows: errors mark {errors} ({errors / total:.3%}), warnings {warnings} ({warnings / total:.3%})")
    return int(errors > MOST * total)


if __name__ == "__main__":
    sys.exit(main())
