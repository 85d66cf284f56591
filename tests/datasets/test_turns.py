"""One turn at a time: roles, parts, thinking, weights and ids as data sets write them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from steadyhand.chat.messages import Json, Message, ToolCall
from steadyhand.datasets.convert import Dialogue, Imported, read_dialogues
from steadyhand.datasets.turns import read_turns
from steadyhand.datasets.unread import Unread

USER, ANSWER = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
TOOL = {"name": "t", "description": "d", "parameters": {"type": "object", "properties": {}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "t", "arguments": "{}"}}


def read(tmp_path: Path, *rows: Json) -> Imported:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_dialogues(path, preferences=True)


def one(tmp_path: Path, row: Json) -> Dialogue:
    found = read(tmp_path, row)
    assert not found.rejects, found.rejects
    return found.rows[0]


def parallel(*ids: str) -> Json:
    return {"role": "assistant", "tool_calls": [{**CALL, "id": id} for id in ids]}


@pytest.mark.parametrize(
    "ids", [("call_9", "call_3"), ("a1b2c3d4e", "Zz9Zz9Zz9"), ("toolu_01", "toolu_00"), ("functions.t:0", "7")]
)
def test_results_find_their_calls_by_id(tmp_path: Path, ids: tuple[str, str]) -> None:
    one_id, other_id = ids
    results = [{"role": "tool", "tool_call_id": id, "content": f"of {id}"} for id in (other_id, one_id)]
    row = one(tmp_path, {"messages": [USER, parallel(*ids), *results, ANSWER], "tools": [TOOL]})
    assert [(m.content, m.tool_call_id) for m in row.messages[2:4]] == [
        (f"of {one_id}", one_id),
        (f"of {other_id}", other_id),
    ]
    assert [call.id for call in row.messages[1].calls] == [*ids]


def test_anthropic_blocks(tmp_path: Path) -> None:
    said = [
        {"type": "thinking", "thinking": "both", "signature": "s"},
        {"type": "text", "text": "Looking."},
        {"type": "tool_use", "id": "u1", "name": "t", "input": {"of": "a"}},
        {"type": "tool_use", "id": "u2", "name": "t", "input": {"of": "b"}},
    ]
    back = [
        {"type": "tool_result", "tool_use_id": "u2", "content": "2"},
        {"type": "tool_result", "tool_use_id": "u1", "content": [{"type": "text", "text": "1"}]},
        {"type": "text", "text": "Go on."},
    ]
    turns = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": said},
        {"role": "user", "content": back},
        ANSWER,
    ]
    row = {
        "system": [{"type": "text", "text": "s"}],
        "messages": turns,
        "tools": [{"name": "t", "input_schema": {"type": "object"}}],
    }
    calls = (ToolCall("t", {"of": "a"}), ToolCall("t", {"of": "b"}))
    assert one(tmp_path, row).messages == (
        Message("system", "s"),
        Message("user", "q"),
        Message("assistant", "Looking.", "both", calls),
        Message("tool", "1"),
        Message("tool", "2"),
        Message("user", "Go on."),
        Message("assistant", "a"),
    )
    assert read(tmp_path, row).ignored == {"messages[].content[].signature": 1}


def test_sharegpt_ids_stand_in_the_call_and_at_the_result(tmp_path: Path) -> None:
    calls = json.dumps([{"id": "1", "name": "t", "arguments": {}}, {"id": "2", "name": "t", "arguments": {}}])
    for key in ("tool_call_id", "id"):  # `id` of a turn counts where it is a call's
        results = [{"from": "observation", "value": value, key: id} for value, id in (("two", "2"), ("one", "1"))]
        turns = [
            {"from": "human", "value": "q"},
            {"from": "function_call", "value": calls},
            *results,
            {"from": "gpt", "value": "a"},
        ]
        row = one(tmp_path, {"conversations": turns, "tools": json.dumps([TOOL])})
        assert [m.content for m in row.messages[2:4]] == ["one", "two"]


def test_without_ids_names_tell_results_apart(tmp_path: Path) -> None:
    calls = [{"function": {"name": name, "arguments": "{}"}} for name in ("t", "u")]
    results = [{"role": "tool", "name": name, "content": f"of {name}"} for name in ("u", "t")]
    tools = [TOOL, {**TOOL, "name": "u"}]
    row = {"messages": [USER, {"role": "assistant", "tool_calls": calls}, *results, ANSWER], "tools": tools}
    assert [m.content for m in one(tmp_path, row).messages[2:4]] == ["of t", "of u"]
    results[0]["name"] = "else"
    found = read(tmp_path, row)
    assert [m.content for m in found.rows[0].messages[2:4]] == ["of u", "of t"]
    assert found.ignored == {"messages[].name": 1}


@pytest.mark.parametrize("key", ["weight", "train", "training", "loss", "loss_weight"])
@pytest.mark.parametrize("value", [0, 0.0, False, "0", "false", "No"])
def test_weight_0_is_context(tmp_path: Path, key: str, value: Json) -> None:
    row = one(tmp_path, {"messages": [{**USER, key: value}, {**ANSWER, key: value}, USER, ANSWER]})
    assert row.unscored == {1}
    assert row.learned == (3,)


@pytest.mark.parametrize("value", [1, 1.0, True, "1", "true", None])
def test_weight_1_is_learned(tmp_path: Path, value: Json) -> None:
    found = read(tmp_path, {"messages": [USER, {**ANSWER, "weight": value}]})
    assert (found.rows[0].unscored, found.ignored) == (frozenset(), {})


def test_weights_that_cannot_be_honored_are_counted_or_refused(tmp_path: Path) -> None:
    half = {"messages": [{**USER, "train": True}, {**ANSWER, "weight": 0.5}]}
    assert read(tmp_path, half).ignored == {"messages[].weight": 1, "messages[].train": 1}
    odd: list[dict[str, Json]] = [{"weight": "high"}, {"loss": -1}, {"train": []}, {"weight": 0, "train": True}]
    for turn in odd:
        (reject,) = read(tmp_path, {"messages": [USER, {**ANSWER, **turn}]}).rejects
        assert all(key in reject.reason for key in turn)


def test_half_a_turn_is_not_learned(tmp_path: Path) -> None:
    turns: list[Json] = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "Wait."}]
    turns += [{"from": "function_call", "value": json.dumps({"name": "t", "arguments": {}}), "weight": 0}]
    (reject,) = read(tmp_path, {"conversations": turns, "tools": [TOOL]}).rejects
    assert "differ in whether they are trained" in reject.reason


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking", "think"])
def test_thinking_is_kept_whatever_its_key(tmp_path: Path, key: str) -> None:
    row = {"messages": [{**USER, key: None}, {**ANSWER, key: "why"}]}
    assert one(tmp_path, row).messages[1] == Message("assistant", "a", "why")
    block = {**ANSWER, "content": "<think>\nwhy\n</think>\n\na", key: "why"}
    assert one(tmp_path, {"messages": [USER, block]}).messages[1] == Message("assistant", "a", "why")


def test_thinking_that_is_no_text_or_not_the_assistants_is_counted(tmp_path: Path) -> None:
    row = {"messages": [{**USER, "thinking": "mine"}, {**ANSWER, "reasoning": {"effort": "high"}}]}
    assert read(tmp_path, row).ignored == {"messages[].thinking": 1, "messages[].reasoning": 1}
    two = {"messages": [USER, {**ANSWER, "thinking": "this", "reasoning": "that"}]}
    assert "thinks differently in reasoning and thinking" in read(tmp_path, two).rejects[0].reason


@pytest.mark.parametrize(
    ("names", "role"),
    [
        (["USER", "Human", " user "], "user"),
        (["Assistant", "GPT", "AI", "Model"], "assistant"),
        (["SYSTEM", "Developer"], "system"),
        (["Tool", "OBSERVATION", "ipython", "tool_response"], "tool"),
    ],
)
def test_roles_in_any_letters(names: list[str], role: str) -> None:
    for name in names:
        (turn,) = read_turns([{"from": name, "value": "x"}], Unread())
        assert turn.role == role


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"id": 1}, {"id": 2}], '[{"id": 1}, {"id": 2}]'),
        (["a", 2, None], '["a", 2, null]'),
        ([], "[]"),
        ([{"type": "ccs", "power": 50}], '[{"type": "ccs", "power": 50}]'),
        ([{"type": "text", "id": 3}], '[{"type": "text", "id": 3}]'),
        ([{"type": "text", "text": "a"}, {"type": "output_text", "text": "b"}], "a\nb"),
        ({"a": [1]}, '{"a": [1]}'),
        (5, "5"),
        (None, ""),
    ],
)
def test_results_that_are_no_texts(tmp_path: Path, content: Json, text: str) -> None:
    turns = [USER, {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": content}, ANSWER]
    assert one(tmp_path, {"messages": turns, "tools": [TOOL]}).messages[2].content == text
    shared = [{"from": "human", "value": "q"}, {"from": "function_call", "value": '{"name": "t", "arguments": {}}'}]
    shared += [{"from": "observation", "value": content}, {"from": "gpt", "value": "a"}]
    assert one(tmp_path, {"conversations": shared, "tools": [TOOL]}).messages[2].content == text


@pytest.mark.parametrize("part", [{"type": "image_url", "image_url": {}}, {"type": "image", "source": {}}])
def test_pictures_are_refused_and_not_dumped(tmp_path: Path, part: Json) -> None:
    turns = [USER, {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": [part]}, ANSWER]
    assert read(tmp_path, {"messages": turns, "tools": [TOOL]}).rejects


def test_tools_inside_the_system_message(tmp_path: Path) -> None:
    for tools in ([TOOL], json.dumps([TOOL])):
        for content in ("s", "", None):
            row = {"messages": [{"role": "System", "content": content, "tools": tools}, USER, ANSWER]}
            found = one(tmp_path, row)
            assert [tool.name for tool in found.tools] == ["t"]
            assert [m.role for m in found.messages] == (["system"] if content else []) + ["user", "assistant"]
    written = {"messages": [{"role": "system", "content": f"<tools>{TOOL}</tools>"}, USER, ANSWER]}
    assert list(read(tmp_path, written).ignored) == ["tools in the text of the system message"]


def test_a_refusal_is_what_the_assistant_says(tmp_path: Path) -> None:
    row = {"messages": [USER, {"role": "assistant", "content": None, "refusal": "I cannot."}]}
    assert one(tmp_path, row).messages[1].content == "I cannot."


def test_two_system_messages_are_one_or_refused(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "s"}, USER, ANSWER]
    assert len(one(tmp_path, {"system": "s", "messages": turns}).messages) == 3
    assert "two different" in read(tmp_path, {"system": "other", "messages": turns}).rejects[0].reason


FOUND = json.dumps([{"id": "1", "name": "t", "arguments": {"a": 1}}, {"name": "t", "arguments": "{}"}])
RESULT = {"role": "tool", "tool_call_id": "y", "content": ["a"]}
TYPED = {"name": "u", "input_schema": {"a": {"type": "List[int]", "required": True}}}
SHARED = [
    {"from": "human", "value": "q"},
    {"from": "gpt", "value": "<think>h</think>w"},
    {"from": "function_call", "value": FOUND},
    {"from": "observation", "value": {"a": 1}, "id": "1"},
    {"from": "gpt", "value": "a"},
]
USING = [{"type": "text", "text": "w"}, {"type": "tool_use", "id": "1", "name": "t", "input": {}}]
USED = [{"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "r"}]}]
BLOCKS = [USER, {"role": "assistant", "content": USING}, {"role": "user", "content": USED}, ANSWER]
NAMED = {"role": "tool", "name": "t", "content": "b"}
UNLEARNT = {**ANSWER, "weight": 0, "thinking": "h"}
SOUND: list[dict[str, Json]] = [
    {"messages": [USER, parallel("x", "y"), RESULT, NAMED, UNLEARNT, USER, ANSWER], "tools": [TOOL, TYPED]},
    {"messages": [USER, {"role": "assistant", "tool_calls": [{"name": "t"}]}, NAMED, ANSWER], "tools": [TOOL]},
    {"system": "s", "conversations": SHARED, "tools": json.dumps([TOOL])},
    {"messages": BLOCKS, "tools": {"function_declarations": [TOOL]}},
    {"query": "q", "tools": json.dumps([TOOL]), "answers": FOUND},
    {"instruction": "i", "input": "n", "output": "o", "history": [["q", "a"]], "system": "s"},
    {"prompt": [USER], "completion": [ANSWER], "label": "true"},
    {"question": "q", "chosen": "c", "rejected": ["r", "s"], "system": "s"},
    {"prompt": "q", "chosen": [USER, ANSWER], "rejected": [[USER, ANSWER]]},
    {"messages": [USER, ANSWER], "rejected_messages": [USER, ANSWER], "rejected_response": None},
    {"input": {"messages": [USER], "tools": [TOOL]}, "preferred_output": [ANSWER], "non_preferred_output": [ANSWER]},
]
ODD: list[Json] = [None, True, 0, -1.5, "", "x", "[", "null", "[[]]", '{"a": {}}']
ODD += [[], [[]], [None], {}, {"a": []}, {"type": []}]


def places(value: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def changed(value: Json, path: Sequence[str | int], odd: Json) -> Json:
    if not path:
        return odd
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], odd)
    return copy


def test_whatever_stands_at_any_place_of_a_row_it_is_read_or_refused(tmp_path: Path) -> None:
    """Every value of rows of every format, each replaced by every odd value: no row is lost, and none ends the file."""
    assert not read(tmp_path, *SOUND).rejects
    rows = [changed(row, path, odd) for row in SOUND for path in places(row) for odd in ODD]
    found = read(tmp_path, *rows)
    numbers = [row.number for row in found.rows] + [pair.number for pair in found.preferences]
    numbers += [reject.number for reject in found.rejects]
    assert set(numbers) == set(range(1, len(rows) + 1))
    assert all(len(reject.reason) > 8 for reject in found.rejects)
