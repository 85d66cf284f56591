"""The commands of the loop, each shown before it runs, as a person would type it. What was measured is kept by what it
was measured on, so that a loop that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.uss.loop.samples import HERE, add_tool
from examples.uss.make.build import as_jsonl
from steadyhand.badcases.worklist import worklist
from steadyhand.cli import main
from steadyhand.errors import JobError, PrerequisiteError
from steadyhand.files import read_text
from steadyhand.flow.sign_off import evaluation_of, report_of
from steadyhand.ledger.result import Evaluation

Row = dict[str, Any]
REPEATED = 8  # of the cards of the first round every eighth is taught again
UNTIMED = ("--set", "eval.determinism_items=0")  # a sample is asked once


def steady(*words: str | Path, fine: Sequence[int] = (0,)) -> None:
    """Raises JobError for another exit code than those that are `fine`."""
    command = ["steady", *map(str, words)]
    print(f"$ {shlex.join(command)}", flush=True)
    status = main(command[1:])
    if status not in fine:
        raise JobError(f"`{shlex.join(command)}` ended with {status}", next="its own message says why; then run again")


@dataclass(frozen=True)
class Measured:
    """An evaluation, and the file that it is kept in."""

    path: Path
    found: Evaluation


def measured(model: Path, sample: Path) -> Measured:
    """What the model does with a sample. Kept beside it under the hash of both."""
    asked = [model / "model.safetensors", *sorted(sample.glob("tools/*")), sample / "scenarios/eval.jsonl"]
    key = hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in asked)).hexdigest()[:12]
    kept = sample / f"{key}.json"
    if not kept.is_file():
        steady("eval", "--model", model, "--domain", sample, "--save", kept, *UNTIMED)
    return Measured(kept, Evaluation.from_json(json.loads(read_text(kept))))


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in read_text(path).splitlines()]


def matched(cases: Path, decisions: Path, to: Path) -> int:
    """The expert's decisions on the cases that are there, by the number of their rows; how many nobody decided."""
    known: Mapping[str, Row] = {row["case"]: row for row in rows(decisions)}
    told = [(number, known.get(str(case["id"]))) for number, case in enumerate(rows(cases), 1)]
    decided = [{key: value for key, value in row.items() if key != "case"} | {"row": n} for n, row in told if row]
    to.write_text(as_jsonl(decided), "utf-8", newline="\n")
    return len(told) - len(decided)


def grow(domain: Path, folder: Path) -> Path:
    """The domain of the next round: the first one's with the new tool, its settings, and fewer of its cards."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(domain, folder)
    add_tool(folder)
    cards = folder / "knowledge" / "cards.jsonl"
    cards.write_text(as_jsonl(rows(cards)[::REPEATED]), "utf-8", newline="\n")
    shutil.copy(HERE / "loop.toml", folder / "steady.toml")
    return folder


FORMS: Mapping[str, str] = {
    "groups": "preferences/review.jsonl", "scenarios": "scenarios/review.jsonl", "cards": "knowledge/review.jsonl",
}  # fmt: skip


def learn(cases: Path, folder: Path) -> None:
    """What was decided, as rows of the domain. A decision makes a card where no tool is on offer, and no row of a form
    that does not fit it: those are counted, and are no failure."""
    for form, to in FORMS.items():
        point = ("--point", "uss.level") if form == "cards" else ()
        steady("review", "export", cases, "--as", form, "--to", folder / to, *point, fine=(0, 1))


def counted(met: Path, log: Path, folder: Path) -> Row:
    """What came of what was met: dialogues, bad cases by category, and rows to learn from by form."""
    found = worklist(log, domain=met)
    learned = {form: len(rows(path)) if (path := folder / to).is_file() else 0 for form, to in FORMS.items()}
    return {
        "met": len({row["conversation_id"] for row in rows(log)}), "cases": len(found.rows), "learned": learned,
        "categories": dict(Counter(row.category.id for row in found.rows).most_common()),
        "names": {row.category.id: dict(row.category.name) for row in found.rows},
    }  # fmt: skip


def elsewhere(model: Path, run: Path) -> tuple[Evaluation, Evaluation]:
    """What was held out before the change, answered before the round and after it. Before: as the model's own run
    measured it, else as this round measured its base, which is given a clarifying turn."""
    report = report_of(run)
    try:
        before = evaluation_of(model)
    except PrerequisiteError:
        before = report.evaluations["base"]
    return before, evaluation_of(run)
