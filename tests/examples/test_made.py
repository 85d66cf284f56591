"""The examples made of seeds: the files are what the script writes, and each is what its README says."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from examples.made import HERE, STARTERS, builds
from steadyhand.check import check
from steadyhand.datasets.folder import load
from steadyhand.domain.model import Domain

SIZES = {"sql": 600, "wording": 300, "reviews": 600, "sales": 240}


@pytest.fixture(params=SIZES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as opened:
        return list(opened.iterdump())


def test_the_files_are_what_the_script_writes(name: str, tmp_path: Path) -> None:
    build, starter = builds()[name]
    for folder, files in ((HERE / name, build(False)), (STARTERS / starter, build(True))):
        for file, content in files.items():
            if isinstance(content, str):
                assert (folder / file).read_text("utf-8") == content, f"{folder / file}: python -m examples.made"
            else:  # the bytes of a database differ between releases of SQLite, what it holds does not
                (tmp_path / "made.db").write_bytes(content)
                assert dump(folder / file) == dump(tmp_path / "made.db")


def test_an_example_is_sound(name: str) -> None:
    domain = load(HERE / name)
    rows = [*domain.scenarios, *domain.comparisons] if not domain.comparisons else list(domain.comparisons)
    assert len(rows) == SIZES[name]
    assert [finding for finding in check(domain) if finding.severity == "error"] == []
    assert {row.lang for row in rows} == {"en", "zh"}
    held = [row for row in rows if row.split == "eval"]
    assert {row.input_class for row in held} == {"common", "boundary"}
    assert {row.input_class for row in rows if row.split == "train"} == {"common"}
    assert not {question(row) for row in held} & {question(row) for row in rows if row.split == "train"}


def question(row: Any) -> tuple[str, ...]:
    return tuple(message.content for message in row.messages[:-1])


def test_three_labels_in_equal_parts() -> None:
    domain: Domain = load(HERE / "reviews")
    for split, each in (("train", 150), ("eval", 50)):
        found = Counter(one.messages[-1].content for one in domain.scenarios if one.split == split)
        assert found == {"praise": each, "complaint": each, "mixed": each}


def test_the_shop_has_eight_tables_and_every_query_finds_something() -> None:
    rows = (HERE / "sql" / "scenarios" / "asked.jsonl").read_text("utf-8").splitlines()
    queries = {json.loads(row)["messages"][-1]["content"] for row in rows}
    with closing(sqlite3.connect(HERE / "sql" / "shop.db")) as shop:
        assert shop.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'").fetchone() == (8,)
        empty = [query for query in queries if shop.execute(query).fetchall() in ([], [(None,)])]
    assert len(empty) <= len(queries) // 20, empty


@pytest.mark.parametrize("folder", ["wording", "sales"])
def test_every_worse_answer_fails_and_every_category_is_on_both_sides(folder: str) -> None:
    domain = load(HERE / folder)
    sides: dict[str, set[str]] = {"train": set(), "eval": set()}
    for one in domain.comparisons:
        sides[one.split].add(one.why["category"])
    assert sides["train"] == sides["eval"]
    assert [finding for finding in check(domain) if finding.code.startswith("C1")] == []
