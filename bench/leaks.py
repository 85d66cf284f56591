"""What a random 90/10 split of a data file leaks into its evaluation, and what `steady split` leaves.

    python -m bench.leaks FILE [--seeds 5]

Counts evaluated rows whose first question stands in training word by word or nearly (rules L202 and L205), for several
random splits of single rows and for the grouped split with the same seeds.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from steadyhand.check.dataset import dataset_of_files
from steadyhand.check.leakage_rows import check_exact, check_overlap
from steadyhand.datasets.convert import read_dialogues
from steadyhand.datasets.split import split_rows

SHARE = 0.1


def leaked(train: Sequence[str], held: Sequence[str], folder: Path) -> int:
    """Evaluated rows with a (near-)copy in training."""
    for name, rows in (("train", train), ("eval", held)):
        (folder / f"{name}.jsonl").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    dataset = dataset_of_files(*([read_dialogues(folder / f"{name}.jsonl")] for name in ("train", "eval")))
    found = [*check_overlap(dataset), *check_exact(dataset)]
    return len({one.place.line for one in found if one.code in ("L202", "L205")})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    words = parser.parse_args()
    imported = read_dialogues(words.file)
    print("| seed | random rows | by group |\n|---|---|---|")
    for seed in range(words.seeds):
        made = split_rows(imported, SHARE, seed)
        rows = [*made.train, *made.eval]
        random.Random(seed).shuffle(rows)
        size = round(SHARE * len(rows))
        with tempfile.TemporaryDirectory() as name:
            shares = [leaked(rows[size:], rows[:size], Path(name)) / size,
                      leaked(made.train, made.eval, Path(name)) / len(made.eval)]  # fmt: skip
        print(f"| {seed} | {shares[0]:.0%} | {shares[1]:.0%} |")


if __name__ == "__main__":
    main()
