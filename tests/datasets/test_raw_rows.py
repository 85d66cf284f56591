from __future__ import annotations

import json
import os
from pathlib import Path
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json
from steadyhand.datasets.raw import Raw
from steadyhand.datasets.raw_rows import raw_rows
from steadyhand.errors import DomainError, SteadyError


def rows(path: Path, data: bytes | str) -> list[Raw]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(raw_rows(path))


def test_a_csv_has_quotes_line_breaks_and_rows_of_the_wrong_length(tmp_path: Path) -> None:
    text = '\ufeffinstruction,output\n"say ""hi""\nplease",Hi\n\na,b,c\n  x  ,"1,2"\n'
    found = rows(tmp_path / "a.csv", text)
    assert [(raw.number, raw.place.line) for raw in found] == [(1, 2), (2, 5), (3, 6)]
    assert found[0].value == {"instruction": 'say "hi"\nplease', "output": "Hi"}
    assert found[1].error == "the record has 3 cells, the header 2"
    assert found[2].value == {"instruction": "  x  ", "output": "1,2"}
    assert rows(tmp_path / "a.tsv", "query\tresponse\na\tb\n")[0].value == {"query": "a", "response": "b"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_named_pipe_is_refused_before_anybody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DomainError, match="a named pipe") as caught:
        list(raw_rows(tmp_path / "pipe"))
    assert "hand it over as -" in str(caught.value.next)


def test_cells_with_lists_are_lists(tmp_path: Path) -> None:
    cell = json.dumps([["q", "a"]]).replace('"', '""')
    found = rows(tmp_path / "a.csv", f'history,query,label\n"{cell}","[1]",True\n')
    assert found[0].value == {"history": [["q", "a"]], "query": "[1]", "label": True}


@pytest.mark.parametrize("text", ['a,b\n"x,y\n', 'a,b\n"x"y,z\n', "a,a\n1,2\n", ""])
def test_a_broken_csv_is_one_error_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(DomainError) as error:
        rows(tmp_path / "a.csv", text)
    assert "a.csv" in str(error.value.where)


def test_cells_may_be_large(tmp_path: Path) -> None:
    assert len(rows(tmp_path / "a.csv", "a,b\n" + "x" * 300_000 + ",y\n")[0].value["a"]) == 300_000


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8)


@given(table=st.lists(st.lists(cells, min_size=2, max_size=2), max_size=5))
def test_every_record_of_a_csv_comes_back(table: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in record) for record in table]
    found = rows(path, "\n".join(["query,response", *quoted]) + "\n")
    assert [[raw.value["query"], raw.value["response"]] for raw in found] == table


def test_parquet_rows_have_no_null_columns(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    table = pyarrow.table({"messages": [turns, None], "instruction": [None, "q"], "output": [None, "a"], "n": [1.5, 2]})
    parquet.write_table(table, tmp_path / "a.parquet")
    found = list(raw_rows(tmp_path / "a.parquet"))
    assert [raw.value for raw in found] == [
        {"messages": turns, "n": 1.5},
        {"instruction": "q", "output": "a", "n": 2.0},
    ]
    assert [(raw.place.line, raw.place.column) for raw in found] == [(1, 0), (2, 0)]
    data = (tmp_path / "a.parquet").read_bytes()
    assert len(rows(tmp_path / "renamed", data)) == 2
    for broken in (data[:-9], b"PAR1", b"not parquet"):
        with pytest.raises(DomainError, match="broken Parquet"):
            rows(tmp_path / "b.parquet", broken)


def test_a_line_in_another_encoding_is_one_row_and_a_file_of_them_one_error(tmp_path: Path) -> None:
    good, bad = '{"a": "好"}\n'.encode(), '{"a": "好"}\n'.encode("gbk")
    found = rows(tmp_path / "a.jsonl", good * 3 + bad + good)
    assert [bool(raw.error) for raw in found] == [False, False, False, True, False]
    assert (found[3].place.line, found[3].place.column) == (4, 8)
    for data in (bad * 3, b"\x89PNG\r\n\x1a\n\xff\xfe" * 5, '{"a": 1}\n'.encode("utf-16")):
        with pytest.raises(DomainError, match="UTF"):
            rows(tmp_path / "a.jsonl", data)


def test_an_entry_of_an_array_may_be_broken_alone(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.json", '[\n{"a": 1},\n{"a": NaN},\n{"a": 1, "a": 2}, ' + "9" * 5000 + ', {"b": 1}]')
    assert [bool(raw.error) for raw in found] == [False, True, True, True, False]
    assert [(raw.place.line, raw.place.column) for raw in found][:3] == [(2, 1), (3, 1), (4, 1)]


@pytest.mark.parametrize("text", ['[{"a": 1}', '[{"a": 1},]', '[{"a": 1} {"b": 2}]', "[1] 2", "[" * 100_000, "[1,,2]"])
def test_a_broken_array_is_one_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(DomainError):
        rows(tmp_path / "a.json", text)


json_values = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


@given(values=st.lists(json_values, max_size=5), indent=st.sampled_from([None, 0, 2]), name=st.sampled_from(["a.json"]))
def test_arrays_come_back_with_their_places(
    values: list[Json], indent: int | None, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    found = rows(tmp_path_factory.getbasetemp() / name, text.encode("utf-8", "surrogatepass"))
    assert [raw.value for raw in found] == values
    lines = text.split("\n")
    for raw in found:
        assert lines[raw.place.line - 1][raw.place.column - 1 :].startswith(raw.text.partition("\n")[0])


@given(data=st.binary(max_size=60) | st.text(max_size=40).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_rows_or_one_error(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in ("x.json", "x.jsonl", "x.csv", "x.jsonl.gz"):
        try:
            found = rows(tmp_path_factory.getbasetemp() / name, data)
        except SteadyError:
            continue
        assert [raw.number for raw in found] == list(range(1, len(found) + 1))


def test_one_long_line_of_many_rows_takes_linear_time(tmp_path: Path) -> None:
    """Eight times the rows take about eight times the time; columns counted from the file's start would take 64."""

    def seconds(count: int) -> float:
        path = tmp_path / "a.json"
        path.write_text(json.dumps([{"a": "x" * 200}] * count), encoding="utf-8")
        runs = []
        for _ in range(3):
            begin = thread_time()
            assert sum(1 for _ in raw_rows(path)) == count
            runs.append(thread_time() - begin)
        return min(runs)

    assert seconds(40_000) < 24 * seconds(5_000)


ROWS = [{"instruction": f"Frage {n}?\n", "output": "So {it} is, ]"} for n in range(3)]
ONE = [json.dumps(row) for row in ROWS]
MANY = [json.dumps(row, indent=2) for row in ROWS]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("name", "text", "lines", "remarked"),
    [
        ("a.jsonl", "\n".join(MANY), [1, 5, 9], True),
        ("a.json", "\n".join(MANY), [1, 5, 9], True),
        ("a.jsonl", ",\n".join(MANY) + ",\n", [1, 5, 9], True),
        ("a.jsonl", ",\n".join(ONE), [1, 2, 3], True),
        ("a.jsonl", f"{ONE[0]},\n{ONE[1]}\n\n{ONE[2]},", [1, 2, 4], True),
        ("a.jsonl", ",\r\n".join(ONE) + ",\r\n", [1, 2, 3], True),
        ("a.jsonl", "".join(ONE), [1, 1, 1], True),
        ("a.jsonl", "\r".join(ONE), [1, 1, 1], True),
        ("a.jsonl", f"[{', '.join(ONE)}]", [1, 1, 1], True),
        ("a.json", f"[{', '.join(ONE)}]", [1, 1, 1], False),
        ("a.json", json.dumps(ROWS, indent=1), [2, 6, 10], False),
        ("a.jsonl", json.dumps(ROWS, indent=1), [2, 6, 10], True),
        ("a.json", f'{{"data": [{", ".join(ONE)}]}}', [1, 1, 1], True),
        ("a.jsonl", f'{{"data": [{", ".join(ONE)}]}}', [1, 1, 1], True),
        ("a.json", json.dumps({"version": [1], "rows": ROWS, "note": "n"}, indent=1), [6, 10, 14], True),
        ("a.jsonl", "\n\n".join(ONE), [1, 3, 5], False),
        ("a.json", "\n".join(ONE), [1, 2, 3], False),
        ("a.jsonl", "\n\ufeff".join(ONE), [1, 2, 3], False),
    ],
)
def test_rows_are_read_in_whatever_there_is_no_doubt_about(
    tmp_path: Path, name: str, text: str, lines: list[int], remarked: bool, mark: str
) -> None:
    found = rows(tmp_path / name, mark + text)
    assert [(raw.value, raw.error, raw.number) for raw in found] == [(row, "", n) for n, row in enumerate(ROWS, 1)]
    assert [raw.place.line for raw in found] == lines
    assert [bool(raw.remark) for raw in found] == [remarked, False, False]
    assert [json.loads(raw.text) for raw in found] == ROWS


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (f"[{ONE[0]},\n{ONE[1]},\n]", 3, "a comma before ']'"),
        ("\n".join(MANY).replace("is, ]", 'is", }').replace('"\n}', "\n}"), 3, "JSON syntax"),
        ("\n".join(map(str, ROWS)), 1, "single quotes"),
        ("instruction,output\nq,a\nr,b\ns,c", 1, "Expecting value"),
        (f'{{"train": {json.dumps(ROWS)}, "test": {json.dumps(ROWS)}}}', 1, "several lists of rows: 'train', 'test'"),
        ("\n".join(MANY)[:-9], 11, "JSON syntax"),
        (f"[{ONE[0]}][{ONE[1]}]", 1, "Extra data"),
        ("// rows\n" + "\n".join(MANY), 1, "JSON syntax"),
    ],
)
def test_a_file_that_is_broken_throughout_is_one_sentence(
    tmp_path: Path, name: str, text: str, line: int, what: str
) -> None:
    with pytest.raises(DomainError, match=what) as error:
        rows(tmp_path / name, text)
    assert f":{line}:" in str(error.value.where)
    assert error.value.next


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["\n".join(ONE), json.dumps(ROWS), "\n".join(MANY)])
def test_wide_encodings_are_one_sentence(tmp_path: Path, coding: str, text: str) -> None:
    for name in ("a.jsonl", "a.json"):
        with pytest.raises(DomainError, match="UTF-16 or UTF-32") as error:
            rows(tmp_path / name, text.encode(coding))
        assert error.value.next == "save the file as UTF-8"


def test_some_broken_lines_are_broken_rows(tmp_path: Path) -> None:
    for text in ("\n".join([ONE[0][:-9], ONE[1][:-9], ONE[2]]), "\n".join([ONE[0], "{", ONE[2]])):
        found = rows(tmp_path / "a.jsonl", text)
        assert [bool(raw.error) for raw in found] == [raw.value is None for raw in found]
        assert len(found) == 3
    (broken,) = rows(tmp_path / "a.jsonl", ONE[0][:-9])
    assert broken.error


def test_one_row_in_one_object_is_that_row(tmp_path: Path) -> None:
    turns = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    for row in (turns, turns | {"examples": [{"x": 1}]}, {"x": [{"y": 1}]}):
        for text in (json.dumps(row), json.dumps(row, indent=2)):
            (found,) = rows(tmp_path / "a.json", text)
            assert (found.value, found.remark) == (row, "")
