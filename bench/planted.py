"""Planted defects: which does `steady check` find, and what does it say of what is clean?

    python -m bench.planted [ALPACA.json TOOLCALLS.json] [--each 10] [--seed 0]

Three suites. *Rows*: each kind of defect is planted into `each` clean rows among 60 untouched ones; it counts as found
when its own rule names its own line. *Sets* and *domains*: a whole data set or folder with one defect beside its clean
twin; found when its own rule names the due places, and in the twin nothing at all may be found (notes apart). With two
files (an Alpaca one, and a ShareGPT one with tools) the rows are theirs, as far as nothing is found in them; else they
are generated. What is said about an untouched row and was not said without the defects is a false alarm. Prints a
table; exit 1 on a miss or a false alarm.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.planting.cases import CASES, Case, said_of
from bench.planting.clean import calling_rows, plain_rows
from bench.planting.rows import KINDS, Kind, Row, turns
from steadyhand.check.lint import LintReport, lint_files
from steadyhand.check.rules import RULES
from steadyhand.datasets.convert import read_dialogues

BESIDE, GENERATED = 60, 400
Line = str | bytes


@dataclass(frozen=True)
class Result:
    code: str
    name: str
    planted: int
    found: int
    alarms: int


OF_ALL = {"S108"}  # says something of all rows: with those planted a tool may be on offer often enough


def lint(lines: Iterable[Line], folder: Path) -> LintReport:
    path = folder / "rows.jsonl"
    path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    return lint_files([read_dialogues(path, preferences=True)], frozenset(RULES))


def clean_rows(rows: Sequence[Row], folder: Path) -> list[Row]:
    """The rows in which nothing is found."""
    report = lint([json.dumps(row, ensure_ascii=False) for row in rows], folder)
    marked = {found.place.line for found in report.findings}
    return [row for line, row in enumerate(rows, 1) if line not in marked]


def trial(
    kind: Kind, plain: list[Row], calling: list[Row], each: int, around: int, rng: random.Random, folder: Path
) -> Result:
    """One kind planted into `each` rows; the rows beside them stand in the same file, without and with defects."""
    victims = rng.sample(calling if kind.tools else plain, each)
    beside = [row for row in rng.sample(plain, around // 2) + rng.sample(calling, around // 2) if row not in victims]
    lines: list[Line] = [json.dumps(row, ensure_ascii=False) for row in beside]
    before = {(found.code, found.place.line) for found in lint(lines, folder).findings}
    due = set()
    for row in victims:
        made = kind.plant(copy.deepcopy(row))
        for part in made if isinstance(made, tuple) else (made,):
            lines.append(part if isinstance(part, str | bytes) else json.dumps(part, ensure_ascii=False))
        due.add(len(lines))
    said = {(found.code, found.place.line) for found in lint(lines, folder).findings}
    found = sum((kind.code, line) in said for line in due)
    new = (code for code, line in said - before if line <= len(beside) and RULES[code].severity != "note")
    return Result(kind.code, kind.name, each, found, sum(code not in OF_ALL for code in new))


def results(plain: Sequence[Row], calls: Sequence[Row], each: int, seed: int, beside: int = BESIDE) -> list[Result]:
    """The suite of rows."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone = [row for row in clean_rows(plain, folder) if not row.get("input") and not row.get("history")]
        calling = [row for row in clean_rows(calls, folder) if _answers_a_call(row)]
        return [trial(kind, alone, calling, each, beside, rng, folder) for kind in KINDS]


def _answers_a_call(row: Row) -> bool:
    """Whether the row begins with a question, a call to a tool that requires arguments, and its result."""
    if [turn["from"] for turn in turns(row)][:3] != ["human", "function_call", "observation"]:
        return False
    name = json.loads(turns(row)[1]["value"])["name"]
    return any(tool["name"] == name and tool["parameters"].get("required") for tool in json.loads(row["tools"]))


def case_result(case: Case) -> Result:
    """A set or domain with its defect, and without."""
    with tempfile.TemporaryDirectory() as name:
        said = said_of(case, Path(name) / "planted", planted=True)
        clean = said_of(case, Path(name) / "clean", planted=False)
    found = sum((case.code, *place) in said for place in case.due)
    alarms = sum(1 for code, _, _ in clean if code == case.code or RULES[code].severity != "note")
    return Result(case.code, case.name, len(case.due), found, alarms)


def generated() -> tuple[list[Row], list[Row]]:
    return plain_rows(GENERATED), calling_rows(GENERATED)


def _files(paths: Sequence[Path]) -> tuple[list[Row], list[Row]]:
    alpaca, toolcalls = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    return alpaca, toolcalls


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    if len(words.files) not in (0, 2):
        parser.error("name an Alpaca file and a ShareGPT file with tools, or none")
    rows = _files(words.files) if words.files else generated()
    made = [*results(*rows, words.each, words.seed), *map(case_result, CASES)]
    print("| defect | rule | found | false alarms |\n|---|---|---|---|")
    for one in made:
        print(f"| {one.name} | {one.code} | {one.found} of {one.planted} | {one.alarms} |")
    found, planted, alarms = (sum(getattr(one, key) for one in made) for key in ("found", "planted", "alarms"))
    rules = len({one.code for one in made})
    print(f"\n{len(made)} kinds under {rules} rules: {found} of {planted} found, {alarms} false alarms")
    return int(found < planted or alarms > 0)


if __name__ == "__main__":
    sys.exit(main())
