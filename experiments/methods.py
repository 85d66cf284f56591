"""Every tuning method on one domain with one budget, side by side.

    python -m experiments.methods                          the stated budget: 240 steps of 2,048 tokens each
    python -m experiments.methods --steps 4 --limit 4      a smoke run
    python -m experiments.methods --methods base,lora,dora --out runs/three

Prints one table: trained parameters, seconds, peak memory (the process's, at the end of training), size on disk, strict
tool calls, anchoring, public facts. Every cell is a process of its own and is kept in OUT; a second run does only what
is missing, and a killed training goes on at its last checkpoint. Learning rates are of the usual order for each method
and not tuned, so the table compares methods at these rates, not at their best. Seconds mean something only on a
machine that does nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.cell import BASE, BATCH_TOKENS, RATES, Budget
from experiments.ending import ended
from steadyhand.errors import EXIT_INTERRUPTED, JobError, SteadyError, UsageError

VERSION = 1  # raised when cells of older code no longer compare with new ones
HEAD = (
    "method",
    "rate",
    "trained",
    "seconds",
    "peak MB",
    "disk MB",
    "tool calls",
    "anchoring",
    "public facts",
    "merged",
)


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    return ended(lambda: _compare(asked))


def _compare(asked: argparse.Namespace) -> None:
    _refuse(asked)
    methods = chosen(asked.methods)
    budget = Budget(asked.steps, asked.limit, asked.seed)
    rows = [
        cell(method, budget, asked.domain, asked.out, f"[{i} of {len(methods)}]") for i, method in enumerate(methods, 1)
    ]
    print(table(rows))
    taken = max((row.get("steps", 0) for row in rows), default=0)
    print(f"\nrows for {asked.steps} steps of {BATCH_TOKENS:,} tokens, seed {asked.seed} (whole rows: {taken} steps)")
    print(f"passed of asked, at most {asked.limit or 'all'} scenarios and public probes; every cell in {asked.out}")
    if "qlora" not in methods:
        print("qlora is left out: it needs a CUDA device and bitsandbytes")


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domain", type=Path, default=Path("examples/uss"))
    parser.add_argument("--out", type=Path, default=Path("runs/methods"))
    parser.add_argument("--methods", default="", help="comma-separated; all that this machine can run by default")
    parser.add_argument("--steps", type=int, default=240, help="optimiser steps of 2,048 tokens")
    parser.add_argument("--limit", type=int, default=120, help="held-out scenarios and public probes asked; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(words)


def _refuse(asked: argparse.Namespace) -> None:
    if asked.steps < 1 or asked.limit < 0:
        raise UsageError("there must be a step at least, and no negative limit", where="--steps, --limit")
    if not asked.domain.is_dir():
        raise UsageError("not a domain folder", where=str(asked.domain), next="for instance --domain examples/uss")


def chosen(names: str) -> list[str]:
    """The methods in their order, the untrained base first. Raises UsageError for an unknown one."""
    if not names:
        from steadyhand.models.quantised import require

        try:
            require()
        except SteadyError:
            return [BASE, *(name for name in RATES if name != "qlora")]
        return [BASE, *RATES]
    found = [name.strip() for name in names.split(",")]
    for name in found:
        if name not in (BASE, *RATES):
            raise UsageError(
                f"no such method: {name!r}", where="--methods", next=f"choose from {BASE}, {', '.join(RATES)}"
            )
    return found


def cell(method: str, budget: Budget, domain: Path, out: Path, position: str) -> dict[str, Any]:
    """The figures of one cell, from disk when they are there. Raises JobError when its process fails."""
    place = out / f"{method}-{key(method, budget, domain)}"
    figures = place / "figures.json"
    if figures.is_file():
        print(f"{position} {method}: done before", file=sys.stderr)
    else:
        print(f"{position} {method}", file=sys.stderr, flush=True)
        words = [method, RATES.get(method, 0.0), budget.steps, budget.limit, budget.seed, domain, place]
        code = subprocess.run([sys.executable, "-m", "experiments.cell", *map(str, words)], check=False).returncode
        if code == EXIT_INTERRUPTED:
            raise KeyboardInterrupt
        if code:
            raise JobError(f"the cell {method} ended with exit code {code}", next="see above; run again to go on")
    return json.loads(figures.read_text("utf-8"))  # type: ignore[no-any-return]


def key(method: str, budget: Budget, domain: Path) -> str:
    """Names all that a cell depends on but the code: method, rate, budget and every file of the domain."""
    total = hashlib.sha256(repr((VERSION, method, RATES.get(method), budget)).encode())
    for path in sorted(path for path in domain.rglob("*") if path.suffix in (".toml", ".yaml", ".json", ".jsonl")):
        total.update(str(path.relative_to(domain)).encode() + path.read_bytes())
    return total.hexdigest()[:12]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown; a dash where a cell has no such figure."""
    lines = [_line(row) for row in rows]
    cells = [HEAD, tuple("---" if i == 0 else "---:" for i in range(len(HEAD))), *lines]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEAD))]
    return "\n".join(
        "| " + " | ".join(text.rjust(w) for text, w in zip(line, widths, strict=True)) + " |" for line in cells
    )


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    def share(name: str) -> str:
        k, n = row.get(name, (None, 0))
        return f"{k}/{n} {100 * k / n:.1f} %" if n and k is not None else "-"

    def plain(name: str, form: str) -> str:
        return format(row[name], form) if name in row else "-"

    merged = ("yes" if row["merged"] else "no") if row["method"] not in (BASE, "full") else "-"
    return (
        row["method"], plain("rate", "g"), plain("trained", ",d"), plain("seconds", ".1f"), plain("peak_mb", ",d"),
        plain("size_mb", ".2f"), share("tool_call_accuracy"), share("semantic_anchoring"), share("general_knowledge"),
        merged,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
