"""Defects of whole data sets: cues, shortcuts, leaks, files that end early."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable

from bench.planting.clean import Row, calling_rows, judged_rows, plain_rows
from bench.planting.twin import DATA, HELD, Case, lines

SMALL, LARGE = 60, 200


def _set(code: str, name: str, clean: list[Row], spoil: Callable[[list[Row]], tuple[list[Row], list[int]]]) -> Case:
    """`spoil` gives the rows with the defect and the lines at which the rule has to speak."""
    rows, due = spoil(copy.deepcopy(clean))
    return Case(code, name, {DATA: lines(rows)}, {DATA: lines(clean)}, tuple((DATA, line) for line in due))


def _calls(row: Row) -> bool:
    return any(turn["from"] == "function_call" for turn in row["conversations"])


def _first(rows: list[Row], holds: Callable[[Row], bool]) -> int:
    return next(line for line, row in enumerate(rows, 1) if holds(row))


def _card(question: str, answer: str) -> Row:
    return {"instruction": question, "input": "", "output": answer}


TWO = [_card("USS 评估结果 level>50，是否安全？", "不安全"), _card("USS 查询返回 Not found，是否安全？", "安全")]
FOUR = [
    _card("USS 评估结果 level=10，是否安全？", "安全"),
    _card("USS 查询返回 level>50，是否安全？", "不安全"),
    _card("USS 评估结果 Not found，是否安全？", "安全"),
    _card("USS 查询返回 level=90，是否安全？", "不安全"),
]


def _polite(rows: list[Row]) -> tuple[list[Row], list[int]]:
    for row in rows:
        if not _calls(row):
            row["conversations"][0]["value"] += " Many thanks."
    return rows, [_first(rows, lambda row: not _calls(row))]


def _same_opening(rows: list[Row]) -> tuple[list[Row], list[int]]:
    begin = "Thank you for this very good question, dear customer. "
    for row in rows[: len(rows) * 6 // 10]:
        row["output"] = begin + row["output"]
    return rows, [1]


def _one_wording(rows: list[Row]) -> tuple[list[Row], list[int]]:
    for number, row in enumerate(rows):
        row["instruction"] = f"Please tell me everything that you know about the article number {number + 10_007}."
    return rows, [1]


def _gold_first(rows: list[Row]) -> tuple[list[Row], list[int]]:
    for row in rows:
        if _calls(row):
            name = json.loads(row["conversations"][1]["value"])["name"]
            tools = sorted(json.loads(row["tools"]), key=lambda tool: tool["name"] != name)
            row["tools"] = json.dumps(tools, ensure_ascii=False)
    return rows, [_first(rows, _calls)]


def _first_words(rows: list[Row]) -> tuple[list[Row], list[int]]:
    """Three words, as many as the message names."""
    for row in filter(_calls, rows):
        row["conversations"][0]["value"] = "Look here quickly, " + row["conversations"][0]["value"]
    return rows, [_first(rows, lambda row: row["conversations"][0]["value"].startswith("Look"))]


def _decoration(rows: list[Row]) -> tuple[list[Row], list[int]]:
    extra = {"name": "archive_all", "description": "Archives everything.", "parameters": {"type": "object"}}
    for row in rows[::2]:
        tools = json.loads(row["tools"])
        tools.insert(len(row["conversations"][0]["value"]) % 3, extra)
        row["tools"] = json.dumps(tools, ensure_ascii=False)
    return rows, [1]


def _texts_only(row: Row) -> bool:
    return "tools" not in row


def _padded(rows: list[Row]) -> tuple[list[Row], list[int]]:
    for row in filter(_texts_only, rows):
        row["chosen"]["value"] += " This was checked twice, and nothing has to be added to it."
    return rows, [1]


def _clipped(rows: list[Row]) -> tuple[list[Row], list[int]]:
    for row in filter(_texts_only, rows):
        row["rejected"]["value"] += " This was not checked, and something has to be added to it."
    return rows, [1]


def _sorry(rows: list[Row]) -> tuple[list[Row], list[int]]:
    said = [row for row in rows if _texts_only(row)]
    for row in said[::2]:
        row["rejected"]["value"] = "Well, hm. " + row["rejected"]["value"]
    return rows, [_first(rows, lambda row: row["rejected"]["value"].startswith("Well"))]


def _one_mode_less(rows: list[Row]) -> tuple[list[Row], list[int]]:
    """No rejected answer about the first tool leaves the call out."""
    name = "battery_charge"

    def is_it(row: Row) -> bool:
        side = row["chosen"]
        return bool(side["from"] == "function_call" and json.loads(side["value"])["name"] == name)

    kept = [row for row in rows if not (is_it(row) and row["rejected"]["from"] == "gpt")]
    return kept, [_first(kept, is_it)]


def _contrast(rows: list[Row]) -> tuple[list[Row], list[int]]:
    row = next(row for row in rows if _calls(row))
    other = copy.deepcopy(row)
    value = json.loads(row["conversations"][1]["value"])
    number = next(iter(value["arguments"].values()))
    text = json.dumps(other["conversations"], ensure_ascii=False).replace(str(number), str(number + 11))
    other["conversations"] = json.loads(text)
    return [*rows, other], [len(rows) + 1]


def _held(code: str, name: str, spoil: Callable[[Row, Row], tuple[Row, Row]], mark: dict[str, str]) -> Case:
    """`spoil` changes one training row and one evaluated row, of twenty each."""
    rows = [row for row in plain_rows(120, 5) if "history" not in row]
    train = [row for row in rows if row["instruction"].isascii()][
        :20
    ]  # English here, Chinese there: no piece in common
    held = [row for row in rows if not row["instruction"].isascii()][:20]
    clean = {DATA: lines(train), HELD: lines(held)}
    train[7], held[3] = spoil(train[7] | mark, held[3] | mark)
    return Case(code, name, {DATA: lines(train), HELD: lines(held)}, clean, ((HELD, 4),))


LONG = (
    "The harbour office of the old town opens at seven, closes for lunch at noon, opens again at two and stays open "
    "until the last ferry of the day has left the pier, which in summer is a quarter past nine, else half past six."
)
_CALLS, _PAIRS, _PLAIN = calling_rows(LARGE, 3), judged_rows(LARGE, 3), plain_rows(SMALL, 3)
_ARRAY = json.dumps(plain_rows(5, 4), ensure_ascii=False).encode()
_TABLE = b"instruction,output\nWhat is the sum of 311 and 415?,It is 726 as 311 plus 415 makes that.\n"


_INDENTED = [json.dumps(row, ensure_ascii=False, indent=2) for row in plain_rows(5, 4)]
_JSONL = lines(plain_rows(5, 4))


def _broken(name: str, file: str, bad: bytes, good: bytes, line: int) -> Case:
    return Case("R002", name, {file: bad}, {file: good}, ((file, line),))


def _unusual(name: str, file: str, text: str, line: int = 1) -> Case:
    return Case("R003", name, {file: text.encode()}, {"rows.jsonl": _JSONL}, ((file, line),))


SETS: tuple[Case, ...] = (
    Case(
        "D101",
        "two cards that a word tells apart",
        {DATA: lines(TWO)},
        {DATA: lines(TWO + FOUR)},
        ((DATA, 1), (DATA, 2)),
    ),
    _set("D102", "thanks stand where nothing is called", _CALLS, _polite),
    _set("D103", "most answers begin alike", _PLAIN, _same_opening),
    _set("D104", "sixty questions in one wording", _PLAIN, _one_wording),
    _set("D105", "the right tool is always the first", _CALLS, _gold_first),
    _set("D107", "the first words tell", _CALLS, _first_words),
    _set("N103", "a value changes the call", _CALLS[:20], _contrast),
    _set("S108", "a tool that is offered and never called", _CALLS[: SMALL * 2], _decoration),
    _set("S110", "one error mode is never shown", judged_rows(440, 3), _one_mode_less),
    _set("P203", "chosen is longer", _PAIRS, _padded),
    _set("P203", "chosen is shorter", _PAIRS, _clipped),
    _set("P204", "rejected begins with a phrase", _PAIRS, _sorry),
    _held("L201", "a group of rows on both sides", lambda a, b: (a, b), {"group": "g7"}),
    _held("L202", "a question on both sides", lambda a, b: (a, b | {"instruction": a["instruction"]}), {}),
    _held("L205", "a near-copy on both sides", lambda a, b: (a, b | {"instruction": a["instruction"] + " OK?"}), {}),
    _held(
        "L206",
        "a long piece on both sides",
        lambda a, b: (
            a | {"instruction": f"{a['instruction']} {a['output']} {a['instruction'][::-1]} {LONG}"},
            b | {"instruction": f"{LONG} When does it close on a Monday in May?"},
        ),
        {},
    ),
    _broken("an array that ends early", "rows.json", _ARRAY[:-30], _ARRAY, 1),
    _broken("UTF-16", "rows.jsonl", lines(_PLAIN[:2]).decode().encode("utf-16"), lines(_PLAIN[:2]), 1),
    _broken(
        "gzip that ends early",
        "rows.jsonl.gz",
        gzip.compress(lines(_PLAIN[:9]))[:-20],
        gzip.compress(lines(_PLAIN[:9])),
        0,
    ),
    _broken("a quote that is not closed", "rows.csv", _TABLE + b'"How, much\n', _TABLE, 3),
    _broken("two columns of one name", "rows.csv", _TABLE.replace(b"instruction,output", b"output,output"), _TABLE, 1),
    _broken("a picture", "rows.jsonl", b"\x89PNG\r\n\x1a\n\x00\x00\x00\xff\xfe" * 9, lines(_PLAIN[:2]), 1),
    _broken("UTF-16 without a mark", "rows.jsonl", _JSONL.decode().encode("utf-16-le"), _JSONL, 1),
    _broken("a comma after the last entry", "rows.json", _ARRAY[:-1] + b",]", _ARRAY, 1),
    _broken(
        "rows as Python prints them", "rows.jsonl", "".join(f"{row}\n" for row in plain_rows(5, 4)).encode(), _JSONL, 1
    ),
    _broken("two lists in one object", "rows.json", b'{"train": %s, "test": %s}' % (_ARRAY, _ARRAY), _ARRAY, 1),
    _unusual("rows over several lines", "rows.jsonl", "\n".join(_INDENTED)),
    _unusual("rows with commas behind", "rows.jsonl", _JSONL.decode().replace("\n", ",\n")),
    _unusual("an array in a file of lines", "rows.jsonl", _ARRAY.decode()),
    _unusual("a list in an object", "rows.json", f'{{"version": 2,\n "data": {_ARRAY.decode()}}}', 2),
    _broken("an empty file", "rows.jsonl", b"\n\n", lines(_PLAIN[:2]), 0),
)
