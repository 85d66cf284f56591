"""How long bad cases take: an evaluation of many wrong answers, a log of many dialogues, a record of many decisions.

    python -m bench.badcases --cases 10000 --dialogues 100000

One line each: what, how many, seconds, and a second run on a quarter of it, so that growth beyond proportion is seen.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from steadyhand.badcases.categories import categories
from steadyhand.badcases.collect import of_evaluation
from steadyhand.badcases.decisions import Decisions
from steadyhand.badcases.logs.read import read_logs
from steadyhand.badcases.steps import Gold, first_wrong
from steadyhand.ledger.result import Evaluation, Facts, Item

CALL = '<tool_call>\n{"name": "query", "arguments": {"uri": "host%d.example"}}\n</tool_call>'


def evaluation(count: int) -> Evaluation:
    """`count` decisions, each with a wrong value."""
    facts = Facts(tool="query", due=True, calls_ok=False, opening=True, think="absent", tools=1)
    items = tuple(
        Item(
            f"s{n}#1", "tool", f"s{n}", "en", "h", CALL % (n + 1), "stop", 20, False, "wrong_value",
            expected=json.dumps([{"name": "query", "arguments": {"uri": f"host{n}.example"}}]),
            question=f"Is host{n}.example safe?", facts=replace(facts, scenario=f"s{n}", asked=f"{n:016x}"),
        )
        for n in range(count)
    )  # fmt: skip
    return Evaluation("m", "f", {}, items, {"domain": "bench"})


def classified(count: int, _: Path) -> None:
    found = of_evaluation(evaluation(count), categories())
    assert len({case.id for case in found}) == count


def logged(count: int, folder: Path) -> None:
    tool = {"type": "function", "function": {"name": "query", "parameters": {"type": "object", "properties": {
        "uri": {"type": "string"}}, "required": ["uri"]}}}  # fmt: skip
    with (folder / "log.jsonl").open("w", encoding="utf-8") as file:
        for n in range(count):
            function = {"name": "query", "arguments": '{"url": "x"}' if n % 10 == 0 else '{"uri": "x"}'}
            messages = [
                {"role": "user", "content": f"Is host{n}.example safe?"},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": function}]},
            ]
            file.write(json.dumps({"id": f"t{n}", "messages": messages, "tools": [tool]}) + "\n")
    logs = read_logs(folder / "log.jsonl")
    wrong = [one for one in logs.dialogues if first_wrong(one, Gold())]
    assert (len(logs.dialogues), len(wrong)) == (count, -(-count // 10))


def decided(count: int, folder: Path) -> None:
    """One decision for ten cases, then what holds for each case."""
    cases = of_evaluation(evaluation(count), categories())
    path = folder / "decisions.jsonl"
    kept = Decisions(path)
    for at in range(0, count, 1000):
        kept.decide([replace(case) for case in cases[at : at + 1000]], "confirm", "bench")
    again = Decisions(path)
    assert all(again.standing(case) for case in cases)


def timed(work: Callable[[int, Path], None], count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        work(count, Path(folder))
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--dialogues", type=int, default=100_000)
    options = parser.parse_args()
    works = ((classified, options.cases), (decided, options.cases), (logged, options.dialogues))
    for work, count in works:
        quarter, whole = timed(work, count // 4), timed(work, count)
        print(f"{work.__name__:<12} {count:>8}  {whole:8.2f} s  ({count // 4}: {quarter:.2f} s)")


if __name__ == "__main__":
    main()
