"""Writes preference groups made of logged bad cases into a domain's preferences/, and reads them back before that."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.badcases.fork import Fork, NotForkedError, fork
from steadyhand.badcases.steps import gold_of
from steadyhand.badcases.worklist import LOG, Worklist
from steadyhand.chat.messages import Json
from steadyhand.datasets.folder import load, read_judged
from steadyhand.domain.dialogues import read_scenario
from steadyhand.errors import JobError, UsageError
from steadyhand.files import read_text
from steadyhand.source.jsonfile import read_jsonl

FILE = Path("preferences") / "badcases.jsonl"
SCENARIOS = Path("scenarios") / "badcases.jsonl"


@dataclass
class Made:
    """`left_out`: reason -> cases that made no group. `path`: where the groups were written."""

    path: Path
    forks: list[Fork] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def make_groups(found: Worklist, folder: Path, to: Path | None = None, *, scenarios: bool = False) -> Made:
    """One group, or scenario, for each logged case with a right answer. Raises UsageError for a worklist of no log."""
    if found.model != LOG:
        after = "name a file of logs; `steady badcases traces` makes one of an evaluation (measure by others then)"
        raise UsageError("groups are made of logs", next=after)
    domain = load(folder)
    gold, made = gold_of(domain), Made(to or folder / (SCENARIOS if scenarios else FILE))
    seen: set[str] = set()
    for row in found.rows:
        if row.case.id in seen:
            made.left_out["the same answer in the same state as another case"] += 1
            continue
        seen.add(row.case.id)
        try:
            made.forks.append(fork(row, found.logged[row.case.subject], domain, gold))
        except NotForkedError as error:
            made.left_out[str(error)] += 1
    if made.forks:
        _write(made.path, made.forks, scenarios)
    return made


def _write(path: Path, forks: Sequence[Fork], scenarios: bool) -> None:
    """Groups of earlier calls stay, those of the same cases are replaced; in one step, after they were read back."""
    rows = {row["id"]: row for row in _existing(path)}
    rows |= {row["id"]: row for row in (one.to_scenario() if scenarios else one.to_json() for one in forks)}
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".badcases-") as folder:
        part = Path(folder) / path.name
        part.write_text(text, "utf-8")
        (_scenarios_back if scenarios else _read_back)(part, forks)
        part.replace(path)


def _existing(path: Path) -> list[dict[str, Json]]:
    """The groups in the file. Raises UsageError where it holds rows that were not made here."""
    rows = [json.loads(line) for line in read_text(path).split("\n") if line.strip()] if path.is_file() else []
    if not all(isinstance(row, dict) and str(row.get("source", "")).startswith("badcase/") for row in rows):
        what = "the file holds rows that were not made of bad cases"
        raise UsageError(what, where=str(path), next="choose another file with --to")
    return rows


def _read_back(path: Path, forks: Sequence[Fork]) -> None:
    """What training will read is the state in which the worse answer was given, message by message."""
    read = {
        str(json.loads(line)["id"]): row
        for line, row in zip(read_text(path).splitlines(), read_judged(path), strict=True)
    }
    for one in forks:
        row = read[one.to_json()["id"]]
        same = (row.prompt, row.tools, row.chosen, row.rejected) == (
            one.messages, one.tools, one.chosen, (one.rejected,),
        )  # fmt: skip
        if not same:
            what = f"the group of {one.row.case.id} would not be read back as it was forked"
            raise JobError(what, where=str(path), next="please report it; nothing was written")


def _scenarios_back(path: Path, forks: Sequence[Fork]) -> None:
    read = {scenario.id: scenario for scenario in map(read_scenario, read_jsonl(read_text(path), str(path)))}
    for one in forks:
        scenario = read[one.to_scenario()["id"]]
        if scenario.messages != (*one.messages, one.chosen) or scenario.tools != tuple(tool.name for tool in one.tools):
            what = f"the scenario of {one.row.case.id} would not be read back as it was forked"
            raise JobError(what, where=str(path), next="please report it; nothing was written")
