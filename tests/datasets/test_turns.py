"""One turn at a time: roles, parts, thinking, weights and ids as data sets write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    assert row.learnt == (3,)


@pytest.mark.parametrize("value", [1, 1.0, True, "1", "true", None])
def test_weight_1_is_learnt(tmp_path: Path, value: Json) -> None:
    found = read(tmp_path, {"messages": [USER, {**ANSWER, "weight": value}]})
    assert (found.rows[0].unscored, found.ignored) == (frozenset(), {})


def test_weights_that_cannot_be_honoured_are_counted_or_refused(tmp_path: Path) -> None:
    half = {"messages": [{**USER, "train": True}, {**ANSWER, "weight": 0.5}]}
    assert read(tmp_path, half).ignored == {"messages[].weight": 1, "messages[].train": 1}
    odd: list[dict[str, Json]] = [{"weight": "high"}, {"loss": -1}, {"train": []}, {"weight": 0, "train": True}]
    for turn in odd:
        (reject,) = read(tmp_path, {"messages": [USER, {**ANSWER, **turn}]}).rejects
        assert all(key in reject.reason for key in turn)


def test_half_a_turn_is_not_learnt(tmp_path: Path) -> None:
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


KEYS = ["role", "from", "content", "value", "tool_calls", "weight", "train", "thinking", "tools", "id", "name", "type"]
KEYS += ["tool_call_id", "function", "arguments", "parameters", "input_schema", "input", "text", "refusal"]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 2)
    | st.sampled_from(["user", "Assistant", "tool", "{}", "[]", "null", "text", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(
    rows=st.lists(
        st.fixed_dictionaries({"messages": st.lists(values, max_size=4), "tools": values}), min_size=1, max_size=3
    )
)
def test_whatever_turns_hold_a_row_is_read_or_refused(
    rows: list[Json], tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = read(tmp_path_factory.getbasetemp(), *rows)
    assert found.total == len(rows)
