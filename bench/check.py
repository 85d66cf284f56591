"""How long `steady check` takes, as a multiple of exact hashing of the same rows in the same run, and how that grows.

    python -m bench.check FILE.json... [--rows 10000 100000 1000000] [--workers 2] [--select Q105]

The rows are grown from those of the files (`bench/grown.py`): all distinct, a twentieth of them near-copies, in sets of
any size. Exact hashing is what finds equal rows and nothing else: `json.loads`, JSON with sorted keys, SHA-256, line by
line. `reading` turns rows into records, `rules` are all rules that need no model. A ratio is seconds on the clock over
seconds on the clock; where other work runs on the machine, look at processor seconds (all processes together), which
`cpu` gives. Checking runs in a process of its own, and peak memory is that of it and its workers, what they share
counted once (PSS, looked at twice a second).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from bench.grown import lines, rows_of
from steadyhand.check.lint import lint_files
from steadyhand.check.rules import selected
from steadyhand.datasets.convert import read_dialogues

Value = TypeVar("Value")
LOOK = 0.5  # seconds between two looks at the memory
TICK = 0.01  # seconds of processor time that the kernel counts in: less cannot be told from nothing


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock, and of all processors for this process and its workers."""

    wall: float
    cpu: float


def timed(work: Callable[[], Value]) -> tuple[Value, Spent]:
    before, begin = os.times(), time.perf_counter()
    value = work()
    wall, after = time.perf_counter() - begin, os.times()
    return value, Spent(wall, sum(after[:4]) - sum(before[:4]))


def hashed(path: Path) -> int:
    """The number of distinct rows."""
    with path.open(encoding="utf-8") as file:
        return len({hashlib.sha256(json.dumps(json.loads(line), sort_keys=True).encode()).digest() for line in file})


def checked(path: Path, workers: int | None, select: list[str]) -> dict[str, object]:
    """What `steady check` spends on a file, and what it finds."""
    imported, reading = timed(lambda: read_dialogues(path, preferences=True))
    report, rules = timed(lambda: lint_files([imported], selected(select, []), workers=workers))
    near = len({found.place.line for found in report.findings if found.code.startswith("N")})
    return {"reading": asdict(reading), "rules": asdict(rules), "rows": report.rows, "near": near}


def apart(path: Path, workers: int | None, select: list[str]) -> tuple[dict[str, object], float]:
    """`checked` in a process of its own; and the most memory that it and its workers took, in MB."""
    command = [sys.executable, "-m", "bench.check", str(path), "--apart", "--select", *select]
    command += ["--workers", str(workers)] if workers else []
    most = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            most = max(most, memory(process.pid))
            time.sleep(LOOK)
        assert process.stdout is not None
        return json.loads(process.stdout.read()), most


def memory(pid: int) -> float:
    """MB of a process and its children, what they share counted once. 0 for one that has just ended."""
    try:
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().split("\n")[1:-1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, ValueError):
        return 0.0
    return int(fields["Pss"].split()[0]) / 1024 + sum(memory(int(child)) for child in children)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, help="default: as `steady check` does")
    parser.add_argument("--select", nargs="*", default=[], help="only these rules: codes or their beginnings")
    parser.add_argument("--apart", action="store_true", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.apart:
        print(json.dumps(checked(words.files[0], words.workers, words.select)))
        return
    rows = rows_of(words.files)
    print("| rows | MB | near-copies | hashing | reading | rules | cpu: hashing | reading | rules | rules / hashing "
          "| cpu | all / hashing | cpu | peak MB |")  # fmt: skip
    print("|---|" + "---|" * 13)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "rows.jsonl"
        for count in words.rows:
            with path.open("w", encoding="utf-8") as file:
                file.writelines(lines(rows, count))
            print(row_of(path, words.workers, words.select), flush=True)


def row_of(path: Path, workers: int | None, select: list[str]) -> str:
    """One line of the table."""
    _, hashing = timed(lambda: hashed(path))
    hashing = Spent(max(hashing.wall, TICK), max(hashing.cpu, TICK))
    found, peak = apart(path, workers, select)
    reading, rules = Spent(**found["reading"]), Spent(**found["rules"])  # type: ignore[arg-type]
    cells = [f"{found['rows']:,}", f"{path.stat().st_size / 1e6:.0f}", f"{found['near']:,}"]
    cells += [f"{spent.wall:.1f} s" for spent in (hashing, reading, rules)]
    cells += [f"{spent.cpu:.1f} s" for spent in (hashing, reading, rules)]
    cells += [f"{rules.wall / hashing.wall:.1f}", f"{rules.cpu / hashing.cpu:.1f}"]
    cells += [f"{(reading.wall + rules.wall) / hashing.wall:.1f}", f"{(reading.cpu + rules.cpu) / hashing.cpu:.1f}"]
    return f"| {' | '.join(cells)} | {peak:,.0f} |"


if __name__ == "__main__":
    main()
