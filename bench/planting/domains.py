"""Defects of a domain folder. The clean one is a small invented harbour service: three points, eight cards each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from bench.planting.twin import Case, lines

Files = dict[str, bytes]
Row = dict[str, Any]
POINTS, CARDS, SCENARIOS, PROBES, CHECKS, PREFERENCES = (
    "knowledge/points.yaml",
    "knowledge/cards.jsonl",
    "scenarios/all.jsonl",
    "probes/all.yaml",
    "checks.yaml",
    "preferences/all.jsonl",
)
_POINTS = """\
points:
  - id: "quay"
    aliases: ["QUAYBOOK", "quaybook"]
    definition: "QUAYBOOK is the private list of berths in our harbour."
    depends_on: []
    rules: ["every ship has one line in it"]
  - id: "quay.draft"
    aliases: ["draft mark", "draft marks"]
    definition: "A draft mark is the depth that QUAYBOOK notes for a ship, in decimetres."
    depends_on: ["quay"]
    rules: ["a draft mark above 70 needs the outer berth", "a draft mark of 70 or less fits the inner berth"]
  - id: "quay.tide"
    aliases: ["tide slip", "tide slips"]
    definition: "A tide slip allows a ship to move; it names its draft mark and an hour."
    depends_on: ["quay.draft"]
    rules: ["without a tide slip no ship moves after 18"]
"""
_KINDS = ("paraphrase", "boundary", "counter_example", "noise")
_QUESTIONS = {  # two a kind: the first is asked first, the second later in a dialogue
    "quay": (
        ("What is QUAYBOOK for?", "It is where the harbour notes each berth, QUAYBOOK being our own private list."),
        ("Where would I look up the berth of the Marta?", "Look into QUAYBOOK: the Marta has one line there."),
        ("Can one ship stand in QUAYBOOK on 2 lines?", "No ship does; 1 line is what QUAYBOOK gives to each."),
        ("And a ship with 0 lines, is that possible there?", "Only before it is entered in QUAYBOOK; then it has 1."),
        (
            "Is QUAYBOOK a public timetable?",
            "By no means: timetables are public, QUAYBOOK is a private list of berths.",
        ),
        ("So it sells tickets as well?", "Tickets are sold elsewhere. QUAYBOOK merely lists who lies at which berth."),
        ("quaybok whats taht plz", "You mean QUAYBOOK, I think: our list that tells each ship its berth."),
        ("berth list name??? quayb...", "That list is called QUAYBOOK, and it belongs to our harbour."),
    ),
    "quay.draft": (
        ("How do you read a draft mark?", "Take it as decimetres of depth that QUAYBOOK notes for the ship."),
        ("Which berth do deep ships get?", "Those with a draft mark above 70 lie at the outer berth."),
        ("The draft mark is 70. Which berth?", "A mark of 70 still fits inside, hence the inner berth."),
        ("What changes at 71?", "At 71 the draft mark is above the limit and the outer berth is needed."),
        ("Does the length of 90 metres count for the berth?", "Length plays no part; only the draft mark decides."),
        (
            "Is a wide ship sent to the outer berth?",
            "Width is not looked at, so its draft mark alone says where it lies.",
        ),
        ("draftmrk 35 whch brth", "With a draft mark of 35 she fits the inner berth easily."),
        ("drft  mark 88 ???", "Outer berth, since 88 is a draft mark over 70."),
    ),
    "quay.tide": (
        ("What does a tide slip allow?", "Moving is allowed by it: a tide slip names the draft mark and one hour."),
        ("Who needs one at night?", "Every ship that moves after 18 has to hold a tide slip."),
        (
            "May she leave at 18 sharp without a tide slip?",
            "At 18 sharp she may; the tide slip is asked for after that.",
        ),
        ("And one minute past 18?", "Past 18 the rule holds: no tide slip, no moving."),
        ("Does a moored ship need a tide slip?", "A ship that stays where it is needs none; slips are for moving."),
        ("Is the slip a bill?", "Nothing is paid with a tide slip. It permits a move and names an hour."),
        ("tdie slip wat is", "A tide slip is the paper that lets a ship move at the hour it names."),
        ("slip 4 tide, nite move", "For a move at night, past 18, you want a tide slip."),
    ),
}
_BEFORE = (("Good morning, harbour desk.", "Good morning, what may I look up?"),
           ("I have two questions.", "Go ahead with the first of them."),
           ("Thanks so far!", "You are welcome, what else is there?"))  # fmt: skip
_TOOLS = {
    "find_berth": ("Finds the berth of a ship.", "ship"),
    "print_slip": ("Prints a slip for a ship.", "vessel"),
}
_SHIPS = ["Marta", "Alma", "Edda", "Frida", "Gesa", "Hilde", "Inka", "Jette"]
_ASKED = {
    "find_berth": ("Where does the {} lie?", "Berth of the {}, please.", "I am looking for the {} in this harbour.",
                   "Captain of the {} wants to know her place."),
    "print_slip": ("Print a slip for the {}.", "The {} needs her paper now.", "Please get the slip of the {} out.",
                   "Could you hand the {} her slip?"),
}  # fmt: skip


def clean() -> Files:
    tools = {name: _tool(name, *about) for name, about in _TOOLS.items()}
    return {
        POINTS: _POINTS.encode(),
        CARDS: lines(_cards()),
        SCENARIOS: lines(_scenarios()),
        CHECKS: b"checks: {kept: {kind: rules, never: [refuse]}}\nbars: {kept: {least: .99, evidence: lower}}\n",
        PROBES: b'probes:\n  - {id: p1, kind: public, question: "What is the capital of Norway?", must: ["oslo"]}\n',
        PREFERENCES: lines(_PREFERENCES),
        **{f"tools/{name}.json": json.dumps(tool).encode() for name, tool in tools.items()},
    }


_PREFERENCES: list[Row] = [
    {
        "prompt": "May the Sigrid stay one more night at her berth?",
        "chosen": "Ask the harbour office before six; it decides about nights.",
        "rejected": "I refuse to say anything about that.",
        "split": "train",
        "answer": {"kept": True},
    },
    {
        "prompt": "Whom do I tell that a fender is torn?",
        "completion": "Tell the watch at the gate, day and night.",
        "label": True,
        "split": "train",
    },
    {
        "prompt": "Whom do I tell that a fender is torn?",
        "completion": "Nobody cares about fenders here.",
        "label": False,
        "split": "train",
    },
]


def _tool(name: str, about: str, argument: str) -> Row:
    schema = {"type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]}
    return {"name": name, "description": about, "parameters": schema}


def _cards() -> list[Row]:
    rows: list[Row] = []
    for point, asked in _QUESTIONS.items():
        for number, (question, answer) in enumerate(asked):
            row: Row = {"point": point, "id": f"c{number}", "kind": _KINDS[number // 2], "lang": "en"}
            said = [(_BEFORE[number // 2 % 3]), (question, "")] if number % 2 else [(question, "")]
            turns = [turn for q, a in said for turn in (("user", q), ("assistant", a))][:-1]
            row["messages"] = [{"role": role, "content": text} for role, text in turns]
            rows.append({**row, "a": answer})
    return rows


def _scenarios() -> list[Row]:
    """Per tool: three classes of input with one tool or both on offer, first and later turns; two are held out."""
    rows: list[Row] = []
    order = [(name, number) for number in range(4) for name in _TOOLS]
    for at, (name, number) in enumerate(order):
        ship, argument = _SHIPS[at], _TOOLS[name][1]
        offer = sorted(_TOOLS, reverse=bool(at % 4 > 1))
        messages: list[dict[str, Any]] = [
            {"role": "user", "content": _ASKED[name][number].format(ship)},
            {"role": "assistant", "content": "", "calls": [{"name": name, "arguments": {argument: ship}}]},
            {"role": "tool", "content": json.dumps({"done": ship})},
            {"role": "assistant", "content": f"That is done for the {ship}, as you wanted."},
        ]
        split = "eval" if number == 3 else "train"
        if split == "eval":
            messages[-1]["answer"] = {"kept": True}
        rows.append({"id": f"s{at}", "split": split, "class": "common", "lang": "en", "tools": offer,
                     "messages": messages})  # fmt: skip
    return rows


def _spoilt(code: str, name: str, file: str, line: int, *changes: Callable[[Files], None]) -> Case:
    files = clean()
    for change in changes:
        change(files)
    return Case(code, name, files, clean(), ((file, line),), domain=True)


def _sub(file: str, old: str, new: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        text = files[file].decode()
        assert old in text, old
        files[file] = text.replace(old, new, 1).encode()

    return change


def _added(file: str, text: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files[file] = text.encode()

    return change


def _rows(file: str, change: Callable[[list[Row]], object]) -> Callable[[Files], None]:
    """Changes the rows of a JSONL file in place."""

    def changed(files: Files) -> None:
        rows = [json.loads(line) for line in files[file].decode().splitlines()]
        change(rows)
        files[file] = lines(rows)

    return changed


def _set(file: str, row: int, **keys: object) -> Callable[[Files], None]:
    return _rows(file, lambda rows: rows[row].update(keys))


def _without(point: str, *kept: str) -> Callable[[Files], None]:
    """The cards without those of `point`, except the ids in `kept`."""

    def change(rows: list[Row]) -> None:
        rows[:] = [row for row in rows if row["point"] != point or row["id"] in kept]

    return _rows(CARDS, change)


def _message(row: int, at: int, **keys: object) -> Callable[[Files], None]:
    return _rows(SCENARIOS, lambda rows: rows[row]["messages"][at].update(keys))


def _drop(row: int, at: int) -> Callable[[Files], None]:
    return _rows(SCENARIOS, lambda rows: rows[row]["messages"].pop(at))


def _line(pattern: str) -> int:
    """The line of the points' file that matches."""
    return next(n for n, text in enumerate(_POINTS.split("\n"), 1) if re.search(pattern, text))


TEMPLATE = "templates/own.yaml"
_UNMADE = """templates:
  - {id: tide, version: 1, makes: card, row: {point: quay.tide, q: "${q}", a: "Noon."}, values: [{id: a, q: "When?"}]}
"""
_QUAY, _DRAFT, _TIDE = (_line(f'id: "{name}"') for name in ("quay", "quay.draft", "quay.tide"))
_CALL = {"name": "find_berth", "arguments": {"ship": "Marta"}}

DOMAINS: tuple[Case, ...] = (
    _spoilt("K301", "a point that others need has no cards", POINTS, _DRAFT, _without("quay.draft")),
    _spoilt(
        "K302", "two points need each other", POINTS, _QUAY, _sub(POINTS, "depends_on: []", 'depends_on: ["quay.tide"]')
    ),
    _spoilt(
        "K303",
        "capitals that nothing defines",
        POINTS,
        _TIDE,
        _sub(POINTS, "names its draft mark", "names its PLIMSO and its draft mark"),
    ),
    _spoilt(
        "K303",
        "a field that nothing defines",
        POINTS,
        _DRAFT,
        _sub(POINTS, "in decimetres", "in decimetres, as keel_depth"),
    ),
    _spoilt("K304", "a point with one card", POINTS, _TIDE, _without("quay.tide", "c0")),
    _spoilt("K304", "a point without cards that nothing needs", POINTS, _TIDE, _without("quay.tide")),
    _spoilt(
        "K305",
        "a card about something else",
        CARDS,
        3,
        _set(
            CARDS,
            2,
            messages=[{"role": "user", "content": "Why is the sky blue at 12?"}],
            a="Blue light scatters most.",
        ),
    ),
    _spoilt(
        "K306",
        "a definition with a word of another point",
        POINTS,
        _QUAY + 5,
        _sub(POINTS, 'depends_on: ["quay"]', "depends_on: []"),
    ),
    _spoilt(
        "K306",
        "two definitions use each other",
        POINTS,
        _QUAY,
        _sub(POINTS, "list of berths in our harbour", "list that holds each draft mark"),
    ),
    _spoilt(
        "D106",
        "a kind that never stands later in a dialogue",
        POINTS,
        _TIDE,
        _rows(CARDS, lambda rows: rows[23].update(messages=rows[23]["messages"][-1:])),
    ),
    _spoilt(
        "D108", "a point without noise", POINTS, _TIDE, _rows(CARDS, lambda rows: rows.__setitem__(slice(22, 24), []))
    ),
    _spoilt(
        "D108",
        "a point that is only asked first",
        POINTS,
        _QUAY,
        _rows(CARDS, lambda rows: [row.update(messages=row["messages"][-1:]) for row in rows[:8]]),
    ),
    _spoilt(
        "C101",
        "a gold answer over its own red line",
        SCENARIOS,
        7,
        _message(6, 3, content="I refuse to look the Inka up."),
    ),
    _spoilt("C102", "a held-out answer that nothing judges", SCENARIOS, 7, _message(6, 3, answer=None)),
    _spoilt("C103", "a lower bound of one", CHECKS, 0, _sub(CHECKS, ".99", "1.0")),
    _spoilt(
        "C104",
        "a rejected answer that no check refuses",
        PREFERENCES,
        1,
        _set(PREFERENCES, 0, rejected="She may stay as long as she likes."),
    ),
    _spoilt("P207", "a judged answer that stands alone", PREFERENCES, 2, _rows(PREFERENCES, lambda rows: rows.pop())),
    _spoilt("P208", "a template whose row was never made", TEMPLATE, 2, _added(TEMPLATE, _UNMADE)),
    _spoilt(
        "L201", "a group on both sides", SCENARIOS, 7, _set(SCENARIOS, 0, group="g"), _set(SCENARIOS, 6, group="g")
    ),
    _spoilt("L202", "a scenario on both sides", SCENARIOS, 7, _message(6, 0, content="Where does the Marta lie?")),
    _spoilt(
        "L203",
        "a question on both sides, in another context",
        SCENARIOS,
        7,
        _message(6, 0, content="Where does the Marta lie?"),
        _rows(
            SCENARIOS,
            lambda rows: rows[6].update(
                messages=[
                    {"role": "user", "content": "Hello."},
                    {"role": "assistant", "content": "Hello, harbour desk.", "score": False},
                    *rows[6]["messages"],
                ]
            ),
        ),
    ),
    _spoilt(
        "L204",
        "a probe that is a card",
        PROBES,
        2,
        _sub(PROBES, "What is the capital of Norway?", "What is QUAYBOOK for?"),
    ),
    _spoilt(
        "S101",
        "a scenario's call of another type",
        SCENARIOS,
        1,
        _message(0, 1, calls=[_CALL | {"arguments": {"ship": 3}}]),
    ),
    _spoilt(
        "S102",
        "a scenario's call to a tool that is not offered",
        SCENARIOS,
        1,
        _set(SCENARIOS, 0, tools=["print_slip"]),
    ),
    _spoilt("S103", "a scenario's call without its result", SCENARIOS, 1, _drop(0, 2)),
    _spoilt(
        "S104", "a scenario's result without its call", SCENARIOS, 1, _message(0, 1, calls=[], content="I will look.")
    ),
    _spoilt(
        "S105",
        "a scenario in which nothing is scored",
        SCENARIOS,
        2,
        _message(1, 1, score=False),
        _message(1, 3, score=False),
    ),
    _spoilt(
        "S107",
        "nothing is held out",
        SCENARIOS,
        1,
        _rows(SCENARIOS, lambda rows: [row.update(split="train") for row in rows]),
    ),
    _spoilt("S110", "a tool that is never due on noisy input", SCENARIOS, 1, _set(SCENARIOS, 3, **{"class": "noisy"})),
    _spoilt(
        "S111",
        "a scenario's answer with an invented number",
        SCENARIOS,
        3,
        _message(2, 3, content="Done, the file is 40718265."),
    ),
    _spoilt("Q106", "{{ship}} in a card", CARDS, 4, _set(CARDS, 3, a="Look into QUAYBOOK: {{ship}} has one line.")),
    _spoilt(
        "T103", "an end of turn in a card", CARDS, 1, _set(CARDS, 0, a="It is our private list QUAYBOOK.<|im_end|>")
    ),
)
