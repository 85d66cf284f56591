"""Rules S about tools over many rows: which are never called, which schemas are polluted, where the matrix has holes.

Knows offers, calls, input classes and error modes; judges no single call.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import get_args

from steadyhand.chat.messages import Message
from steadyhand.chat.schema import null_keywords
from steadyhand.check.dataset import Dataset, Pair, Record
from steadyhand.check.finding import Finding, finding
from steadyhand.datasets.lazy import Joined, Picked
from steadyhand.datasets.offers import SCHEMAS
from steadyhand.datasets.unread import decoded
from steadyhand.domain.coverage import NO_TOOL, may_occur
from steadyhand.domain.model import Domain, InputClass
from steadyhand.errors import Place

OFTEN = 10  # rows that offer a tool, or pairs about it: below, "never" says little
CALLED, DECLINED = "called", "not called"
MODES = ("no_call", "needless_call", "wrong_tool", "wrong_args")


@dataclass
class UsageMatrix:
    """Counts by (tool, input class) and column; a None is impossible there, a 0 is a hole. Columns are the error modes
    of rejected answers where there are judgments, else whether an offered tool was called."""

    columns: tuple[str, ...]
    rows: dict[tuple[str, str], dict[str, int | None]] = field(default_factory=dict)

    @property
    def holes(self) -> int:
        return sum(count == 0 for cells in self.rows.values() for count in cells.values())


def check_usage(dataset: Dataset) -> Iterator[Finding]:
    """S108, S109 and, for judgments, S110."""
    yield from _never_called(dataset)
    yield from _polluted(dataset)
    yield from _missing_modes(dataset)


def check_offer(domain: Domain) -> Iterator[Finding]:
    """S108 for tools that no scenario offers, S110 for classes of input in which a tool is never expected."""
    offered = {name for scenario in domain.scenarios for name in scenario.tools}
    for name in domain.tools:
        if domain.scenarios and name not in offered:
            place = Place(str(domain.root / "tools"))
            yield finding("S108", place, f"no scenario offers {name!r}", "offer it where it is due, or remove it")
    expected = _expected(domain)
    for name, classes in expected.items():
        missing = [name_of_class for name_of_class in get_args(InputClass) if name_of_class not in classes]
        used = set().union(*expected.values())
        if holes := [name_of_class for name_of_class in missing if name_of_class in used]:
            what = f"{name!r} is never expected on {' and '.join(holes)} input (on {', '.join(sorted(classes))} it is)"
            next = f"write training scenarios of class {' and '.join(holes)} in which {name!r} is due"
            yield finding("S110", classes[min(classes)], what, next)


def _expected(domain: Domain) -> dict[str, dict[str, Place]]:
    """Tool -> input class -> the first training scenario that expects it there."""
    expected: dict[str, dict[str, Place]] = defaultdict(dict)
    for scenario in domain.scenarios:
        if scenario.split == "train":
            for call in (call for message in scenario.messages for call in message.calls):
                expected[call.name].setdefault(scenario.input_class, scenario.place)
    return expected


def _never_called(dataset: Dataset) -> Iterator[Finding]:
    """Calls in rows that offer nothing are undeclared ones, and another rule's."""
    offers: Counter[str] = Counter()
    first: dict[str, Record] = {}
    called: set[str] = set()
    for index in dataset.offering:
        if index >= len(dataset.records):
            called.update(call.name for call in (dataset.pairs[index - len(dataset.records)].chosen or _NOTHING).calls)
            continue
        record = dataset.records[index]
        for tool in record.tools:
            offers[tool.name] += 1
            first.setdefault(tool.name, record)
        called.update(call.name for message in record.messages for call in message.calls)
    for name, count in offers.items():
        if name not in called and count >= OFTEN:
            what = f"{name!r} is offered in {count} rows and called in none of them"
            yield finding("S108", first[name].at(name), what, "add rows in which it is due, or stop offering it")


_NOTHING = Message("assistant")


def _polluted(dataset: Dataset) -> Iterator[Finding]:
    """S109, once per tool. The rows were read without the nulls, so the text of the row is looked at."""
    rows: Sequence[Record | Pair] = Joined([dataset.records, dataset.pairs])
    first: dict[str, tuple[Record | Pair, list[str]]] = {}
    counts: Counter[str] = Counter()
    for row in Picked(rows, dataset.offering):
        if "null" in row.text:
            for name, nulls in _nulls(row.text):
                first.setdefault(name, (row, nulls))
                counts[name] += 1
    for name, (row, nulls) in first.items():
        what = f"{row.name}: {len(nulls)} keywords of {name!r} are null ({', '.join(nulls[:3])})"
        more = f"; {counts[name]} rows offer it so" if counts[name] > 1 else ""
        yield finding("S109", row.place, what + more, "leave the keys out: `--fix --write` does, in JSON and JSONL")


def _nulls(text: str) -> Iterator[tuple[str, list[str]]]:
    """(name of a tool, paths of its null keywords) of the tools in a row."""
    row = json.loads(text)
    for tools in (decoded(row.get(key)) for key in ("tools", "functions")):
        for tool in map(decoded, tools if isinstance(tools, list) else [tools]):
            function = decoded(tool.get("function", tool)) if isinstance(tool, dict) else None
            if isinstance(function, dict):
                given = [decoded(function.get(key)) for key in SCHEMAS]
                if nulls := [path for schema in given for path in null_keywords(schema)]:
                    yield str(function.get("name")), nulls


def _missing_modes(dataset: Dataset) -> Iterator[Finding]:
    table = matrix_of_pairs(dataset)
    places = {expected_tool(pair): pair.place for pair in reversed(dataset.pairs)}
    for (tool, _), cells in table.rows.items():
        holes = [mode for mode, count in cells.items() if count == 0]
        if holes and sum(count or 0 for count in cells.values()) >= OFTEN:
            about = f"about {tool!r}" if tool != NO_TOOL else "where no call is due"
            what = f"no rejected answer {about} shows: {', '.join(mode.replace('_', ' ') for mode in holes)}"
            yield finding("S110", places[tool], what, "add pairs whose rejected answer makes these errors")


def matrix_of_pairs(dataset: Dataset) -> UsageMatrix:
    """Rejected answers by expected tool and error mode, over pairs with tools on offer."""
    table = UsageMatrix(MODES)
    for pair in dataset.pairs:
        if pair.tools and pair.chosen and pair.rejected:
            mode = error_mode(pair.chosen, pair.rejected)
            cells = table.rows.setdefault((expected_tool(pair), ""), dict.fromkeys(MODES))
            for possible in filter(partial(_may_occur, pair), MODES):
                cells[possible] = cells[possible] or 0
            if mode:
                cells[mode] = (cells[mode] or 0) + 1
    return table


def _may_occur(pair: Pair, mode: str) -> bool:
    due, after_result = expected_tool(pair) != NO_TOOL, pair.prompt[-1:] and pair.prompt[-1].role == "tool"
    return may_occur(mode, due=due, tools=len(pair.tools), after_result=bool(after_result))


def expected_tool(pair: Pair) -> str:
    return pair.chosen.calls[0].name if pair.chosen and pair.chosen.calls else NO_TOOL


def error_mode(chosen: Message, rejected: Message) -> str | None:
    """What the rejected answer does wrong with tools; None where both call the same, or neither calls."""
    if bool(chosen.calls) != bool(rejected.calls):
        return "no_call" if chosen.calls else "needless_call"
    if [call.name for call in chosen.calls] != [call.name for call in rejected.calls]:
        return "wrong_tool"
    return None if chosen.calls == rejected.calls else "wrong_args"


def matrix_of_records(dataset: Dataset, classes: Mapping[str, str]) -> UsageMatrix:
    """How often each tool is called, and offered without being called, by input class (`classes`: name of a record ->
    its class; records of files have none)."""
    table = UsageMatrix((CALLED, DECLINED))
    for record in dataset.records:
        called = {call.name for message in record.messages for call in message.calls}
        for tool in record.tools:
            cells = table.rows.setdefault((tool.name, classes.get(record.name, "")), {CALLED: 0, DECLINED: 0})
            column = CALLED if tool.name in called else DECLINED
            cells[column] = (cells[column] or 0) + 1
    return table
