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
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments import kept
from experiments.cell import BASE, BATCH_TOKENS, RATES, Budget
from experiments.ending import ended, parser
from steadyhand.errors import SteadyError, UsageError

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
    asked = parser(__doc__, "runs/methods")
    asked.add_argument("--methods", default="", help="comma-separated; all that this machine can run by default")
    asked.add_argument("--steps", type=int, default=240, help="optimizer steps of 2,048 tokens")
    asked.add_argument("--limit", type=int, default=120, help="held-out scenarios and public probes asked; 0: all")
    asked.add_argument("--seed", type=int, default=0)
    return asked.parse_args(words)


def _refuse(asked: argparse.Namespace) -> None:
    if asked.steps < 1 or asked.limit < 0:
        raise UsageError("there must be a step at least, and no negative limit", where="--steps, --limit")
    if not asked.domain.is_dir():
        raise UsageError("not a domain folder", where=str(asked.domain), next="for instance --domain examples/uss")


def chosen(names: str) -> list[str]:
    """The methods in their order, the untrained base first. Raises UsageError for an unknown one."""
    if not names:
        from steadyhand.models.loading.quantized import require

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
    """The figures of one cell. Raises JobError when its process fails."""
    place = out / f"{method}-{key(method, budget, domain)}"
    words = [method, RATES.get(method, 0.0), budget.steps, budget.limit, budget.seed, domain, place]
    return kept.figures("experiments.cell", method, words, place, position)


def key(method: str, budget: Budget, domain: Path) -> str:
    """Names all that a cell depends on but the code: method, rate, budget and every file of the domain."""
    return content_key((VERSION, method, RATES.get(method), budget), domain)


def content_key(budget: object, domain: Path) -> str:
    total = hashlib.sha256(repr(budget).encode())
    for path in sorted(path for path in domain.rglob("*") if path.suffix in (".toml", ".yaml", ".json", ".jsonl")):
        total.update(str(path.relative_to(domain)).encode() + path.read_bytes())
    return total.hexdigest()[:12]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown; a dash where a cell has no such figure."""
    return kept.markdown(HEAD, [_line(row) for row in rows])


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    def plain(name: str, form: str) -> str:
        return format(row[name], form) if name in row else "-"

    merged = ("yes" if row["merged"] else "no") if row["method"] not in (BASE, "full") else "-"
    shares = [kept.share(row, name) for name in ("tool_call_accuracy", "semantic_anchoring", "general_knowledge")]
    return (
        row["method"], plain("rate", "g"), plain("trained", ",d"), plain("seconds", ".1f"), plain("peak_mb", ",d"),
        plain("size_mb", ".2f"), *shares, merged,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
