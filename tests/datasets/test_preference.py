from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json, Message
from steadyhand.datasets.convert import Imported, read_dialogues
from steadyhand.datasets.labels import codes_in, labels_of

USER, GOOD, BAD = Message("user", "q"), Message("assistant", "good"), Message("assistant", "bad")


def read(tmp_path: Path, *rows: Json) -> Imported:
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_dialogues(path, preferences=True)


def openai(message: Message) -> Json:
    return {"role": message.role, "content": message.content}


def sharegpt(message: Message) -> Json:
    return {"from": {"user": "human", "assistant": "gpt"}[message.role], "value": message.content}


SHAPES: dict[str, Json] = {
    "trl": {"prompt": "q", "chosen": "good", "rejected": "bad"},
    "trl messages": {"prompt": [openai(USER)], "chosen": [openai(GOOD)], "rejected": [openai(BAD)]},
    "trl implicit prompt": {"chosen": [openai(USER), openai(GOOD)], "rejected": [openai(USER), openai(BAD)]},
    "llama-factory": {"conversations": [sharegpt(USER)], "chosen": sharegpt(GOOD), "rejected": sharegpt(BAD)},
    "llama-factory alpaca": {"instruction": "q", "input": "", "chosen": "good", "rejected": "bad"},
    "llama-factory v1": {
        "chosen_messages": [openai(USER), openai(GOOD)],
        "rejected_messages": [openai(USER), openai(BAD)],
    },
    "ms-swift": {"query": "q", "response": "good", "rejected_response": "bad"},
    "ms-swift messages": {"messages": [openai(USER), openai(GOOD)], "rejected_response": "bad"},
    "question": {"question": "q", "chosen": "good", "rejected": "bad"},
    "input": {"input": "q", "chosen": "good", "rejected": "bad"},
    "query": {"query": "q", "chosen": "good", "rejected": ["bad"]},
    "prompt repeated by both": {
        "prompt": "q", "chosen": [openai(USER), openai(GOOD)], "rejected": [openai(USER), openai(BAD)],
    },
    "prompt messages repeated by one": {
        "prompt": [openai(USER)], "chosen": [openai(USER), openai(GOOD)], "rejected": "bad",
    },
    "whole dialogue beside its answers": {
        "messages": [openai(USER), openai(GOOD)], "chosen": "good", "rejected": "bad",
    },
    "null columns": {
        "messages": None, "prompt": "q", "chosen": "good", "rejected": "bad", "label": None, "conversations": None,
    },
    "texts of JSON": {
        "prompt": json.dumps([openai(USER)]), "chosen": json.dumps([openai(GOOD)]),
        "rejected": json.dumps([openai(BAD)]),
    },
    "openai": {
        "input": {"messages": [openai(USER)]}, "preferred_output": [openai(GOOD)],
        "non_preferred_output": [openai(BAD)],
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_all_shapes_are_one(shape: str, tmp_path: Path) -> None:
    (pair,) = read(tmp_path, SHAPES[shape]).preferences
    assert (pair.prompt, pair.chosen, pair.rejected) == ((USER,), GOOD, BAD)


def test_single_judgments_have_one_side(tmp_path: Path) -> None:
    row = {"messages": [openai(USER), openai(GOOD)], "label": True}
    good, bad = read(tmp_path, row, {**row, "label": False}).preferences
    assert (good.chosen, good.rejected) == (GOOD, None)
    assert (bad.chosen, bad.rejected, bad.prompt) == (None, GOOD, (USER,))


@pytest.mark.parametrize(
    "row",
    [
        {"system": "s", "question": "q", "chosen": "good", "rejected": "bad"},
        {"system_prompt": "s", "input": "q", "chosen": "good", "rejected": "bad"},
        {"system": "s", "prompt": "q", "chosen": [openai(USER), openai(GOOD)], "rejected": [openai(BAD)]},
        {"prompt": [{"role": "system", "content": "s"}, openai(USER)], "chosen": [openai(USER), openai(GOOD)],
         "rejected": [{"role": "system", "content": "s"}, openai(USER), openai(BAD)]},
    ],
)  # fmt: skip
def test_a_system_column_is_the_system_message(row: Json, tmp_path: Path) -> None:
    (pair,) = read(tmp_path, row).preferences
    assert (pair.prompt, pair.chosen, pair.rejected, pair.other) == ((Message("system", "s"), USER), GOOD, BAD, None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"system": "s", "chosen": "a", "rejected": "b"}, "nothing is asked"),
        ({"prompt": [{"role": "system", "content": "s"}], "chosen": "a", "rejected": "b"}, "nothing is asked"),
        ({"chosen": [openai(GOOD)], "rejected": [openai(BAD)]}, "nothing is asked"),
        ({"system": "s", "messages": [openai(GOOD)], "label": True}, "nothing is asked"),
        ({"prompt": "p", "question": "q", "chosen": "a", "rejected": "b"}, "prompt and question"),
        ({"prompt": "other", "chosen": [openai(USER), openai(GOOD)], "rejected": "b"}, "does not repeat the prompt"),
        ({"prompt": "q", "chosen": ["a", "b"], "rejected": ["c", "d"]}, "several chosen answers"),
        ({"prompt": "q", "chosen": "a", "rejected": ["b", [openai(BAD)]]}, "mixes texts and messages"),
        ({"prompt": "q", "chosen": "a", "rejected": []}, "'rejected' is neither"),
        ({"messages": [openai(USER), openai(GOOD)], "chosen": "a", "rejected": "b"}, "not among the judged ones"),
        ({"system": "s", "prompt": [{"role": "system", "content": "t"}, openai(USER)], "chosen": "a", "rejected": "b"},
         "two different"),
        ({"input": "q", "preferred_output": [openai(GOOD)], "non_preferred_output": [openai(BAD)]}, "no messages"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused_by_name(row: Json, reason: str, tmp_path: Path) -> None:
    found = read(tmp_path, row)
    assert not found.preferences
    assert not found.rows
    assert reason in found.rejects[0].reason


@pytest.mark.parametrize("key", ["label", "kto_tag"])
@pytest.mark.parametrize(
    ("better", "worse"),
    [(True, False), ("true", "false"), ("True", "FALSE"), ("YES", "no"), (1, 0), (1.0, 0.0), ("1", "0"),
     ("good", "bad"), ("chosen", "rejected"), ("desirable", "undesirable")],
)  # fmt: skip
def test_a_label_in_any_spelling_is_a_judgment(key: str, better: Json, worse: Json, tmp_path: Path) -> None:
    asked: list[dict[str, Json]] = [
        {"messages": [openai(USER), openai(GOOD)]}, {"prompt": "q", "completion": "good"},
        {"instruction": "q", "output": "good"}, {"question": "q", "response": "good"},
    ]  # fmt: skip
    found = read(tmp_path, *({**row, key: label} for row in asked for label in (better, worse)))
    assert not found.rows
    assert [(one.chosen, one.rejected) for one in found.preferences] == [(GOOD, None), (None, GOOD)] * 4


@pytest.mark.parametrize("value", ["maybe", "", "sports", 2, -1, 0.5, [], {}, [True]])
def test_a_label_that_is_no_judgment_is_never_trained(value: Json, tmp_path: Path) -> None:
    path = tmp_path / "k.jsonl"
    path.write_text(json.dumps({"messages": [openai(USER), openai(GOOD)], "label": value}), encoding="utf-8")
    for preferences in (True, False):
        found = read_dialogues(path, preferences=preferences)
        assert not found.rows
        assert "'label' is" in found.rejects[0].reason
    assert read(tmp_path, {**SHAPES["trl"], "label": value}).ignored == {"label": 1}


def test_several_rejected_answers_are_as_many_pairs(tmp_path: Path) -> None:
    texts = ["bad", "worse", "worst"]
    forms = [
        {"prompt": "q", "chosen": "good", "rejected": texts},
        {"prompt": "q", "chosen": [openai(GOOD)], "rejected": [[openai(Message("assistant", text))] for text in texts]},
        {"query": "q", "response": "good", "rejected_response": texts},
    ]
    for row in forms:
        found = read(tmp_path, row)
        assert [(one.number, one.prompt, one.chosen) for one in found.preferences] == [(1, (USER,), GOOD)] * 3
        assert [one.rejected and one.rejected.content for one in found.preferences] == texts
        assert found.total == 3


def test_openai_preferences_offer_tools(tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "t", "parameters": {"type": "object", "properties": {}}}}
    call = {"id": "c", "type": "function", "function": {"name": "t", "arguments": "{}"}}
    row = {
        "input": {"messages": [openai(USER)], "tools": [tool], "parallel_tool_calls": True},
        "preferred_output": [{"role": "assistant", "tool_calls": [call]}],
        "non_preferred_output": [openai(BAD)],
    }
    found = read(tmp_path, row)
    (pair,) = found.preferences
    assert pair.chosen is not None
    assert ([one.name for one in pair.chosen.calls], [one.name for one in pair.tools]) == (["t"], ["t"])
    assert found.ignored == {"input.parallel_tool_calls": 1}


def test_what_is_not_read_of_a_judged_row_is_counted(tmp_path: Path) -> None:
    row = {**SHAPES["trl"], "score_chosen": 8.5, "margin": None, "source": "x"}
    assert read(tmp_path, row, row).ignored == {"score_chosen": 2, "source": 2}


def test_what_cannot_be_a_pair_is_rejected_with_a_reason(tmp_path: Path) -> None:
    found = read(
        tmp_path, {"chosen": "a"}, {"chosen": "a", "rejected": "b"}, {"prompt": "q", "chosen": 1, "rejected": 2}
    )
    assert [reject.number for reject in found.rejects] == [1, 2, 3]
    assert all(reject.reason for reject in found.rejects)
    assert found.total == 3


def test_rows_say_their_split_group_and_excuses() -> None:
    labels = labels_of({"split": "Validation", "group": 7, "noqa": "d101, Q105"})
    assert (labels.split, labels.group, labels.noqa) == ("eval", "7", ("D101", "Q105"))
    assert labels_of({"split": "odd", "noqa": 3}) == labels_of([])
    assert codes_in(["a b", "c"]) == ("A", "B", "C")


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["role", "content", "from", "value"]), inner, max_size=3),
    ),
    max_leaves=8,
)
JUDGED = st.dictionaries(
    st.sampled_from(["prompt", "chosen", "rejected", "label", "messages", "chosen_messages", "rejected_messages",
                     "rejected_response", "kto_tag", "instruction", "query", "conversations", "tools", "split"]),
    VALUES, min_size=1, max_size=5,
)  # fmt: skip


@given(rows=st.lists(JUDGED, min_size=1, max_size=3))
def test_no_judgment_is_ever_lost(rows: list[Json], tmp_path_factory: pytest.TempPathFactory) -> None:
    found = read(tmp_path_factory.getbasetemp(), *rows)
    kept = [row.number for row in found.rows] + [row.number for row in found.preferences]
    kept += [row.number for row in found.rejects]
    assert sorted(kept) == list(range(1, len(rows) + 1))
