"""The tool half of the corpus: calls valid under their schemas, held-out tools unseen, no private word anywhere."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from nano import corpus, errands, reason, toolbox, tooluse
from nano.rows import Generator, Row
from steadyhand.chat.messages import Message, Tool
from steadyhand.chat.schema import schema_errors

ROOT = Path(__file__).parents[2]
GENERATORS = [make for _, make in [*tooluse.GENERATORS, *errands.GENERATORS, *reason.GENERATORS]]
LANGS = ("zh", "en")


def rows_of(make: Generator, held: bool, count: int = 60) -> list[Row]:
    rng = random.Random(make.__name__)
    return [make(rng, LANGS[i % 2], held) for i in range(count)]  # type: ignore[arg-type]


def calls_of(row: Row) -> list[tuple[str, dict[str, object]]]:
    messages = [Message.from_openai(m) for m in row["messages"]]
    return [(c.name, c.arguments) for m in messages for c in m.calls]


@pytest.mark.parametrize("make", GENERATORS, ids=lambda make: make.__name__)
def test_every_gold_call_satisfies_the_schema_of_an_offered_tool(make: Generator) -> None:
    for row in rows_of(make, held=False) + rows_of(make, held=True):
        tools = {t.name: t for t in map(Tool.from_openai, row["tools"])}
        for name, arguments in calls_of(row):
            assert schema_errors(tools[name], arguments) == []


@pytest.mark.parametrize("make", GENERATORS, ids=lambda make: make.__name__)
def test_every_turn_thinks_in_three_lines(make: Generator) -> None:
    for row in rows_of(make, held=False):
        for message in row["messages"]:
            if message["role"] == "assistant":
                assert message["reasoning_content"].count("\n") == 2


def test_training_rows_never_use_a_held_out_tool() -> None:
    held = {(v, n) for v in toolbox.VERBS for n in toolbox.NOUNS if toolbox.is_held(v, n)}
    names = {f"{v}_{n}" for v, n in held} | {f"{n}_{v}" for v, n in held}
    for make in (tooluse.simple_call, tooluse.list_then_each, tooluse.threshold_chain):
        offered = {t["function"]["name"] for row in rows_of(make, held=False) for t in row["tools"]}
        assert not offered & names
        shown = {t["function"]["name"] for row in rows_of(make, held=True) for t in row["tools"]}
        assert shown & names


def test_a_threshold_chain_acts_only_above_the_threshold() -> None:
    for row in rows_of(tooluse.threshold_chain, held=False, count=200):
        check = row["messages"][-1]["reasoning_content"].splitlines()[-1]
        acted = bool(row["messages"][-1].get("tool_calls"))
        numbers = [int(n) for n in re.findall(r"\d+", check)]
        assert acted == (numbers[0] > numbers[1]), check


def test_the_answer_of_a_reading_stands_in_the_result() -> None:
    for row in rows_of(tooluse.read_field, held=False):
        values = [str(v) for v in json.loads(row["messages"][2]["content"]).values()]
        assert any(value in row["messages"][3]["content"] for value in values)


def private_terms() -> list[str]:
    """Tool names and distinctive aliases of the examples; USS itself is a public homonym."""
    import yaml

    terms = [json.loads(p.read_text("utf-8"))["name"] for p in ROOT.glob("examples/*/tools/*.json")]
    for path in ROOT.glob("examples/*/knowledge/*.yaml"):
        for point in yaml.safe_load(path.read_text("utf-8"))["points"]:
            terms += [alias for alias in point.get("aliases", []) if alias.casefold() != "uss"]
    return terms


def test_no_private_term_of_an_example_is_in_the_corpus() -> None:
    terms = private_terms()
    assert len(terms) > 10
    text = "\n".join(corpus.text_of(corpus.make_row(random.Random(i))) for i in range(4000)).casefold()
    assert [term for term in terms if term.casefold() in text] == []


def test_a_row_depends_on_its_seed_only() -> None:
    assert corpus.make_row(random.Random("a")) == corpus.make_row(random.Random("a"))
    assert corpus.make_row(random.Random("a")) != corpus.make_row(random.Random("b"))
