"""Real documents through the agent, against the real USS over HTTP: how each run ends, and what gets written.

    python -m bench.documents DOCUMENTS.jsonl [--without peer-test] [--every 1]

A document is a JSON object a line with `text`, `expected` and `optional`, each of the latter {domains, ips, urls}: the
format of `bench/extract.py`; those of the stratum `--without` are left out. Approvals and caps are off and
every transition is allowed, so that the agent writes as much as it ever could. Counted is

    state       how each run ended; then each document is taken again, and must end as before without a further write
    written     entities that USS holds feedback about afterwards; each must stand in its document, by the labels
                (expected or optional), and after refanging by plain search in the text
    table       the entities of the agent's table against the labels: precision, recall, F1, documents without an error

Prints JSON; exit 1 when a run ended in no clear state, a write stands in no document, or the second pass wrote.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.attacks import FOLDER, start
from bench.extract import KINDS, errors, same
from examples.uss.service.names import canonical
from steadyhand.agent.audit import Log, verify
from steadyhand.agent.config import writing_agent
from steadyhand.agent.ending import Run
from steadyhand.agent.session import Session
from steadyhand.text.normal import refang
from steadyhand.tools.config import bind

KIND = {"domain": "domains", "ip": "ips", "uri": "urls"}
STATES = ("complete", "waiting", "incomplete")
FREE = {
    "approval": False, "per_run": 100_000, "per_day": 10_000_000,
    "transitions": ("not_found->unsafe", "safe->unsafe", "unsafe->safe"),
}  # fmt: skip


def documents(path: Path, without: str, every: int) -> list[Any]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [row for row in rows if not without or row.get("stratum") != without][::every]


def measure(folder: Path, rows: list[Any]) -> dict[str, Any]:
    agent = writing_agent(FOLDER)
    kinds = ("domain", "ip", "uri")
    extract = agent.plan.extract.model_copy(update={"kinds": kinds})
    plan = agent.plan.model_copy(update={"extract": extract, "entities": 10_000})
    agent = agent.model_copy(update={"policy": agent.policy.model_copy(update=FREE), "plan": plan})
    log = Log(folder / "audit.jsonl")
    began = time.perf_counter()
    with bind(agent, FOLDER) as tools:
        session = Session(agent, tools, log)
        runs = [session.take(row["text"], send=True) for row in rows]
        seconds, filed = time.perf_counter() - began, feedback(folder)
        again = [session.take(row["text"], send=True) for row in rows]
    log.close()
    written = [one for run, row in zip(runs, rows, strict=True) for one in strays(run, row)]
    moved = sum(_ends(first) != _ends(second) for first, second in zip(runs, again, strict=True))
    return {
        "documents": len(rows), "characters": sum(len(row["text"]) for row in rows),
        "entities": sum(len(run.rows) for run in runs), "states": Counter(run.state for run in runs),
        "endings": Counter(f"{row.ending.value} {row.code}".strip() for run in runs for row in run.rows),
        "what failed": {row.entity: row.detail for run in runs for row in run.rows if row.ending.value == "failed"},
        "feedback that USS holds": len(filed), "written but not in the document": written,
        "not asked for by any run": sorted(
            filed - {spelled(row.entity) for run in runs for row in run.rows if row.key}
        ),
        "second pass: documents that ended otherwise": moved,
        "second pass: further feedback": len(feedback(folder)) - len(filed), "table": table(runs, rows),
        "records in a whole log": verify(folder / "audit.jsonl").records,
        "seconds of the first pass": round(seconds, 1),
    }  # fmt: skip


def spelled(entity: str) -> str:
    """As USS keeps it; what USS cannot read was refused by it."""
    try:
        return canonical(entity)
    except ValueError:
        return entity


def _ends(run: Run) -> list[tuple[str, str]]:
    return [(row.entity, row.ending.value) for row in run.rows]


def feedback(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "uss.db")) as database:
        return {uri for (uri,) in database.execute("SELECT uri FROM feedback")}


def strays(run: Run, row: Any) -> list[str]:
    """What was written and is neither labeled nor, refanged, a part of the text."""
    text = plain(row["text"])
    found = []
    for one in run.rows:
        kind = KIND[one.kind]
        labeled = {same(kind, value) for part in ("expected", "optional") for value in row[part][kind]}
        if one.ending.value in ("written", "refused", "doubt") and same(kind, one.entity) not in labeled:
            found += [] if one.entity.lower() in text else [f"{row['id']}: {one.entity}"]
    return found


def plain(text: str) -> str:
    """A text whose names can be searched for: `refang` is made for one name, whose scheme stands at its beginning."""
    return re.sub(r"h(?:xx|\*\*)p(s?):", r"http\1:", refang(text).lower().replace("\\", "/"))


def table(runs: list[Run], rows: list[Any]) -> dict[str, Any]:
    totals, exact = {kind: [0, 0, 0] for kind in KINDS}, 0
    for run, row in zip(runs, rows, strict=True):
        shown: dict[str, Iterable[str]] = {
            kind: [one.entity for one in run.rows if KIND[one.kind] == kind] for kind in KINDS
        }
        counts = errors(row, shown)
        exact += all(not alarms and not missed for _, alarms, missed in counts.values())
        for kind, of in counts.items():
            totals[kind] = [a + b for a, b in zip(totals[kind], of, strict=True)]
    return {kind: _rates(*of) for kind, of in totals.items()} | {"documents without an error": f"{exact}/{len(rows)}"}


def _rates(hit: int, alarms: int, missed: int) -> dict[str, float | int]:
    f1 = 2 * hit / max(1, 2 * hit + alarms + missed)
    return {"F1": round(f1, 4), "hits": hit, "false alarms": alarms, "missed": missed}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path, nargs="?")
    parser.add_argument("--without", default="", help="a stratum that is left out")
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    if asked.documents is None:
        print("no documents: name a file of labeled ones, as the help describes them")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        server = start(Path(folder))
        try:
            found = measure(Path(folder), documents(asked.documents, asked.without, asked.every))
        finally:
            server.terminate()
            server.wait()
    print(json.dumps(found, indent=1, ensure_ascii=False))
    wrong = set(found["states"]) - set(STATES) or found["written but not in the document"]
    return 1 if wrong or found["not asked for by any run"] or found["second pass: further feedback"] else 0


if __name__ == "__main__":
    sys.exit(main())
