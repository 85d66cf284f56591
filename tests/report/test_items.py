"""Answers, failures, examples, dialogues and coverage: everything that is read from single items or counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.ledger.result import Evaluation, Facts, Item
from steadyhand.report.anchoring import dialogues
from steadyhand.report.answers import segments, tool_of
from steadyhand.report.examples import choose_examples
from steadyhand.report.failures import heat_tables
from tests.report.sample import evaluation

PLAIN = Item("i", "tool", "c", "en", "0", "raw", "stop", 3, True)


def evaluated(stage: str, *items: Item) -> Evaluation:
    return Evaluation(stage, "f", {}, items, {})


@pytest.mark.parametrize(
    ("raw", "kinds"),
    [
        ("<think>a</think>\n\nhello", ["think", "text"]),
        ("a</think><tool_call>{}</tool_call>", ["think", "call"]),
        ("<tool_call>{}\n", ["call"]),
        ("<think>never closed", ["think"]),
        ("one <tool_call>1</tool_call> two <tool_call>2</tool_call>", ["text", "call", "text", "call"]),
        ("  \n", []),
    ],
)
def test_segments(raw: str, kinds: list[str]) -> None:
    assert [piece.kind for piece in segments(raw)] == kinds


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<tool_call>", "</tool_call>", "x", "\n", "<", "中"])).map("".join)
)
def test_segments_lose_no_text(raw: str) -> None:
    shown = "".join(piece.text for piece in segments(raw))
    assert "".join(shown.split()) == "".join(raw.split())


@pytest.mark.parametrize(
    ("item", "tool"),
    [
        (replace(PLAIN, facts=Facts(tool="query")), "query"),
        (replace(PLAIN, expected='[{"name": "report", "arguments": {}}]'), "report"),
        (replace(PLAIN, expected='query_uss(uri="x")'), "query_uss"),
        (replace(PLAIN, expected="no call; says /safe/"), "none"),
        (replace(PLAIN, expected="[1"), "none"),
        (replace(PLAIN, expected="[]"), "none"),
    ],
)
def test_tool_of(item: Item, tool: str) -> None:
    assert tool_of(item) == tool


def test_heat_counts_failures_by_code_and_tool() -> None:
    items = [
        replace(PLAIN, id="1", passed=False, code="schema", facts=Facts(tool="query")),
        replace(PLAIN, id="2", passed=True, facts=Facts(tool="query")),
        replace(PLAIN, id="3", passed=False, facts=Facts(tool="none", tools=1)),
        replace(PLAIN, id="4", passed=None, facts=Facts(tool="query")),
        replace(PLAIN, id="5", passed=False, suite="public"),
    ]
    table, clean = heat_tables({"base": evaluated("base", *items), "sft": evaluated("sft", items[1])}, ["base", "sft"])
    assert table.tools == ("query", "none")
    assert table.counts == {"schema": {"query": 1}, "other": {"none": 1}}
    assert (table.totals["query"], table.failed, table.scored) == ((1, 2), 2, 3)
    assert (table.heat("schema", "query"), table.heat("schema", "none")) == (0.5, 0.0)
    assert clean.codes == table.codes
    assert clean.failed == 0
    assert heat_tables({"base": evaluated("base", items[4])}, ["base"]) == []


def failing(name: str, code: str) -> Item:
    return replace(PLAIN, id=name, passed=False, code=code)


def test_examples_show_bad_news_first_and_spread_over_codes() -> None:
    before = [failing(f"f{i}", "schema" if i else "order") for i in range(30)] + [replace(PLAIN, id="broke")]
    after = [replace(one, passed=True, code=None) for one in before[:20]] + before[20:30] + [failing("broke", "schema")]
    newly, still, fixed = choose_examples(evaluated("base", *before), evaluated("dpo", *after), limit=3)
    assert [(one.change, one.total) for one in (newly, still, fixed)] == [
        ("newly_wrong", 1),
        ("still_wrong", 10),
        ("fixed", 20),
    ]
    assert len(still.shown) == 3
    assert "order" in {pair.before.code for pair in fixed.shown}


def test_examples_do_not_depend_on_the_order_of_items() -> None:
    base, dpo = evaluation("base", n=80), evaluation("dpo", n=80)
    turned = replace(dpo, items=tuple(reversed(dpo.items)))
    chosen = [{pair.after.id for pair in one.shown} for one in choose_examples(base, dpo)]
    assert chosen == [{pair.after.id for pair in one.shown} for one in choose_examples(base, turned)]
    assert chosen[2]


def test_repetitions_and_unscored_items_are_no_examples() -> None:
    repeated = replace(failing("a", "schema"), suite="determinism")
    unscored = replace(PLAIN, id="b", passed=None)
    base = evaluated("base", repeated, unscored, failing("b", "x"))
    assert [one.total for one in choose_examples(base, evaluated("dpo", repeated, unscored))] == [0, 0, 0]


def test_dialogues_number_scored_turns_and_keep_languages_apart() -> None:
    turn = replace(PLAIN, suite="anchoring", question="q")
    lead = replace(turn, id="clarify:en", passed=None, facts=Facts(clarify=True), question="topic")
    base = evaluated("base", lead, replace(turn, id="z", lang="zh"), turn, replace(turn, id="j", passed=False))
    tuned = evaluated("dpo", turn)
    english, chinese = dialogues({"base": base, "dpo": tuned}, ["base", "dpo"])
    assert [(one.number, one.question) for one in english.turns] == [(None, "topic"), (1, "q"), (2, "q")]
    assert english.turns[0].answers["dpo"] is None
    assert english.tally("base") == {"k": 1, "n": 2}
    assert (chinese.lang, len(chinese.turns)) == ("zh", 1)
