"""Columns of a table: what a map says, how a dialogue stands in a cell, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.datasets.convert import Imported, read_dialogues
from steadyhand.datasets.mapping import column_map, dialogue_of
from steadyhand.errors import UsageError


def read(path: Path, *words: str, why: tuple[str, ...] = ()) -> Imported:
    return read_dialogues(path, preferences=True, columns=column_map(words, why))


def test_a_question_and_an_answer_become_a_dialogue_and_other_columns_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('ask,label,by\nGood?,praise,me\n"a, ""b""",true,\n,x,\n', "utf-8")
    found = read(path, "user=ask", "answer=label")
    assert [[m.content for m in row.messages] for row in found.rows] == [["Good?", "praise"], ['a, "b"', "true"]]
    assert found.ignored == {"by": 1}
    assert [(one.number, one.reason) for one in found.rejects] == [(3, "nothing stands in ask")]


def test_a_chat_in_a_cell_two_replies_and_why(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    chat = "客户：你好\n客服：您好\n客户：太贵了"
    path.write_text(f'chat\tgood\tbad\tworst\tkind\n"{chat}"\t理解。\t不贵。\t走开。\tprice\n', "utf-8")
    found = read(path, "dialogue=chat", "chosen=good", "rejected=bad", "rejected=worst", why=("kind",))
    assert [one.rejected.content for one in found.preferences if one.rejected] == ["不贵。", "走开。"]
    first = found.preferences[0]
    assert [(m.role, m.content) for m in first.prompt] == [("user", "你好"), ("assistant", "您好"), ("user", "太贵了")]
    assert first.labels.why == (("category", "price"),)


def test_jsonl_and_parquet_are_mapped_too(tmp_path: Path) -> None:
    rows = [{"q": "1?", "a": 1}, {"q": "2?", "a": 2}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert [row.messages[-1].content for row in read(tmp_path / "a.jsonl", "user=q", "answer=a").rows] == ["1", "2"]
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    assert len(read(tmp_path / "a.parquet", "user=q", "answer=a").rows) == 2


@pytest.mark.parametrize(
    ("words", "why", "what"),
    [
        (["user"], [], "no column"),
        (["usr=a"], [], "no such target"),
        (["user=a", "user=b"], [], "named twice"),
        (["answer=a"], [], "nothing that asks"),
        (["user=a"], [], "names no answer"),
        (["user=a", "chosen=b"], [], "two sides"),
        (["user=a", "answer=b", "chosen=c", "rejected=d"], [], "an answer and judged ones"),
        (["user=a", "answer=b"], ["kind"], "no row compares"),
    ],
)
def test_a_map_that_says_too_little_or_two_things_is_refused(words: list[str], why: list[str], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        column_map(words, why)


def test_no_map_is_none() -> None:
    assert column_map([]) is None


@given(turns=st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text("abc 你好,?", min_size=1)), min_size=1))
def test_written_turns_are_read_back(turns: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{role}: {said}" for role, said in turns)
    assert dialogue_of(text) == [{"role": role, "content": said.strip()} for role, said in turns]


@pytest.mark.parametrize("cell", ["hello", "", "[1, 2", "so: user: x"])
def test_a_cell_without_speakers_is_no_dialogue(cell: str) -> None:
    with pytest.raises(ValueError, match="dialogue"):
        dialogue_of(cell)
