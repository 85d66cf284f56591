"""Answers under a guard, over real HTTP: what a check of the domain does not pass is not served, whole or in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steadyhand.domain.load import checks_of
from steadyhand.errors import UsageError
from steadyhand.serve.guard import Guard
from tests.checks import shop
from tests.checks.test_sql_attacks import ATTACKS
from tests.serving import CALL, WEATHER, Scripted, Server, serving

CHECKS = """
system: Answer with one SELECT.
checks:
  rows: {kind: exec_sql, database: shop.db, seconds: 1}
  red: {kind: rules, never: [guaranteed, 保本]}
  mood: {kind: label, of: [praise, complaint]}
  form: {kind: json_schema, schema: {type: object, required: [total]}}
  helps: {kind: says}
instead: {red: {en: "Its value can fall.", zh: "净值可能下跌。"}}
"""
WITHHELD = "withheld: the check {} does not pass ({})"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("guarded")
    shop.make(root)
    (root / "checks.yaml").write_text(CHECKS, "utf-8")
    return root


def guard(folder: Path, *names: str) -> Guard:
    checks = checks_of(folder)
    return Guard(tuple(checks.checkers[name] for name in names), checks.instead)


def echoing(folder: Path, *names: str, system: str = "") -> Iterator[tuple[Server, Scripted]]:
    backend = Scripted(lambda prompt: prompt.messages[-1].content.replace("‹", "<").replace("›", ">"))
    with serving(lambda: backend, guard=guard(folder, *names), system=system) as server:
        yield server, backend


@pytest.fixture(scope="module")
def red(folder: Path) -> Iterator[tuple[Server, Scripted]]:
    yield from echoing(folder, "red", system=checks_of(folder).system)


@pytest.fixture(scope="module")
def rows(folder: Path) -> Iterator[tuple[Server, Scripted]]:
    yield from echoing(folder, "rows", "red")


def both(server: Server, content: str, **fields: Any) -> dict[str, Any]:
    """The choice of an answer that is sent whole; the same in pieces says the same."""
    choice: dict[str, Any] = server.chat(content, **fields).json()["choices"][0]
    message, finish = server.streamed(content, **fields)
    whole = choice["message"]
    assert (message["content"], message.get("refusal")) == (whole["content"] or "", whole["refusal"])
    assert finish == choice["finish_reason"]
    assert "reasoning" not in message
    return choice


@pytest.mark.parametrize(
    ("said", "served"),
    [
        ("It is guaranteed.", "Its value can fall."),
        ("It is G\u200bUARANTEED.", "Its value can fall."),
        ("这款产品保本吗？", "净值可能下跌。"),
        (f"{CALL} guaranteed".replace("<", "‹").replace(">", "›"), "Its value can fall."),
    ],
)
def test_another_text_stands_in_for_what_crosses_a_line(red: tuple[Server, Scripted], said: str, served: str) -> None:
    choice = both(red[0], said, tools=[WEATHER])
    assert choice["message"]["content"] == served
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "content_filter"
    assert choice["guard"] == {"check": "red", "code": "red_line"}


def test_no_piece_of_a_withheld_answer_is_ever_sent(red: tuple[Server, Scripted]) -> None:
    text = red[0].chat("A" * 200 + " guaranteed", stream=True).text
    assert "AAA" not in text
    assert '"guard":{"check":"red","code":"red_line"}' in text


def test_what_passes_is_served_without_its_thinking(red: tuple[Server, Scripted]) -> None:
    choice = both(red[0], "‹think›It is guaranteed.‹/think›Read the sheet.")
    assert choice["message"] == {"role": "assistant", "content": "Read the sheet.", "refusal": None}
    assert choice["finish_reason"] == "stop"
    assert "guard" not in choice


def test_a_call_alone_is_no_text_to_judge(red: tuple[Server, Scripted]) -> None:
    choice = both(red[0], CALL.replace("<", "‹").replace(">", "›"), tools=[WEATHER])
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None


def test_the_domains_system_prompt_stands_before_a_dialogue_without_one(red: tuple[Server, Scripted]) -> None:
    server, backend = red
    server.message("hello")
    assert [(m.role, m.content) for m in backend.seen[-1][0].messages] == [
        ("system", "Answer with one SELECT."), ("user", "hello"),
    ]  # fmt: skip
    own = [{"role": "system", "content": "Mine."}, {"role": "user", "content": "hello"}]
    server.client.post(f"{server.url}/v1/chat/completions", json={"model": "m", "messages": own})
    assert backend.seen[-1][0].messages[0].content == "Mine."


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_the_database_is_refused_by_its_code_and_changes_nothing(
    rows: tuple[Server, Scripted], folder: Path, attack: str
) -> None:
    before = hashlib.sha256((folder / "shop.db").read_bytes()).hexdigest()
    choice = rows[0].chat(attack).json()["choices"][0]
    assert choice["guard"] == {"check": "rows", "code": ATTACKS[attack]}
    assert choice["message"]["content"] is None
    assert choice["message"]["refusal"] == WITHHELD.format("rows", ATTACKS[attack])
    assert choice["finish_reason"] == "content_filter"
    assert hashlib.sha256((folder / "shop.db").read_bytes()).hexdigest() == before
    assert {path.name for path in folder.iterdir()} == {"shop.db", "checks.yaml"}


def test_a_query_that_reads_is_served_as_it_was_written_and_refusals_are_counted(
    rows: tuple[Server, Scripted],
) -> None:
    server, _ = rows
    query = "```sql\nSELECT name FROM item WHERE price > 50\n```"
    assert both(server, query)["message"]["content"] == query
    assert both(server, "SELECT name FROM nowhere")["guard"] == {"check": "rows", "code": "fails"}
    assert both(server, "SELECT 'guaranteed'")["message"]["content"] == "Its value can fall."  # the second check's text
    assert server.metric('steady_guard_refusals_total{check="rows",code="fails"}') == 2
    assert server.metric('steady_guard_refusals_total{check="red",code="red_line"}') == 2


def test_labels_and_schemas_guard_the_form_alone(folder: Path) -> None:
    for server, _ in echoing(folder, "mood"):
        assert "guard" not in both(server, "Praise.")
        assert both(server, "perhaps praise")["guard"] == {"check": "mood", "code": "no_label"}
    for server, _ in echoing(folder, "form"):
        assert "guard" not in both(server, '{"total": 5}')
        assert both(server, '{"sum": 5}')["guard"] == {"check": "form", "code": "schema"}
        assert both(server, "five")["guard"] == {"check": "form", "code": "not_json"}


def test_a_check_that_needs_a_gold_answer_cannot_guard(folder: Path) -> None:
    with pytest.raises(UsageError, match="needs a gold answer"):
        guard(folder, "helps")


def test_a_check_that_breaks_lets_nothing_through(tmp_path: Path) -> None:
    shop.make(tmp_path)
    (tmp_path / "checks.yaml").write_text("checks: {rows: {kind: exec_sql, database: shop.db}}", "utf-8")
    for server, _ in echoing(tmp_path, "rows"):
        (tmp_path / "shop.db").unlink()
        assert both(server, "SELECT name FROM item")["guard"]["check"] == "rows"
