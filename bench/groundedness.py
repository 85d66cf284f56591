"""S111 on files that people have: what it marks as they stand, and how many altered numbers it finds.

    python -m bench.groundedness FILE... [--seed 0] [--show]

In each dialogue one number of three digits or more is drawn among the answers that follow a tool's result, and all its
digits are drawn anew; the dialogue ends there. A number that nobody stated is found or not: not where the new one too
can be worked out from the numbers before it, which is the more likely the more of them there are. `--show` prints what
is marked in the files as they stand, to be read and judged. Prints one row a file.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from steadyhand.check.dataset import Dataset, Record, dataset_of_files
from steadyhand.check.finding import Finding
from steadyhand.check.groundedness import check_grounds
from steadyhand.datasets.inputs import inputs
from steadyhand.text.numbers import NUMBER, plain

DIGITS, YEARS = 3, range(1900, 2101)


def answers(record: Record) -> Iterator[int]:
    """Where an answer follows a result."""
    for index, message in enumerate(record.messages[1:], 1):
        if message.role == "assistant" and record.messages[index - 1].role == "tool":
            yield index


def altered(record: Record, rng: random.Random) -> tuple[Record, str] | None:
    """The record up to an answer with one number altered, and that number; None where no answer states one."""
    found = [
        (index, match)
        for index in answers(record)
        for match in NUMBER.finditer(record.messages[index].content)
        if len(plain(match[0]).replace(".", "").lstrip("0")) >= DIGITS and not _year(match[0])
    ]
    if not found:
        return None
    index, match = rng.choice(found)
    number = match[0]
    while number == match[0] or _year(number):
        number = "".join(rng.choice("123456789") if char.isdigit() else char for char in match[0])
    answer = record.messages[index]
    answer = replace(answer, content=answer.content[: match.start()] + number + answer.content[match.end() :])
    return replace(record, messages=(*record.messages[:index], answer)), number


def _year(number: str) -> bool:
    return len(number) == len("2000") and number.isdigit() and int(number) in YEARS


def row(path: Path, seed: int, show: bool) -> str:
    """One line of the table."""
    records: Sequence[Record] = [
        record for one in inputs([path]).inputs for record in dataset_of_files([one.read()]).records
    ]
    answering = [record for record in records if next(answers(record), None)]
    marked = list(check_grounds(Dataset(answering)))
    rng = random.Random(seed)
    made = [one for record in answering if (one := altered(record, rng))]
    hits = sum(any(repr(number) in found.message for found in _marks(changed)) for changed, number in made)
    for found in marked if show else ():
        print(f"  {found.place}: {found.message}")
    return f"| {path.name} | {len(records)} | {len(answering)} | {len(marked)} | {hits} of {len(made)} |"


def _marks(record: Record) -> Iterator[Finding]:
    return check_grounds(Dataset([record]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true")
    words = parser.parse_args()
    print("| file | dialogues | with an answer after a result | marked as they stand | altered numbers found |")
    print("|---|---|---|---|---|")
    for path in words.files:
        print(row(path, words.seed, words.show), flush=True)


if __name__ == "__main__":
    main()
