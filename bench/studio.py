"""First paint and filters of the studio's long lists, in a real Chromium.

    python -m bench.studio [--traces 100000] [--cases 10000] [--repeats 5]

Makes a project with so many traces and wrong answers (one answer of ten is wrong), opens it, waits until everything is
read once, and then takes the first contentful paint of each page, the median of so many visits. `read_seconds` is how
long reading took, in the background, at the first start. Exits with 1 when a page takes more than a second. JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from steadyhand.datasets.write import write_files
from steadyhand.domain.starter import starter_files
from steadyhand.files import write_whole
from steadyhand.ledger.result import Evaluation
from steadyhand.studio.project import Project
from tests.report.sample import report_data, tool_item
from tests.studio.running import studio

MOST = 1.0  # seconds
CHROMIUM = "/usr/bin/chromium"
PAGES = {
    "home": "/",
    "evaluation": "/evaluation",
    "answers": "/evaluation/samples?model=dpo",
    "answers, filtered": "/evaluation/samples?model=dpo&outcome=failed&tool=query_uss",
    "answers, searched": "/evaluation/samples?model=dpo&q=tnvs",
    "answers, last page": "/evaluation/samples?model=dpo&page=2000",
    "compare": "/compare",
    "compare, searched": "/compare?change=fixed&q=tnvs",
    "bad cases": "/bad-cases",
    "bad cases, filtered": "/bad-cases?state=open&tool=query_uss",
    "traces": "/traces",
    "traces, filtered": "/traces?state=waiting&code=never_touch",
    "traces, searched": "/traces?q=report+777",
}
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def make(folder: Path, traces: int, cases: int) -> Project:
    """A project of the starter's domain with `traces` traces and `cases` wrong answers of the tuned model."""
    write_files(starter_files(), folder / "domain")
    project = Project(folder / "domain", folder / "runs", audit=folder / "agent" / "audit.jsonl")
    data = report_data("FAIL")
    wide = {stage: _wide(one, stage, cases * 10) for stage, one in data.evaluations.items() if stage != "sft"}
    (project.out / "report").mkdir(parents=True)
    row = replace(data, evaluations=wide).to_json()
    write_whole(project.out / "report" / "report.json", json.dumps(row, ensure_ascii=False))
    _write_traces(project.audit.parent / "traces", traces)
    return project


def _wide(found: Evaluation, stage: str, answers: int) -> Evaluation:
    """So many answers; of the tuned model one of ten is wrong, of the base six."""
    rng, share = random.Random(stage), 1 if stage == "dpo" else 6
    items = []
    for at in range(answers):
        item = tool_item(at, "dpo", rng)
        wrong = at % 10 < share
        items.append(replace(item, id=f"a-{at:06d}", passed=not wrong, code="wrong_value" if wrong else None))
    return replace(found, items=tuple(items))


def _write_traces(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    states, codes = ("complete", "waiting", "incomplete"), ("", "never_touch", "transition")
    for at in range(count):
        rows = [
            {"entity": f"host-{at}.example", "ending": "blocked" if codes[at % 3] else "agree", "code": codes[at % 3]}
        ]
        start: dict[str, Any] = {"step": "start", "version": 9, "text": f"report {at}: host-{at}.example is bad"}
        lines = [start, {"step": "read", "tool": "query_uss", "result": {"status": "ok", "value": {"level": at % 101}}}]
        lines.append({"step": "end", "state": states[at % 3], "rows": rows})
        (folder / f"{at:016x}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")


def read_once(url: str) -> float:
    """Waits until no page is still being made; seconds."""
    started = time.perf_counter()
    with httpx.Client(base_url=url, follow_redirects=True, timeout=600) as client:
        for path in PAGES.values():
            while "data-again" in client.get(path).text:
                time.sleep(0.2)
        while "still being read" in client.get("/traces").text:
            time.sleep(0.2)
    return time.perf_counter() - started


@contextmanager
def opened() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def painted(page: Page, address: str) -> float:
    """Seconds until something of the page was seen."""
    page.goto(address)
    page.wait_for_function(f"({PAINT}) !== null")
    return float(page.evaluate(PAINT)) / 1000


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="steady-bench-") as folder:
        project = make(Path(folder), given.traces, given.cases)
        with studio(project) as url:
            reading = read_once(url)
            with opened() as page:
                seconds = {
                    name: statistics.median(painted(page, url + path) for _ in range(given.repeats))
                    for name, path in PAGES.items()
                }
    slow = {name: value for name, value in seconds.items() if value > MOST}
    rounded = {name: round(value, 3) for name, value in seconds.items()}
    print(
        json.dumps(
            vars(given) | {"read_seconds": round(reading, 1), "paint_seconds": rounded, "slow": [*slow]}, indent=1
        )
    )
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
