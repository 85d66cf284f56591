"""Preference training by the number of its groups: tool calls after fine-tuning alone, then with x1, x2, x5 groups.

    python -m experiments.scale                                     examples/uss, as its settings are
    python -m experiments.scale --set sft.scenarios=false           calls are taught by preferences alone
    python -m experiments.scale --domain mine --factors 1,3 --out runs/mine-scale

Every point is a whole `steady run` in one OUT: what points share (the base, the fine-tuned model) is trained and
measured once, a second call does only what is missing, and a killed one goes on where it was. `pairs.max_groups` of the
settings is x1; a point asks for so many groups and may get fewer, where the training scenarios have no more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.ending import ended, parser
from steadyhand.cli.run import Console, settings_of
from steadyhand.errors import UsageError

METRICS = ("tool_call_accuracy", "semantic_anchoring", "general_knowledge")


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    return ended(lambda: print(table(measured(asked.domain, asked.set, factors(asked.factors), asked.out))))


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    asked = parser(__doc__, "runs/scale")
    asked.add_argument("--factors", default="1,2,5", help="multiples of pairs.max_groups")
    asked.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of `steady run`")
    return asked.parse_args(words)


def factors(text: str) -> list[int]:
    """Whole numbers from 1 on, separated by commas. Raises UsageError."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) for word in words):
        raise UsageError(f"not whole numbers from 1 on: {text!r}", where="--factors", next="for example 1,2,5")
    return [int(word) for word in words]


def measured(folder: Path, sets: Sequence[str], multiples: Sequence[int], out: Path) -> list[dict[str, Any]]:
    """A row for the base, one for fine-tuning alone, then one for each multiple: `groups` and METRICS."""
    from steadyhand.flow.outcome import outcome
    from steadyhand.flow.run import run

    rows: list[dict[str, Any]] = []
    single = settings_of(folder, sets).pairs.max_groups
    for multiple in multiples:
        settings = settings_of(folder, [*sets, f"pairs.max_groups={multiple * single}"])
        console = Console()
        with console.closing():
            desk = run(folder, settings, out, console)
        models = outcome(desk)["models"]
        if not rows:
            rows += [_row(name, 0, models[name]) for name in ("base", "sft")]
        groups = (desk.artifact("pairs") / "groups.jsonl").read_text("utf-8").count("\n")
        rows.append(_row(f"dpo x{multiple}", groups, models["dpo"]))
    return rows


def _row(name: str, groups: int, metrics: dict[str, Any]) -> dict[str, Any]:
    return {"model": name, "groups": groups} | {metric: metrics.get(metric) for metric in METRICS}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: share, 95 % interval and number asked."""
    lines = [f"| model | groups | {' | '.join(METRICS)} |", f"|---|---|{'---|' * len(METRICS)}"]
    for row in rows:
        cells = (_cell(row[metric]) for metric in METRICS)
        lines.append(f"| {row['model']} | {row['groups']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(metric: dict[str, Any] | None) -> str:
    if metric is None or metric["value"] is None:
        return "-"
    between = f" [{100 * metric['low']:.1f}, {100 * metric['high']:.1f}]" if metric["low"] is not None else ""
    return f"{100 * metric['value']:.1f} %{between} n={metric['n']}"


if __name__ == "__main__":
    sys.exit(main())
