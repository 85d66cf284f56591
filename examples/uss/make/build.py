"""Puts the generated files together and writes them. Knows file names and formats, no content."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from examples.uss.make.anchoring import CLARIFY, anchoring_probes
from examples.uss.make.cards import cards
from examples.uss.make.public import public_probes, rehearsal
from examples.uss.make.scenarios import scenarios

Row = dict[str, Any]
FOLDER = Path(__file__).parents[1]


def as_jsonl(rows: list[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_probes(rows: list[Row], **more: Row) -> str:
    head = "# Written by `python -m examples.uss.make`; do not edit.\n"
    copied = json.loads(json.dumps({**more, "probes": rows}))  # YAML writes no references for lists of their own
    return head + yaml.safe_dump(copied, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None)


WRITERS: dict[str, Callable[[], str]] = {
    "knowledge/cards.jsonl": lambda: as_jsonl(cards()),
    "scenarios/train.jsonl": lambda: as_jsonl(scenarios("train")),
    "scenarios/eval.jsonl": lambda: as_jsonl(scenarios("eval")),
    "probes/anchoring.yaml": lambda: as_probes(anchoring_probes(), clarify=CLARIFY),
    "probes/public.yaml": lambda: as_probes(public_probes()),
    "rehearsal/general.jsonl": lambda: as_jsonl(rehearsal()),
}


def build() -> dict[str, str]:
    """The generated files' texts by path in the folder."""
    return {path: write() for path, write in WRITERS.items()}


def write(folder: Path) -> None:
    for path, text in build().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
        print(f"{folder / path}: written")
