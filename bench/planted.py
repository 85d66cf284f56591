"""Defects planted into clean real rows: which does `steady check` find, and what does it say of the rows beside them?

    python bench/planted.py ALPACA.json TOOLCALLS.json [--each 10] [--seed 0]

Reads an Alpaca file and a ShareGPT file with tools, keeps the rows in which nothing is found, and plants each kind of
defect into `each` of them among 60 untouched rows. A defect counts as found when its own rule names its own line. What
is said about an untouched row and was not said without the defects is a false alarm. Prints a table; exit 1 on a miss.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadyhand.check.lint import Report, lint_files
from steadyhand.check.rules import RULES
from steadyhand.domain.convert import read_dialogues

Row = dict[str, Any]
BESIDE = 60


@dataclass(frozen=True)
class Kind:
    """`plant` makes one line of a row, or two where the second is the defect; `tools`: needs a row that calls."""

    code: str
    name: str
    plant: Callable[[Row], Row | str | tuple[Row, Row]]
    tools: bool = False


def answers(change: Callable[[str], str]) -> Callable[[Row], Row]:
    return lambda row: row | {"output": change(row["output"])}


def asks(change: Callable[[str], str]) -> Callable[[Row], Row]:
    return lambda row: row | {"instruction": change(row["instruction"])}


def turns(row: Row) -> list[Row]:
    found: list[Row] = row["conversations"]
    return found


def index_of(row: Row, speaker: str) -> int:
    return next(at for at, turn in enumerate(turns(row)) if turn["from"] == speaker)


def call(row: Row, change: Callable[[Row], Row]) -> Row:
    turn = turns(row)[index_of(row, "function_call")]
    turn["value"] = json.dumps(change(json.loads(turn["value"])), ensure_ascii=False)
    return row


def wrong_type(row: Row) -> Row:
    return call(row, lambda made: made | {"arguments": {name: {"a": [1]} for name in made["arguments"]}})


def unknown(row: Row) -> Row:
    return call(row, lambda made: made | {"name": "no_such_tool"})


def spaced(row: Row) -> tuple[Row, Row]:
    return row, row | {"instruction": row["instruction"] + "　"}


def missing(row: Row) -> Row:
    return call(row, lambda made: made | {"arguments": {}})


def without(speaker: str) -> Callable[[Row], Row]:
    def plant(row: Row) -> Row:
        del turns(row)[index_of(row, speaker)]
        return row

    return plant


def repeated_turn(row: Row) -> Row:
    at = index_of(row, "human")
    turns(row).insert(at, dict(turns(row)[at]))
    return row


def null_schema(row: Row) -> Row:
    tools = json.loads(row["tools"])
    for tool in tools:
        for schema in tool["parameters"].get("properties", {}).values():
            schema |= {"enum": None, "format": None}
    return row | {"tools": json.dumps(tools, ensure_ascii=False)}


def conflict(row: Row) -> tuple[Row, Row]:
    begin = turns(row)[: index_of(row, "function_call")]
    other = row | {"conversations": [*begin, {"from": "gpt", "value": "抱歉，这件事我帮不了您，请联系客服。"}]}
    return row, copy.deepcopy(other)


def pair(row: Row, chosen: str) -> Row:
    prompt = turns(row)[: index_of(row, "function_call")]
    value = turns(row)[index_of(row, "function_call")]["value"]
    rejected = value if chosen == "same" else "抱歉，我不知道。"
    value = value if chosen == "same" else json.dumps({"name": "no_such_tool", "arguments": {}})
    sides = {"chosen": {"from": "function_call", "value": value}, "rejected": {"from": "gpt", "value": rejected}}
    sides["rejected"] = dict(sides["chosen"]) if chosen == "same" else sides["rejected"]
    return {"conversations": prompt, "tools": row["tools"], **sides}


def foreign_role(row: Row) -> Row:
    turns(row)[0]["from"] = "narrator"
    return row


KINDS = (
    Kind("R001", "a line that ends early", lambda row: json.dumps(row, ensure_ascii=False)[:-9]),
    Kind("R001", "one key twice", lambda row: '{"output": "", ' + json.dumps(row, ensure_ascii=False)[1:]),
    Kind("R001", "no answer", lambda row: row | {"output": ""}),
    Kind("R001", "a role that nobody knows", foreign_role, tools=True),
    Kind("R001", "tools that are no JSON", lambda row: row | {"tools": row["tools"][:-3]}, tools=True),
    Kind("R001", "a call that is no JSON", lambda row: call_text(row), tools=True),
    Kind("Q101", "UTF-8 read as Latin-1", answers(lambda text: text + "它叫CafÃ© MÃ¼ller。")),
    Kind("Q101", "a replacement character", answers(lambda text: text[:3] + "\ufffd" + text[3:])),
    Kind("Q101", "a control character", answers(lambda text: text[:3] + "\x07" + text[3:])),
    Kind("Q102", "a loop at the end", answers(lambda text: text + "请再次确认以上的内容是否正确。" * 5)),
    Kind("Q103", "thinking that is not closed", answers(lambda text: "<think>先想一想。" + text)),
    Kind("Q103", "thinking that is closed twice", answers(lambda text: "<think>想</think></think>" + text)),
    Kind("Q104", "an answer that says nothing", answers(lambda text: "N/A")),
    Kind("Q105", "a turn said twice", repeated_turn, tools=True),
    Kind("Q106", "{{name}} in the answer", answers(lambda text: "{{name}}您好，" + text)),
    Kind("Q106", "[您的姓名] in the answer", answers(lambda text: text + "\n此致，[您的姓名]")),
    Kind("Q107", "a GitHub token", asks(lambda text: text + " ghp_" + "k7Rw2mQ9zXt4VbN8sLp1" * 2)),
    Kind("Q107", "a private key", answers(lambda text: text + "\n-----BEGIN RSA PRIVATE KEY-----")),
    Kind("Q108", "an identity number", asks(lambda text: text + "我的身份证是11010519491231002X。")),
    Kind("Q108", "a mobile number", asks(lambda text: text + "请打13926571408。")),
    Kind("Q108", "a bank card", answers(lambda text: text + "卡号6222021234567894。")),
    Kind("T103", "<|im_end|> in a question", asks(lambda text: text + "<|im_end|>")),
    Kind("S101", "an argument of another type", wrong_type, tools=True),
    Kind("S101", "required arguments left out", missing, tools=True),
    Kind("S102", "a tool that is not offered", unknown, tools=True),
    Kind("S103", "a call without its result", without("observation"), tools=True),
    Kind("S104", "a result without its call", without("function_call"), tools=True),
    Kind("S109", "a schema full of nulls", null_schema, tools=True),
    Kind("N101", "a row twice", lambda row: (row, dict(row))),
    Kind("N101", "a row twice, a full-width space apart", spaced),
    Kind("N102", "one prompt, two decisions", conflict, tools=True),
    Kind("P201", "chosen equals rejected", lambda row: pair(row, "same"), tools=True),
    Kind("P202", "chosen calls an unknown tool", lambda row: pair(row, "unknown"), tools=True),
)  # fmt: skip


def call_text(row: Row) -> Row:
    turns(row)[index_of(row, "function_call")]["value"] = "search(query='x')"
    return row


def lint(lines: list[str], folder: Path) -> Report:
    path = folder / "rows.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return lint_files([read_dialogues(path, preferences=True)], frozenset(RULES))


def clean_rows(path: Path, folder: Path) -> list[Row]:
    """The rows of a JSON array in which nothing is found."""
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))
    report = lint([json.dumps(row, ensure_ascii=False) for row in rows], folder)
    marked = {found.place.line for found in report.findings}
    return [row for line, row in enumerate(rows, 1) if line not in marked]


@dataclass(frozen=True)
class Result:
    kind: Kind
    planted: int
    found: int
    alarms: int


def trial(
    kind: Kind, plain: list[Row], calling: list[Row], each: int, around: int, rng: random.Random, folder: Path
) -> Result:
    """One kind planted into `each` rows; the rows beside them stand in the same file, without and with defects."""
    victims = rng.sample(calling if kind.tools else plain, each)
    beside = [row for row in rng.sample(plain, around // 2) + rng.sample(calling, around // 2) if row not in victims]
    lines = [json.dumps(row, ensure_ascii=False) for row in beside]
    before = {(found.code, found.place.line) for found in lint(lines, folder).findings}
    due = set()
    for row in victims:
        made = kind.plant(copy.deepcopy(row))
        for part in made if isinstance(made, tuple) else (made,):
            lines.append(part if isinstance(part, str) else json.dumps(part, ensure_ascii=False))
        due.add(len(lines))
    said = {(found.code, found.place.line) for found in lint(lines, folder).findings}
    found = sum((kind.code, line) in said for line in due)
    alarms = sum(1 for code, line in said - before if line <= len(beside) and RULES[code].severity != "note")
    return Result(kind, each, found, alarms)


def results(alpaca: Path, toolcalls: Path, each: int, seed: int, beside: int = BESIDE) -> list[Result]:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = [row for row in clean_rows(alpaca, folder) if not row.get("input")]
        rows = clean_rows(toolcalls, folder)
        calling = [
            row for row in rows if [t["from"] for t in turns(row)][:3] == ["human", "function_call", "observation"]
        ]
        calling = [row for row in calling if required(row)]
        return [trial(kind, plain, calling, each, beside, rng, folder) for kind in KINDS]


def required(row: Row) -> bool:
    """Whether the first call goes to a tool that requires arguments."""
    name = json.loads(turns(row)[1]["value"])["name"]
    return any(tool["name"] == name and tool["parameters"].get("required") for tool in json.loads(row["tools"]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("alpaca", type=Path)
    parser.add_argument("toolcalls", type=Path)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    made = results(words.alpaca, words.toolcalls, words.each, words.seed)
    print("| defect | rule | found | false alarms beside it |\n|---|---|---|---|")
    for one in made:
        print(f"| {one.kind.name} | {one.kind.code} | {one.found} of {one.planted} | {one.alarms} |")
    found, planted = sum(one.found for one in made), sum(one.planted for one in made)
    print(f"\n{len(made)} kinds: {found} of {planted} found, {sum(one.alarms for one in made)} false alarms")
    return int(found < planted)


if __name__ == "__main__":
    sys.exit(main())
