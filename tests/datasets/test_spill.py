from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, Tool
from steadyhand.check.lint import lint_files
from steadyhand.check.rules import selected
from steadyhand.datasets import spill
from steadyhand.datasets.convert import Dialogue, read_dialogues
from steadyhand.datasets.labels import Labels
from steadyhand.datasets.spill import Head, RowStore, heads, mapped
from steadyhand.errors import Place
from tests.corpora import corpus


def row(number: int, text: str = "text", tools: int = 0) -> Dialogue:
    offer = tuple(Tool(f"t{n}", "", {"type": "object", "enum": [n]}) for n in range(tools))
    said = (Message("user", f"{text} {number}"), Message("assistant", "\ud800 kept", think="so"))
    return Dialogue(number, said, offer, Place("f", number, 1), text, Labels("eval", "g", ("D101",)))


STORE = RowStore([row(n) for n in range(200)], room=1)


def shared(index: int) -> Dialogue:
    return STORE[index]


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(0, 2)), max_size=12), st.integers(0, 40))
def test_rows_come_back_as_they_went_in_wherever_they_stand(rows: list[tuple[str, int]], room: int) -> None:
    given_rows = [row(number, text, tools) for number, (text, tools) in enumerate(rows)]
    store = RowStore(given_rows, room)
    assert list(store) == given_rows == [store[index] for index in range(len(store))]
    assert list(mapped(store, lambda one: one.number)) == list(range(len(rows)))
    assert list(heads(store)) == [Head(one.tools, one.labels) for one in given_rows] == list(heads(given_rows))


@pytest.mark.parametrize("block", [1, 500, 10**6])
def test_blocks_that_are_read_at_once_end_between_rows(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_BLOCK", block)
    given_rows = [row(number, "x" * (number * 97 % 400)) for number in range(40)]
    assert list(RowStore(given_rows, room=1)) == given_rows


def test_equal_offers_are_one_object_in_memory_and_behind_the_file() -> None:
    store = RowStore([row(n, tools=2) for n in range(6)], room=9)
    assert len({id(one.tools) for one in store}) == 1


def test_a_store_grows_while_it_is_read() -> None:
    store = RowStore([row(0), row(1)], room=1)
    assert store[1] == row(1)
    store.append(row(2))
    assert store[2] == row(2)


def test_only_what_stands_in_memory_is_mapped_at_once() -> None:
    seen: list[int] = []

    def noted(one: Dialogue) -> int:
        seen.append(one.number)
        return one.number

    view = mapped(RowStore([row(0), row(1), row(2)], room=5), noted)
    assert seen == [0, 1]
    assert view[2] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
def test_forked_processes_read_at_their_own_pace() -> None:
    with multiprocessing.get_context("fork").Pool(3) as pool:
        assert pool.map(shared, range(200), chunksize=7) == list(STORE)


@pytest.mark.parametrize("name", ["glaive_toolcall_zh_demo.json", "dpo_zh_demo.json", "alpaca_zh_demo.json"])
def test_what_is_found_does_not_depend_on_where_the_rows_stand(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = corpus(f"llamafactory/{name}")
    codes = selected([], [])
    usual = lint_files([read_dialogues(path, preferences=True)], codes)
    monkeypatch.setattr(RowStore.__init__, "__defaults__", ((), 10_000))
    away = read_dialogues(path, preferences=True)
    assert lint_files([away], codes) == usual
    assert usual.findings


def test_rows_of_lines_know_their_lines_behind_a_mark_and_an_empty_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf\n"
        + b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\r\n' * 3
    )
    read = read_dialogues(path)
    assert [one.place.line for one in read.rows] == [2, 3, 4]
