from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json
from steadyhand.check.fix import diff, fix_file, write_fixed
from steadyhand.check.repairs import repairs
from steadyhand.check.rules import RULES
from steadyhand.cli import main
from steadyhand.datasets.raw_rows import raw_rows
from steadyhand.errors import DomainError, JobError

ALL = frozenset(RULES)
USER, TOOLS = (
    {"role": "user", "content": "你好"},
    [{"name": "t", "parameters": {"type": "object", "minProperties": None}}],
)
CLEAN = {"messages": [USER, {"role": "assistant", "content": "好的。"}]}
BROKEN = {"messages": [USER, USER, {"role": "assistant", "content": "cafÃ© a\u0007b<|im_end|>\n"}], "tools": TOOLS}
WHOLE = {"messages": [USER, {"role": "assistant", "content": "café ab"}], "tools": TOOLS}


def repaired(row: Json, codes: frozenset[str]) -> tuple[Json, tuple[str, ...]]:
    steps = list(repairs(row, codes))
    return (steps[-1][1] if steps else row), tuple(code for code, _ in steps)


def test_every_repair_and_what_it_leaves_alone() -> None:
    row, codes = repaired(BROKEN, ALL - {"S109"})
    assert (row, set(codes)) == (WHOLE, {"Q101", "Q105", "T103"})
    assert repaired(WHOLE, ALL - {"S109"}) == (WHOLE, ())
    assert repaired(BROKEN, frozenset()) == (BROKEN, ())
    noisy = {"messages": [{"role": "user", "content": "cafÃ©<|im_end|>"}, {"role": "assistant", "content": "ok"}]}
    assert repaired(noisy, ALL) == (noisy, ())  # what users send is theirs, noise included


def test_nulls_leave_a_schema_and_stay_where_they_are_values() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "default": None, "enum": ["x", None]}, "b": None},
    }
    bare = {"type": "object", "properties": {"a": {"type": "string", "default": None, "enum": ["x", None]}}}
    for wrap in (lambda tools: tools, json.dumps):
        row, codes = repaired({"tools": wrap([{"name": "t", "parameters": schema}])}, ALL)
        assert (row["tools"], codes) == (wrap([{"name": "t", "parameters": bare}]), ("S109",))


def test_texts_that_only_look_wrong_stay() -> None:
    for text in ("Привет, мир", "naïve café", "<|im_end|>", "über", "2 Â 3", "tab\tand\nline"):
        row = {"instruction": "q", "output": text}
        assert repaired(row, ALL)[0] == row or text == "2 Â 3"


def test_a_file_is_repaired_in_its_own_style_and_only_there(tmp_path: Path) -> None:
    text = json.dumps(CLEAN) + "\n\n" + json.dumps(BROKEN, separators=(",", ":")) + "\r\n{broken\n" + json.dumps(CLEAN)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    fixed = fix_file(path, ALL - {"S109"})
    assert fixed is not None
    assert (fixed.rows, dict(fixed.repairs)) == (1, {"Q101": 1, "T103": 1, "Q105": 1})
    write_fixed(fixed)
    whole = json.dumps(WHOLE, separators=(",", ":"))
    assert (
        path.read_bytes() == b"\xef\xbb\xbf" + text.replace(json.dumps(BROKEN, separators=(",", ":")), whole).encode()
    )
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.jsonl"]


@pytest.mark.parametrize("indent", [None, 0, 1, 2, 4, "\t"])
@pytest.mark.parametrize("ascii", [True, False])
def test_arrays_keep_their_indentation(tmp_path: Path, indent: int | str | None, ascii: bool) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([CLEAN, BROKEN, CLEAN], indent=indent, ensure_ascii=ascii), encoding="utf-8")
    fixed = fix_file(path, ALL - {"S109"})
    assert fixed is not None
    assert fixed.after == json.dumps([CLEAN, WHOLE, CLEAN], indent=indent, ensure_ascii=ascii)


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs the program patch")
def test_the_diff_is_one_that_patch_applies(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [CLEAN] * 5 + [BROKEN] + [{"query": "line\u2028end", "response": "ok then"}] * 5 + [BROKEN]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    fixed = fix_file(path, ALL)
    assert fixed is not None
    text = "".join(diff(fixed)).encode()
    subprocess.run(["patch", "-s", str(path)], input=text, check=True, cwd=tmp_path)
    assert path.read_text(encoding="utf-8") == fixed.after
    again = fix_file(path, ALL)
    assert again is not None
    assert (again.rows, list(diff(again))) == (0, [])


def test_tables_and_broken_files_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("query,response\nq,a\n", encoding="utf-8")
    assert fix_file(path, ALL) is None
    (tmp_path / "b.json").write_text("[{", encoding="utf-8")
    with pytest.raises(DomainError):
        fix_file(tmp_path / "b.json", ALL)


def test_a_file_that_would_not_read_as_intended_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(BROKEN), encoding="utf-8")
    monkeypatch.setattr("steadyhand.check.fix.edited", lambda text, old, new: "{}")
    with pytest.raises(JobError, match="would not read"):
        fix_file(path, ALL)
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]


NULLS = '{"city": "Rome",  "symbol": null , "days":null}'
TIME = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = json.dumps([{"name": "time", "description": "", "parameters": TIME}])


@pytest.mark.parametrize(
    ("row", "bare"),
    [
        (
            '{"conversations": [{"from": "human", "value": "Time?"}, {"from": "function_call", "value": '
            '"{\\"name\\": \\"time\\", \\"arguments\\": {\\"city\\":\\"Rome\\" ,\\"days\\":null}}"}], "tools": @TEXT}',
            (' ,\\"days\\":null', ""),
        ),
        (
            '{"messages": [{"role": "user", "content": "Time? {\\"city\\": null}"}, {"role":"assistant","tool_calls":'
            '[{"type": "function", "function": {"name": "time", "arguments": @NULLS}}]}], "tools": @TOOL}',
            (',  "symbol": null , "days":null', ""),
        ),
        (
            '{"prompt": [{"role": "user", "content": "Time?"}], "tools": @TOOL, "chosen": [{"role": "assistant", '
            '"content": "", "tool_calls": [{"function": {"name": "time", "arguments": "{\\"city\\": null}"}}]}], '
            '"rejected": [{"role": "assistant", "content": "No."}], "score": 1.10}',
            ('"{\\"city\\": null}"', '"{}"'),
        ),
    ],
)
def test_null_arguments_leave_calls_of_all_formats_and_nothing_else(
    tmp_path: Path, row: str, bare: tuple[str, str]
) -> None:
    for name, text in (("@TEXT", json.dumps(TOOL)), ("@TOOL", TOOL), ("@NULLS", NULLS)):
        row = row.replace(name, text)
    path = tmp_path / "a.jsonl"
    clean = row.replace(*bare)
    path.write_bytes(f"{row}\r\n\r\n{clean}".encode())
    fixed = fix_file(path, ALL)
    assert fixed is not None
    assert dict(fixed.repairs) == {"S112": 1}
    write_fixed(fixed)
    assert path.read_bytes() == f"{clean}\r\n\r\n{clean}".encode()


def test_an_equal_row_inside_another_is_left_alone(tmp_path: Path) -> None:
    broken = json.dumps({"instruction": "q", "output": "a<|im_end|>"})
    nested = f'{{"instruction": "Keep", "output": "it", "noqa": "T103", "from": {broken}}}'
    path = tmp_path / "a.jsonl"
    path.write_bytes(f"\ufeff{nested}\n{broken}\r\n".encode())
    fixed = fix_file(path, ALL)
    assert fixed is not None
    assert fixed.after == f"\ufeff{nested}\n{broken.replace('<|im_end|>', '')}\r\n"


rows = st.sampled_from(
    [
        ('{"query": "q",  "response":"a\\u00e9b\\/<|im_end|>", "w": 1.10}', "<|im_end|>"),
        ('{"w":1e5,"messages": [{"role": "user", "content": "Hi"} , {"role": "user", "content": "Hi"},'
         ' {"role": "assistant", "content": "Ho"}]}', ' , {"role": "user", "content": "Hi"}'),
        ('{"instruction": "x\\u0007", "output": "a\x7fé", "z": -0.0}', "\x7f"),
        ('{"instruction": "x", "output": "fine", "z": 1.0E+2}', None),
    ]
)  # fmt: skip


@given(
    some=st.lists(rows, min_size=1, max_size=6),
    ends=st.sampled_from(["\n", "\r\n", "\n\n", " \r\n"]),
    last=st.booleans(),
    array=st.booleans(),
)
def test_all_bytes_but_the_repaired_ones_stay(
    some: list[tuple[str, str | None]], ends: str, last: bool, array: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def text(lines: list[str]) -> bytes:
        joined = f" ,{ends}".join(lines) if array else ends.join(lines)
        return (f"[{ends}{joined} ]{ends * last}" if array else f"{joined}{ends * last}").encode()

    path = tmp_path_factory.getbasetemp() / ("bytes.json" if array else "bytes.jsonl")
    path.write_bytes(text([row for row, _ in some]))
    fixed = fix_file(path, ALL)
    assert fixed is not None
    write_fixed(fixed)
    assert path.read_bytes() == text([row.replace(gone, "", 1) if gone else row for row, gone in some])


texts = st.text(st.sampled_from("aé你\n\x07\x85 Ã©<|im_end|>\u2028\ufeff"), max_size=12) | st.just("ok<|im_end|>")
turns = st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["user", "assistant"]), texts)


@given(rows=st.lists(st.lists(turns, max_size=4), max_size=4), indent=st.sampled_from([None, 2]))
def test_no_row_is_lost_and_a_second_repair_finds_nothing(
    rows: list[list[Json]], indent: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps([{"messages": row} for row in rows], indent=indent, ensure_ascii=False), "utf-8")
    fixed = fix_file(path, ALL)
    assert fixed is not None
    path.write_bytes(fixed.after.encode())
    assert sum(1 for _ in raw_rows(path)) == len(rows)
    again = fix_file(path, ALL)
    assert again is not None
    assert again.rows == 0


def test_the_command_shows_then_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        json.dumps(BROKEN) + "\n" + json.dumps({**BROKEN, "noqa": "Q101, Q105, T103, S109"}) + "\n", "utf-8"
    )
    before = path.read_bytes()
    assert main(["check", str(path), "--fix"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("--- a/")
    assert (
        "Q101 in 1 rows, Q105 in 1 rows, S109 in 1 rows, T103 in 1 rows; 1 rows in 1 files: nothing was written" in err
    )
    assert path.read_bytes() == before
    assert main(["check", str(path), "--fix", "--write", "--select", "Q101,Q105,S109,S112,T103"]) == 0
    assert path.read_bytes() != before
    assert "0 errors" in capsys.readouterr().out
    assert main(["check", str(path), "--fix"]) == 0
    assert main(["check", str(path), "--write"]) == 2
