"""Samples of what happens after the change, as domain folders to measure on, and what an expert decides about a step.

The samples share no wording. `fresh` has the names that training never draws; nobody looks at it while the loop is
built.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from examples.uss.loop.shift import FAMILIES, NEW_TOOL
from examples.uss.make.build import as_jsonl
from examples.uss.make.entities import Names, Split
from examples.uss.make.scene import CLASSES, Context, spun

Row = dict[str, Any]
Sample = Literal["met", "held_back", "fresh"]
HERE = Path(__file__).parent
# Scenarios of each family: three hundred are met and three hundred measured.
COUNTS: Mapping[str, int] = {"query": 60, "compare": 60, "block": 70, "block_if": 70, "meaning": 40}
NAMES: Mapping[Sample, Split] = {"met": "train", "held_back": "train", "fresh": "eval"}
BY = "expert"
# What the expert goes by. A decision names its rule.
RULES: Mapping[str, str] = {
    "query": "USS is asked before anything is said of a URI. A risk above 50 is unsafe.",
    "compare": "A report's verdict is held against USS's; only a difference is reported, with the report's verdict.",
    "block": "Whoever asks for a block gets it: block_uri, with the URI as it stands.",
    "block_if": "A block that depends on USS waits for USS's answer. Nothing safe is blocked.",
    "meaning": "Risk is what USS called level, on the same scale: above 50 is unsafe, 50 is safe.",
}


@cache
def wording() -> Mapping[str, Mapping[Sample, list[str]]]:
    text = (HERE / "wording.yaml").read_text(encoding="utf-8")
    return cast("Mapping[str, Mapping[Sample, list[str]]]", yaml.safe_load(text))


def scenarios(sample: Sample, share: float = 1.0) -> list[Row]:
    """Rows of scenarios/, held out as they stand: a sample is there to be measured. `share`: of each family's count."""
    return [row for name, count in COUNTS.items() for row in _drawn(name, sample, max(1, round(count * share)))]


def _drawn(family: str, sample: Sample, count: int) -> Iterator[Row]:
    """Wordings in turn; the input class shifts each round, so that a wording that comes again meets another one."""
    bank = wording()[family][sample]
    for index in range(count):
        turn, place = divmod(index, len(bank))
        id = f"{family}-{sample.replace('_', '-')}-{index + 1:03}"
        rng = random.Random(f"loop/{id}")
        cls = CLASSES[(index + turn) % len(CLASSES)]
        split = NAMES[sample]
        ctx = Context(rng, "en", split, cls, spun(rng, bank[place]), Names(rng, split))
        row = FAMILIES[family](ctx).row(id, f"{family}-{sample}-{place + 1:02}")
        without: Row = {"tools": []} if family == "meaning" else {}
        yield row | {"split": "eval", "tags": sorted({*row["tags"], family})} | without


def write_sample(folder: Path, domain: Path, sample: Sample, share: float = 1.0) -> Path:
    """A folder to measure on: the tools and settings of `domain` with the new tool, and nothing but the sample."""
    (folder / "scenarios").mkdir(parents=True, exist_ok=True)
    shutil.copytree(domain / "tools", folder / "tools", dirs_exist_ok=True)
    add_tool(folder)
    (folder / "scenarios" / "eval.jsonl").write_text(as_jsonl(scenarios(sample, share)), "utf-8", newline="\n")
    shutil.copy(domain / "steady.toml", folder / "steady.toml")
    return folder


def add_tool(folder: Path) -> None:
    """What whoever runs the service adds to tools/ on the day of the change."""
    shutil.copy(HERE / "tools" / f"{NEW_TOOL}.json", folder / "tools")


def decisions() -> list[Row]:
    """What the expert says is right at each step of what was met, by scenario and message."""
    return [
        {
            "case": f"{row['id']}#{index}",
            "by": BY,
            "word": "fix",
            "because": RULES[row["id"].partition("-met-")[0]],
            "correction": _openai(message),
        }
        for row in scenarios("met")
        for index, message in enumerate(row["messages"])
        if message["role"] == "assistant"
    ]


def _openai(message: Row) -> Row:
    calls = [
        {"id": f"call_{n}", "type": "function",
         "function": {"name": call["name"], "arguments": json.dumps(call["arguments"], ensure_ascii=False)}}
        for n, call in enumerate(message.get("calls", ()), 1)
    ]  # fmt: skip
    row = {"role": "assistant", "content": message.get("content", ""), "reasoning_content": message["think"]}
    return row | ({"tool_calls": calls} if calls else {})


if __name__ == "__main__":
    (HERE / "decisions.jsonl").write_text(as_jsonl(decisions()), "utf-8", newline="\n")
