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
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_all_shapes_are_one(shape: str, tmp_path: Path) -> None:
    (pair,) = read(tmp_path, SHAPES[shape]).preferences
    assert (pair.prompt, pair.chosen, pair.rejected) == ((USER,), GOOD, BAD)


def test_single_judgements_have_one_side(tmp_path: Path) -> None:
    row = {"messages": [openai(USER), openai(GOOD)], "label": True}
    good, bad = read(tmp_path, row, {**row, "label": False}).preferences
    assert (good.chosen, good.rejected) == (GOOD, None)
    assert (bad.chosen, bad.rejected, bad.prompt) == (None, GOOD, (USER,))


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
def test_no_judgement_is_ever_lost(rows: list[Json], tmp_path_factory: pytest.TempPathFactory) -> None:
    found = read(tmp_path_factory.getbasetemp(), *rows)
    kept = [row.number for row in found.rows] + [row.number for row in found.preferences]
    kept += [row.number for row in found.rejects]
    assert sorted(kept) == list(range(1, len(rows) + 1))
