from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json, Message, ToolCall
from steadyhand.datasets.convert import (
    Imported,
    read_alpaca,
    read_dialogues,
    read_openai,
    read_sharegpt,
)
from steadyhand.errors import DomainError

TOOL = {"name": "query", "description": "d", "parameters": {"type": "object", "properties": {}}}
CALL = json.dumps({"name": "query", "arguments": {"a": 1}})


def imported(tmp_path: Path, *rows: Json, name: str = "data.jsonl") -> Imported:
    path = tmp_path / name
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return read_dialogues(path)


def messages(tmp_path: Path, row: Json) -> tuple[Message, ...]:
    found = imported(tmp_path, row)
    assert not found.rejects, found.rejects
    return found.rows[0].messages


def sharegpt(*turns: tuple[str, str], **extra: Json) -> Json:
    return {"conversations": [{"from": role, "value": value} for role, value in turns], **extra}


def test_sharegpt_with_tools_as_text(tmp_path: Path) -> None:
    turns = [("human", "q"), ("function_call", CALL), ("observation", "r"), ("gpt", "<think>\nt\n</think>\n\na")]
    row = imported(tmp_path, sharegpt(*turns, system="s", tools=json.dumps([TOOL]))).rows[0]
    assert row.messages == (
        Message("system", "s"),
        Message("user", "q"),
        Message("assistant", calls=(ToolCall("query", {"a": 1}),)),
        Message("tool", "r"),
        Message("assistant", "a", "t"),
    )
    assert [tool.name for tool in row.tools] == ["query"]


def test_calls_in_a_row_are_one_turn(tmp_path: Path) -> None:
    call = ToolCall("query", {"a": 1})
    turns = [("human", "q"), ("gpt", "Let me look."), ("function_call", CALL), ("function_call", CALL)]
    found = messages(tmp_path, sharegpt(*turns))
    assert found[1:] == (Message("assistant", "Let me look.", calls=(call, call)),)
    several = messages(tmp_path, sharegpt(("human", "q"), ("function_call", f"<think>t</think>[{CALL}, {CALL}]")))
    assert several[1:] == (Message("assistant", "", "t", (call, call)),)


def test_openai_rows_of_several_ages(tmp_path: Path) -> None:
    call = ToolCall("query", {"a": 1})
    function = {"name": "query", "arguments": '{"a": 1}'}
    old = {"role": "assistant", "content": None, "function_call": function}
    new = {"role": "assistant", "content": "", "tool_calls": [{"id": "x", "type": "function", "function": function}]}
    content = [{"type": "reasoning", "value": "t"}, {"type": "text", "text": "a"}, {"type": "tool_call", "value": CALL}]
    parts = {"role": "assistant", "content": content}
    user = {"role": "user", "content": "q", "weight": 0}
    assert messages(tmp_path, {"messages": [user, old]})[1] == Message("assistant", calls=(call,))
    assert messages(tmp_path, {"messages": [user, new]})[1] == Message("assistant", calls=(call,))
    assert messages(tmp_path, {"messages": [user, parts]})[1] == Message("assistant", "a", "t", (call,))


def test_alpaca(tmp_path: Path) -> None:
    row = {"instruction": "i", "input": "in", "output": "o", "history": [["q", "a"]], "system": "s"}
    found = messages(tmp_path, row)
    assert [(m.role, m.content) for m in found] == [
        ("system", "s"), ("user", "q"), ("assistant", "a"), ("user", "i\nin"), ("assistant", "o"),
    ]  # fmt: skip
    assert messages(tmp_path, {"query": "q", "response": "a"})[0].content == "q"
    assert messages(tmp_path, {"instruction": "i", "input": "", "output": "o"})[0].content == "i"


def test_foreign_schemas_become_json_schema(tmp_path: Path) -> None:
    properties = {"a": {"type": "str, optional", "default": "int"}, "type": {"type": "any"}, "enum": {"type": "float"}}
    tool = {"name": "query", "parameters": {"type": "dict", "properties": properties}, "required": ["a"]}
    bare = {"name": "other", "parameters": {"n": {"type": "int", "description": "count"}}}
    found = imported(tmp_path, sharegpt(("human", "q"), ("gpt", "a"), tools=[tool, bare])).rows[0].tools
    assert found[0].parameters == {
        "type": "object",
        "properties": {"a": {"type": "string", "default": "int"}, "type": {}, "enum": {"type": "number"}},
        "required": ["a"],
    }
    assert found[1].parameters == {
        "type": "object",
        "properties": {"n": {"type": "integer", "description": "count"}},
    }


REJECTED = [
    (1, "not an object"),
    ({}, "no format known"),
    ({"chosen": "a", "rejected": "b"}, "preference"),
    ({"messages": [{"role": "user", "content": "q"}], "label": False}, "preference"),
    ({"instruction": "q", "output": ["a", "b"]}, "preference"),
    ({"messages": []}, "no list of messages"),
    ({"messages": ["q"]}, "a turn is not an object"),
    ({"instruction": "", "output": "a"}, "is empty"),
    ({"instruction": "q", "output": ""}, "is empty"),
    (sharegpt(("human", "q")), "the last message is of role 'user'"),
    (sharegpt(("gpt", "a"), ("human", "q"), ("gpt", "b")), "starts with the assistant"),
    (sharegpt(("alien", "q"), ("gpt", "a")), "unknown role 'alien'"),
    (sharegpt(("human", "q"), ("function_call", "query(1)")), "a function call is not JSON"),
    (sharegpt(("human", "q"), ("function_call", '{"name": "q", "arguments": "[1]"}')), "not an object"),
    (sharegpt(("human", "q"), ("gpt", "a"), tools="[{]"), "tools is not JSON"),
    (sharegpt(("human", "q"), ("gpt", "a"), tools=[TOOL, {**TOOL, "description": "e"}]), "two different tools"),
    (sharegpt(("human", "q"), ("gpt", "a"), tools=[{**TOOL, "name": "say hi"}]), "cannot be offered"),
    (sharegpt(("human", "\ud800"), ("gpt", "a")), "surrogate"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "'type' cannot be 'image_url'"),
]


@pytest.mark.parametrize(("row", "reason"), REJECTED)
def test_a_row_that_cannot_be_used_is_rejected_with_a_reason(tmp_path: Path, row: Json, reason: str) -> None:
    found = imported(tmp_path, sharegpt(("human", "q"), ("gpt", "a")), row)
    assert len(found.rows) == 1
    assert reason in found.rejects[0].reason
    assert (found.rejects[0].number, found.rejects[0].place.line) == (2, 2)


def test_lines_that_are_not_json_are_rejected_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('{"query": "q", "response": "a"}\n\n{"query": \n{"query": "q", "query": "r"}\n', encoding="utf-8")
    found = read_dialogues(path)
    assert [(r.number, r.place.line) for r in found.rejects] == [(2, 3), (3, 4)]
    assert found.total == 3


def test_arrays_know_their_lines_and_unread_keys_are_counted(tmp_path: Path) -> None:
    rows = [{"query": "q\n", "response": "a", "score": 1}, [], {"query": "q", "response": "a"}]
    path = tmp_path / "data.json"
    path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    found = read_dialogues(path)
    assert [row.place.line for row in found.rows] == [2, 8]
    assert [row.place.line for row in found.rejects] == [7]
    assert found.ignored == {"score": 1}
    assert found.formats == {"alpaca": 2}
    path.write_text(json.dumps(rows[0], indent=1), encoding="utf-8")
    assert read_dialogues(path).total == 1


def test_an_array_in_a_jsonl_file_is_read_or_rejected_with_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('[\n{"query": "q", "response": "a"}\n]', encoding="utf-8")
    assert len(read_dialogues(path).rows) == 1
    path.write_text('[{"query": "q", "response": "a"}]', encoding="utf-8")
    assert len(read_dialogues(path).rows) == 1
    path.write_text('["q", "a"]', encoding="utf-8")
    assert "called .json" in read_dialogues(path).rejects[0].reason


def test_a_named_format_is_held_to(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('{"query": "q", "response": "a"}', encoding="utf-8")
    assert read_alpaca(path).rows
    assert "alpaca, not of openai" in read_openai(path).rejects[0].reason
    assert "alpaca, not of sharegpt" in read_sharegpt(path).rejects[0].reason


def test_files_that_hold_no_rows(tmp_path: Path) -> None:
    for text in ("", "  \n", "[]"):
        (tmp_path / "data.json").write_text(text, encoding="utf-8")
        with pytest.raises(DomainError, match="no rows"):
            read_dialogues(tmp_path / "data.json")
    (tmp_path / "data.json").write_text("[{}, {]", encoding="utf-8")
    with pytest.raises(DomainError, match="JSON syntax"):
        read_dialogues(tmp_path / "data.json")
    with pytest.raises(DomainError, match="no such file"):
        read_dialogues(tmp_path / "data.csv")


KEYS = ["messages", "conversations", "role", "from", "content", "value", "tools", "type", "text", "name", "arguments"]
KEYS += ["function", "tool_calls", "parameters", "instruction", "output", "history", "system"]
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(KEYS),
            st.one_of(inner, st.sampled_from(["user", "assistant", "function_call", "tool", CALL, "[]", "object"])),
            max_size=4,
        ),
    ),
    max_leaves=25,
)


@given(rows=st.lists(json_values, min_size=1, max_size=4))
def test_no_row_is_ever_lost(rows: list[Json], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = read_dialogues(path)
    numbers = [row.number for row in found.rows] + [reject.number for reject in found.rejects]
    assert sorted(numbers) == list(range(1, len(rows) + 1))


def test_trl_prompts_with_their_completions(tmp_path: Path) -> None:
    user, answer = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
    for row in ({"prompt": "q", "completion": "a"}, {"prompt": [user], "completion": [answer]}):
        assert messages(tmp_path, row) == (Message("user", "q"), Message("assistant", "a"))
    steps = {"prompt": "q", "completions": ["a"], "labels": [True]}  # judged step by step: nothing here holds that
    assert "completions" in imported(tmp_path, steps).rejects[0].reason


def test_xlam_rows(tmp_path: Path) -> None:
    tools = [{"name": "t", "description": "d", "parameters": {"type": {"type": "List[str]", "description": "kinds"}}}]
    calls = [{"name": "t", "arguments": {"type": ["a"]}}, {"name": "t", "arguments": {"type": ["b"]}}]
    row = {"id": 0, "query": "q", "tools": json.dumps(tools), "answers": json.dumps(calls)}
    found = imported(tmp_path, row, {**row, "tools": tools, "answers": calls}, {**row, "answers": "[]"})
    expected = (ToolCall("t", {"type": ["a"]}), ToolCall("t", {"type": ["b"]}))
    assert [one.messages for one in found.rows] == [(Message("user", "q"), Message("assistant", calls=expected))] * 2
    assert found.rows[0].tools[0].parameters["properties"]["type"]["items"] == {"type": "string"}
    assert "holds no call" in found.rejects[0].reason
    assert found.formats == {"xlam": 2}


def test_dialogues_that_are_json_text_are_read(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    for key in ("messages", "conversations"):
        assert len(messages(tmp_path, {key: json.dumps(turns)})) == 2
    assert messages(tmp_path, {"instruction": json.dumps(turns), "output": "a"})[0].content == json.dumps(turns)


@pytest.mark.parametrize("form", ["openai", "sharegpt", "alpaca"])
def test_blank_cells_of_a_table_are_absent(tmp_path: Path, form: str) -> None:
    turns = json.dumps([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]).replace('"', '""')
    cells = {"openai": f'"{turns}",,,', "sharegpt": f',"{turns}",,', "alpaca": ",,q,a"}[form]
    path = tmp_path / "joined.csv"
    path.write_text(f"messages,conversations,instruction,output,chosen,rejected,label\n{cells},,,\n", encoding="utf-8")
    found = read_dialogues(path, preferences=True)
    assert [[m.content for m in row.messages] for row in found.rows] == [["q", "a"]], found.rejects


def test_a_public_tool_call_set_is_read_whole() -> None:
    here = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
    path = Path(os.environ.get("STEADYHAND_CORPORA", here)) / "llamafactory" / "glaive_toolcall_zh_demo.json"
    if not path.is_file():
        pytest.skip("the public demo set is not here; set STEADYHAND_CORPORA to the folder that has it")
    found = read_sharegpt(path)
    source = json.loads(path.read_text(encoding="utf-8"))
    assert (len(found.rows), found.rejects) == (300, [])
    for row, raw in zip(found.rows, source, strict=True):
        calls = [json.loads(t["value"]) for t in raw["conversations"] if t["from"] == "function_call"]
        assert [{"name": c.name, "arguments": c.arguments} for m in row.messages for c in m.calls] == calls
        assert len(row.messages) == len(raw["conversations"])
