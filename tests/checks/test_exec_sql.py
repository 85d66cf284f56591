"""Queries judged by their rows: equal ones accepted, unequal ones refused even where one database cannot tell."""

from __future__ import annotations

import pickle
import sqlite3
import time
from pathlib import Path
from random import Random

import pytest
import yaml

from steadyhand.checks import Context, Judged
from steadyhand.checks.exec_sql import ExecSql
from steadyhand.errors import UsageError
from tests.checks import shop

QUERIES = yaml.safe_load((Path(__file__).parent / "queries.yaml").read_text("utf-8"))
GOLD = QUERIES["gold"]
JOINED = GOLD["JOINED"]


def pairs(name: str) -> list[tuple[str, str]]:
    return [(GOLD.get(row["gold"], row["gold"]), row["answer"]) for row in QUERIES[name]]


EQUAL, LUCK, OTHER = pairs("equal"), pairs("luck"), pairs("other")


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> ExecSql:
    root = tmp_path_factory.mktemp("shop")
    shop.make(root)
    return ExecSql("rows", {"database": "shop.db"}, root)


def test_the_lists_are_thirty_each() -> None:
    assert len(EQUAL) == len(LUCK) + len(OTHER) == 30


@pytest.mark.parametrize(("gold", "answer"), EQUAL)
def test_equal_queries_are_accepted(check: ExecSql, gold: str, answer: str) -> None:
    found = check.judge(answer, gold, Context())
    assert (found.word, found.code) == ("passed", None), found.facts


@pytest.mark.parametrize(("gold", "answer"), LUCK + OTHER)
def test_unequal_queries_are_refused(check: ExecSql, gold: str, answer: str) -> None:
    found = check.judge(answer, gold, Context())
    assert found.word == "failed"
    assert found.code in ("luck", "other_rows", "other_order")


def test_luck_is_told_from_other_rows(check: ExecSql) -> None:
    """Most of the lucky ones return the right rows on the shop itself: without copies they would pass."""
    alone = ExecSql("rows", {"database": "shop.db", "copies": 0}, check.root)
    lucky = [pair for pair in LUCK if alone.judge(pair[1], pair[0], Context()).word == "passed"]
    assert len(lucky) >= 12
    assert {check.judge(answer, gold, Context()).code for gold, answer in lucky} == {"luck"}


def test_running_stands_apart_from_being_right(check: ExecSql) -> None:
    answers = (JOINED, "SELECT COUNT(*) FROM sale", "SELECT color FROM sale", "DROP TABLE sale", "I do not know.")
    judged = [check.judge(answer, JOINED, Context()) for answer in answers]
    kept = [Judged(str(i), {**one.facts, "word": one.word, "code": one.code}) for i, one in enumerate(judged)]
    rate, runs = ExecSql.figures(kept)
    assert (rate.k, rate.n, runs.name, runs.k, runs.n) == (1, 5, "runs", 2, 5)
    assert [one.code for one in judged] == [None, "other_rows", "fails", "forbidden", "no_query"]


def test_rows_that_tie_may_swap_and_others_may_not(check: ExecSql) -> None:
    gold = "SELECT town, name FROM branch ORDER BY town"
    assert check.judge("SELECT town, name FROM branch ORDER BY town, name DESC", gold, Context()).word == "passed"
    assert check.judge("SELECT town, name FROM branch ORDER BY town DESC", gold, Context()).code == "other_order"
    assert check.judge("SELECT town, name FROM branch", "SELECT town, name FROM branch", Context()).word == "passed"


def test_an_answer_may_stand_in_one_fence(check: ExecSql) -> None:
    fenced = f"Here it is:\n```sql\n{JOINED};\n```\nIt counts refunds."
    assert check.judge(fenced, JOINED, Context()).word == "passed"
    assert check.judge(fenced + fenced, JOINED, Context()).code == "no_query"
    assert check.judge(f"Here it is: {JOINED}", JOINED, Context()).code == "no_query"


def test_the_gold_query_is_looked_at_too(check: ExecSql) -> None:
    def faults(gold: str) -> str:
        return "; ".join(check.faults(True, Context(reference=gold)))

    assert faults(JOINED) == ""
    assert "no such column" in faults("SELECT color FROM sale")
    assert "second_statement" in faults("SELECT 1; SELECT 2")
    assert "depends on the order" in faults("SELECT name FROM branch LIMIT 2")
    assert "depends on the order" in faults("SELECT name FROM branch ORDER BY town LIMIT 2")
    assert faults("SELECT name FROM item ORDER BY price LIMIT 2") == ""
    assert "does not pass" in "; ".join(check.faults("SELECT COUNT(*) FROM item", Context(reference=JOINED)))
    assert check.judge(JOINED, "SELECT color FROM sale", Context()).word == "unscored"


@pytest.mark.parametrize("gold", GOLD.values())
def test_spoiled_queries_are_wrong(check: ExecSql, gold: str) -> None:
    made = list(check.spoil(True, Context(reference=gold), Random(3), [JOINED, "SELECT 7"]))
    assert len(made) >= 3
    assert len({one.text for one in made}) == len(made)
    assert len({one.mode for one in made}) >= 2
    assert all(check.judge(one.text, gold, Context()).word == "failed" for one in made)
    assert made == list(check.spoil(True, Context(reference=gold), Random(3), [JOINED, "SELECT 7"]))


def test_options_are_refused_by_name(tmp_path: Path) -> None:
    shop.make(tmp_path)
    for options, what in (
        ({}, "needs a database"),
        ({"database": "none.db"}, "not there"),
        ({"database": "../shop.db"}, "outside"),
        ({"database": "shop.db", "second": 1}, "no option 'second'"),
        ({"database": "shop.db", "seconds": 0}, "'seconds'"),
        ({"database": "shop.db", "copies": True}, "'copies'"),
        ({"database": "mysql://host/x"}, "no such kind"),
    ):
        with pytest.raises(UsageError, match=what):
            _ = ExecSql("rows", options, tmp_path).runner


def test_a_file_that_is_no_database_fails_by_name(tmp_path: Path) -> None:
    (tmp_path / "not.db").write_text("this is text, long enough to be read as a header of nothing at all", "utf-8")
    check = ExecSql("rows", {"database": "not.db"}, tmp_path)
    assert "not a database" in check.faults(True, Context(reference="SELECT 1 FROM a"))[0]


def test_a_database_with_a_write_ahead_log_is_read(tmp_path: Path) -> None:
    path = shop.make(tmp_path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    before = sorted(one.name for one in tmp_path.iterdir())
    check = ExecSql("rows", {"database": "shop.db"}, tmp_path)
    assert check.judge(JOINED, JOINED, Context()).word == "passed"
    assert sorted(one.name for one in tmp_path.iterdir()) == before


def test_identity_follows_the_data_and_a_checker_travels(check: ExecSql, tmp_path: Path) -> None:
    shop.make(tmp_path)
    other = ExecSql("rows", {"database": "shop.db"}, tmp_path)
    assert other.identity() == check.identity()
    with sqlite3.connect(tmp_path / "shop.db") as db:
        db.execute("UPDATE item SET price = 1")
    db.close()
    assert other.identity() != check.identity()
    assert pickle.loads(pickle.dumps(check)).judge(JOINED, JOINED, Context()).word == "passed"


def test_a_slow_query_is_stopped_at_its_limit(check: ExecSql) -> None:
    short = ExecSql("rows", {"database": "shop.db", "seconds": 0.3}, check.root)
    began = time.monotonic()
    found = short.judge("SELECT COUNT(*) FROM sale a, sale b, sale c, sale d", JOINED, Context())
    assert found.code == "too_slow"
    assert time.monotonic() - began < 3
