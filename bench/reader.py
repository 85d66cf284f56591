"""Trains a model to read reports, for `python -m bench.claims --model OUT`: alone, and as a second reader.

    python -m bench.reader OUT [--base steady-nano] [--epochs 3] [--alone]

Trains on the rows of `examples.uss.make.reading`, made of the labeled set's development part and templates, beside all
that the example teaches anyway: one model has to do both. With --alone only the reading is taught, which is the most
that a model of this size can do. Settings are the example's. One thread is enough; prints seconds and last figures.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Mapping
from pathlib import Path

from examples.uss.make.build import FOLDER
from examples.uss.make.reading import reading_rows
from steadyhand.cards.rows import sft_rows
from steadyhand.chat.messages import Message
from steadyhand.datasets.folder import load
from steadyhand.domain.rows import Row
from steadyhand.settings.filled import filled
from steadyhand.settings.resolve import resolve


def reading() -> list[Row]:
    messages = [tuple(Message(m["role"], m["content"]) for m in row["messages"]) for row in reading_rows()]
    return [Row(one, (), f"rehearsal:{number}") for number, one in enumerate(messages)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", default="steady-nano")
    parser.add_argument("--epochs", type=int, default=3, help="how often each question is shown")
    parser.add_argument("--alone", action="store_true")
    args = parser.parse_args()
    from steadyhand.train.objectives.sft import train_sft

    settings = resolve(FOLDER).settings
    given, seed = settings.sft, settings.seed
    rows = reading() * args.epochs
    if not args.alone:
        domain, repeats = load(FOLDER), given.card_repeats
        rows += sft_rows(domain, scenarios=given.scenarios, rehearsal=given.rehearsal, seed=seed, card_repeats=repeats)
    random.Random(seed).shuffle(rows)
    began, last = time.monotonic(), dict[str, float]()

    def note(done: int, total: int, figures: Mapping[str, float]) -> None:
        last.update(figures)

    train_sft(args.base, rows, filled(given, settings, seed=seed), args.out, note)
    print(json.dumps({"rows": len(rows), "seconds": round(time.monotonic() - began), "last": last}))


if __name__ == "__main__":
    main()
