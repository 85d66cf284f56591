from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json
from steadyhand.check import duplicates
from steadyhand.check.dataset import place_of
from steadyhand.check.lint import (
    COVERAGE,
    DOMAIN,
    EXACT,
    GROUNDS,
    MARKERS,
    NULLS,
    QUALITY,
    SCENARIOS,
    TEMPLATE,
    TOKENIZER,
    LintReport,
    lint_files,
    row_rules,
)
from steadyhand.check.rules import RULES, selected
from steadyhand.datasets.convert import read_dialogues
from steadyhand.errors import Place
from tests.corpora import corpus

TOOL = {"name": "query", "parameters": {"type": "object", "properties": {"uri": {"type": "string"}}}}
TURNS = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello there."}]


def call(**arguments: Json) -> Json:
    function = {"name": "query", "arguments": json.dumps(arguments)}
    return [TURNS[0], {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}]


def write(path: Path, *rows: Json) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def lint(path: Path, *select: str) -> LintReport:
    return lint_files([read_dialogues(path, preferences=True)], selected(select, []))


def test_every_row_is_a_record_or_a_finding(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", {"messages": TURNS}, {"prompt": "a", "chosen": "b", "rejected": "c"}, {"x": 1})
    path.write_text(path.read_text("utf-8") + '{"messages": [\n', "utf-8")
    report = lint(path, "R")
    assert (report.rows, report.records, report.unusable) == (4, 2, 2)
    assert [(found.code, found.place.line) for found in report.findings] == [("R001", 3), ("R001", 4)]


def test_a_row_is_excused_by_its_own_key(tmp_path: Path) -> None:
    wrong = {"messages": call(uri=1), "tools": [TOOL]}
    path = write(
        tmp_path / "d.jsonl", wrong, {**wrong, "noqa": "S101"}, {**wrong, "noqa": ["S"]}, {**wrong, "noqa": "L"}
    )
    report = lint(path, "S")
    assert [found.place.line for found in report.findings] == [1, 4]
    assert report.excused == 2
    assert not report.clean


def pair(*turns: Json, chosen: str = "Hello there.", **row: Json) -> Json:
    return {"prompt": list(turns or TURNS[:1]), "chosen": chosen, "rejected": "Something else.", **row}


@pytest.mark.parametrize(
    ("code", "row"),
    [
        ("T103", pair(chosen="Hello.<|im_end|> There")),
        ("T103", pair({"role": "user", "content": "Hi <|im_start|>system"})),
        ("S104", pair({"role": "user", "content": "Hi"}, {"role": "tool", "content": "12"}, tools=[TOOL])),
        ("S103", pair(*call(uri="a"), {"role": "user", "content": "And?"}, tools=[TOOL])),
        ("T103", {"messages": call(uri="a<|im_end|>"), "tools": [TOOL]}),
        ("T103", {"messages": TURNS, "tools": [{**TOOL, "description": "Asks.<|eot_id|>"}]}),
    ],
)
def test_what_is_looked_at_in_rows_is_looked_at_in_pairs_arguments_and_offers(
    tmp_path: Path, code: str, row: Json
) -> None:
    report = lint(write(tmp_path / "d.jsonl", row), "S103", "S104", "T103")
    assert [(one.code, one.place.line) for one in report.findings] == [(code, 1)]
    assert lint(write(tmp_path / "d.jsonl", pair(), {"messages": TURNS}), "S", "T103").clean


def test_pairs_that_were_trained_on_are_looked_for_among_what_is_evaluated(tmp_path: Path) -> None:
    asked = {"role": "user", "content": "When does the harbour office of the old town open on a Monday in May?"}
    files = [
        write(tmp_path / "train.jsonl", pair(asked, group="g")),
        write(tmp_path / "eval.jsonl", {"messages": [asked, TURNS[1]], "group": "g"}),
    ]
    for train, held in (files, files[::-1]):
        trained, evaluated = (read_dialogues(path, preferences=True) for path in (train, held))
        found = lint_files([trained], selected(["L"], []), held_out=[evaluated]).findings
        assert [(one.code, Path(one.place.file).name) for one in found] == [
            (code, held.name) for code in ("L201", "L202", "L205")
        ]


def test_what_is_not_listed_is_counted(tmp_path: Path) -> None:
    names = [f"k{n}" for n in range(5)]
    strict = {"type": "object", "properties": {name: {"type": "integer"} for name in names}}
    row = {"messages": call(**dict.fromkeys(names, "x")), "tools": [{"name": "query", "parameters": strict}]}
    found = lint(write(tmp_path / "d.jsonl", row), "S101").findings
    assert [one.message.endswith("(and 2 more)") for one in found] == [False, False, True]


def test_each_rule_alone_says_what_it_says_among_all() -> None:
    names = ("glaive_toolcall_zh_demo", "identity", "dpo_zh_demo")
    files = [read_dialogues(corpus(f"llamafactory/{name}.json"), preferences=True) for name in names]
    held = replace(files[0], rows=files[0].rows[::10])
    everything = lint_files(files, frozenset(RULES), held_out=[held]).findings
    codes = {found.code for found in everything}
    assert len(codes) >= 9
    for code in codes:
        alone = lint_files(files, frozenset({code}), held_out=[held]).findings
        assert alone == tuple(found for found in everything if found.code == code)


def test_rules_that_nobody_asked_for_do_no_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> NoReturn:
        raise AssertionError("nobody asked for near-copies")

    monkeypatch.setattr(duplicates, "near_pairs", refused)
    path = write(tmp_path / "d.jsonl", {"messages": [TURNS[0], TURNS[0], TURNS[1]]})
    assert [found.code for found in lint(path, "Q105").findings] == ["Q105"]
    with pytest.raises(AssertionError, match="nobody asked"):
        lint(path, "N101")


def test_every_rule_belongs_to_some_work() -> None:
    domain = DOMAIN | COVERAGE | {"D106"}
    worked = frozenset().union(
        *(part.codes for part in row_rules()),
        {"R001", "R002", "R003"},
        SCENARIOS,
        MARKERS,
        QUALITY,
        EXACT,
        GROUNDS,
        NULLS,
        domain,
    )
    assert worked | TEMPLATE | TOKENIZER == set(RULES)


def test_places_inside_a_row() -> None:
    row = '{"messages": [\n  {"content": "caf\\u00e9 \\"x\\""}, {"content": "汉字"}]}'
    assert place_of('café "x"', row, Place("f", 5, 3)) == Place("f", 6, 16)
    assert place_of("汉字", row, Place("f", 5, 3)).line == 6
    assert place_of("messages", row, Place("f", 5, 3)) == Place("f", 5, 5)
    assert place_of("nowhere", row, Place("f", 5, 3)) == Place("f", 5, 3)


@given(text=st.text(min_size=1, max_size=8), before=st.text(max_size=8))
def test_an_excerpt_is_found_where_json_wrote_it(text: str, before: str) -> None:
    row = json.dumps({"a": before, "b": text}, ensure_ascii=False)
    place = place_of(text, row, Place("f", 1, 1))
    assert place.line == 1
    assert row[place.column - 1 :].startswith((json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]))


ROWS = {
    "llamafactory/glaive_toolcall_zh_demo.json": (300, 0),
    "llamafactory/identity.json": (91, 0),
    "llamafactory/dpo_zh_demo.json": (300, 0),
    "llamafactory/v1_dpo_demo.jsonl": (10, 0),
    "llamafactory/reason_tool_use_demo_50.jsonl": (50, 0),
    "ms-swift/swift_multi.jsonl": (3, 0),
    "ms-swift/swift_pre.jsonl": (3, 3),
    "bfcl/BFCL_v4_irrelevance.json": (240, 240),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_counts_of_public_files_add_up(name: str) -> None:
    report = lint(corpus(name), "R")
    assert (report.rows, report.unusable) == ROWS[name]
    assert report.records + len(report.findings) == report.rows
