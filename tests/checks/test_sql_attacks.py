"""Forty ways to do harm with a query: each is refused by a code in time, and the file stays what it was."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from steadyhand.chat.messages import Message
from steadyhand.checks import Bound, Context
from steadyhand.checks.exec_sql import ExecSql
from steadyhand.domain.model import Domain, Scenario, Split
from steadyhand.errors import Place
from steadyhand.evaluate.run import evaluate
from steadyhand.pairs.build import ModelError, build_groups
from steadyhand.settings.model import EvalSettings
from tests.checks import shop
from tests.evaluate.world import Scripted

SECONDS = 1.0
SLACK = 3.0  # of a machine that does other work beside; the limit itself is the worker's
GOLD = "SELECT COUNT(*) FROM sale"
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
LONG = "replace(replace(replace('aaaaaaaaaa', 'a', 'aaaaaaaaaa'), 'a', 'aaaaaaaaaa'), 'a', 'aaaaaaaaaa')"
MEGABYTE = f"replace(replace({LONG}, 'a', 'aaaaaaaaaa'), 'a', 'aaaaaaaaaa')"
ATTACKS = {
    "SELECT 1; DROP TABLE sale": "second_statement",
    "SELECT 1; SELECT 2": "second_statement",
    "SELECT ';' ; DELETE FROM sale": "second_statement",
    "SELECT 1 /* ; */ ; UPDATE item SET price = 0": "second_statement",
    "SELECT 1 -- end\n; INSERT INTO item(name) VALUES ('x')": "second_statement",
    "SELECT 1;;VACUUM": "second_statement",
    'SELECT "a;b" FROM item; DROP TABLE item': "second_statement",
    "ATTACH DATABASE 'stolen.db' AS s": "forbidden",
    "attach 'stolen.db' as s": "forbidden",
    "DETACH DATABASE main": "forbidden",
    "/* harmless */ ATTACH 'stolen.db' AS s": "forbidden",
    "PRAGMA writable_schema = ON": "forbidden",
    "PRAGMA query_only = OFF": "forbidden",
    "SELECT * FROM pragma_query_only": "forbidden",
    "SELECT * FROM pragma_table_info('sale')": "forbidden",
    "SELECT * FROM pragma_database_list": "forbidden",
    "SELECT load_extension('./evil')": "forbidden",
    "SELECT LOAD_EXTENSION('./evil', 'main')": "forbidden",
    "SELECT fts3_tokenizer('simple')": "forbidden",
    "SELECT hex(randomblob(100000000))": "forbidden",
    "SELECT zeroblob(2000000000)": "forbidden",
    "WITH gone AS (SELECT id FROM sale) DELETE FROM sale WHERE id IN gone": "forbidden",
    "WITH a AS (SELECT 1) INSERT INTO item(name) SELECT 'x' FROM a": "forbidden",
    "WITH a AS (SELECT 1) UPDATE item SET price = 0 RETURNING id": "forbidden",
    "INSERT INTO item(name) VALUES ('x')": "forbidden",
    "REPLACE INTO item(id, name) VALUES (1, 'x')": "forbidden",
    "CREATE TEMP TABLE t AS SELECT * FROM sale": "forbidden",
    "CREATE TRIGGER t AFTER INSERT ON sale BEGIN SELECT 1; END": "second_statement",
    "VACUUM INTO 'stolen.db'": "forbidden",
    "BEGIN IMMEDIATE": "forbidden",
    "EXPLAIN QUERY PLAN SELECT 1": "forbidden",
    "SELECT 1 /* never closed": "not_sql",
    "SELECT 'never closed": "not_sql",
    'SELECT "never closed FROM item': "not_sql",
    ENDLESS + "SELECT COUNT(*) FROM c": "too_slow",
    ENDLESS + "SELECT x FROM c": "too_much",
    ENDLESS.replace("ALL ", "") + "SELECT MAX(x) FROM c": "too_slow",
    "SELECT COUNT(*) FROM sale a, sale b, sale c, sale d": "too_slow",
    "SELECT * FROM sale a, sale b": "too_much",
    f"WITH t(x) AS (SELECT {MEGABYTE}) SELECT instr(x, substr(x, 1, 500000) || 'b') FROM t": "too_slow",
    f"SELECT length({LONG} || {LONG}), replace({LONG}, 'a', {LONG})": "too_much",
}


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> ExecSql:
    root = tmp_path_factory.mktemp("attacked")
    shop.make(root)
    return ExecSql("rows", {"database": "shop.db", "seconds": SECONDS}, root)


def state(root: Path) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in root.iterdir()}


def test_there_are_forty() -> None:
    assert len(ATTACKS) >= 40


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_by_code_in_time_and_changes_nothing(check: ExecSql, attack: str) -> None:
    before, began = state(check.root), time.monotonic()
    found = check.judge(attack, GOLD, Context())
    assert (found.word, found.code) == ("failed", ATTACKS[attack]), found.facts
    assert found.facts["runs"] is False
    assert time.monotonic() - began < SECONDS + SLACK
    assert state(check.root) == before
    assert check.judge(GOLD, GOLD, Context()).word == "passed"  # and the next query is answered


def attacked(check: ExecSql, split: Split) -> Domain:
    """A scenario for each attack, whose gold query is harmless."""
    rows = []
    for number, attack in enumerate(ATTACKS):
        messages = (Message("user", attack), Message("assistant", GOLD))
        bound: dict[int, tuple[Bound, ...]] = {1: (Bound(check, True, Context(question=attack, reference=GOLD)),)}
        name = f"a{number}"
        rows.append(Scenario(name, name, split, "common", "en", (), messages, Place("a"), checks=bound))
    return Domain(Path("memory"), "attacked", (), {}, tuple(rows), (), checks={check.name: check})


def test_attacks_that_a_model_writes_are_refused_by_code_in_an_evaluation(check: ExecSql) -> None:
    before = state(check.root)
    model = Scripted(lambda prompt: prompt.messages[-1].content)
    found = evaluate(model, attacked(check, "eval"), model="m", settings=EvalSettings(determinism_items=0))
    codes = {item.question: item.facts.checks["rows"]["code"] for item in found.items}
    assert codes == ATTACKS
    assert found.metrics["rows"].k == found.metrics["rows.runs"].k == 0
    assert state(check.root) == before


def test_attacks_are_rejected_answers_and_never_chosen_ones_in_groups(check: ExecSql) -> None:
    before = state(check.root)
    errors = [ModelError(f"a{number}#1", attack, None) for number, attack in enumerate(ATTACKS)]
    groups = build_groups(attacked(check, "train"), errors, lambda _, __, target: target.content, k=2, seed=0)
    assert [group.rejected[0].text for group in groups] == list(ATTACKS)
    assert [group.rejected[0].mode for group in groups] == list(ATTACKS.values())
    assert {group.chosen.content for group in groups} == {GOLD}
    assert state(check.root) == before


@pytest.mark.parametrize("attack", [one for one, code in ATTACKS.items() if code in ("forbidden", "second_statement")])
def test_an_attack_that_passes_for_gold_is_no_gold(check: ExecSql, attack: str) -> None:
    before = state(check.root)
    assert check.faults(True, Context(reference=attack))
    assert check.judge(GOLD, attack, Context()).word == "unscored"
    assert state(check.root) == before
