"""Every format keeps what a row means, in any chain of them, or refuses the row with a reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.call_ids import in_call_order, turns
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.datasets.convert import Dialogue, Imported, Preference, read_dialogues
from steadyhand.datasets.export import (
    DIALOGUES,
    JUDGED,
    ExportFormat,
    JudgedFormat,
    convert_rows,
    export_rows,
    openai_row,
)
from steadyhand.datasets.labels import Labels
from steadyhand.datasets.to_domain import domain_of
from steadyhand.datasets.write import write_domain
from steadyhand.domain.load import load
from steadyhand.errors import Place

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip()) and "think>" not in text
)
thoughts = st.none() | st.just("") | texts
scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | texts
calls = st.builds(
    ToolCall, st.sampled_from(["look", "send"]), st.dictionaries(texts, scalars | st.lists(scalars), max_size=2)
)
schemas = st.dictionaries(texts, st.sampled_from([{"type": "string"}, {"type": "integer", "minimum": 1}]), max_size=2)
tools = st.lists(
    st.builds(lambda name, about, s: Tool(name, about, {"type": "object", "properties": s}),
              st.sampled_from(["look", "send"]), texts | st.just(""), schemas),
    max_size=2, unique_by=lambda tool: tool.name,
)  # fmt: skip
users = st.builds(Message, st.just("user"), texts)
said = st.builds(Message, st.just("assistant"), texts, thoughts)
ids = st.lists(st.text("abcXYZ019_-:.", min_size=1, max_size=9), min_size=3, max_size=3, unique=True)


@st.composite
def asking(draw: st.DrawFn) -> Message:
    """The assistant calls once or several times; all calls have ids, or none."""
    made = draw(st.lists(calls, min_size=1, max_size=3))
    names = draw(ids) if draw(st.booleans()) else [""] * 3
    named = tuple(replace(call, id=id) for call, id in zip(made, names, strict=False))
    return Message("assistant", draw(texts | st.just("")), draw(thoughts), named)


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[Message, ...]:
    """Calls and what came back: the results in any order where ids tell them apart, maybe not all of them."""
    message = draw(asking())
    back = [Message("tool", draw(texts | st.just("")), tool_call_id=call.id) for call in message.calls]
    if message.calls[0].id:
        back = draw(st.permutations(back))
    return message, *back[: draw(st.integers(1, 3))]


called = asking()
steps = st.one_of(
    st.tuples(users, said),
    st.builds(lambda user, turn, end: (user, *turn, end), users, exchanges(), said),
    st.builds(lambda user, one, two, end: (user, *one, *two, end), users, exchanges(), exchanges(), said),
    st.tuples(users, users, said),
)
systems = st.just(()) | st.builds(Message, st.just("system"), texts).map(lambda message: (message,))
histories = st.lists(steps, max_size=2).map(lambda parts: tuple(m for part in parts for m in part))
as_written = st.builds(lambda s, h, last: (*s, *h, *last), systems, histories, steps)
dialogues = as_written.map(in_call_order)
labels = st.builds(
    Labels, st.sampled_from([None, "train", "eval"]), st.sampled_from(["", "g1"]), st.sampled_from([(), ("D101",)])
)
prompts = st.builds(lambda s, h, user: in_call_order((*s, *h, user)), systems, histories, users)
answers = (said | called).map(lambda message: in_call_order((message,))[0])
HERE = Place("rows", 1)


def whole(*messages: Message | None) -> list[Json]:
    """Messages with all that they hold, ids too (which are no part of equality)."""
    return [m and (m, [call.id for call in m.calls], m.tool_call_id) for m in messages]


def kept(row: Dialogue | Preference) -> Json:
    """All that a row means."""
    if isinstance(row, Dialogue):
        return whole(*row.messages), row.tools, row.labels, row.unscored
    return whole(*row.prompt), row.tools, whole(row.chosen, row.rejected), row.other and whole(*row.other), row.labels


def again(imported: Imported, form: str, folder: Path) -> Imported:
    """The rows written in a format and read back; nothing may be lost between."""
    rows, rejects = convert_rows(imported, form)  # type: ignore[arg-type]
    assert rejects == []
    path = folder / f"{form}.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    found = read_dialogues(path, preferences=True)
    assert found.rejects == []
    return found


def holds(imported: Imported, form: str) -> bool:
    return not convert_rows(imported, form)[1]  # type: ignore[arg-type]


@given(
    messages=dialogues,
    offered=tools,
    said=labels,
    weights=st.lists(st.booleans(), min_size=20, max_size=20),
    chain=st.lists(st.sampled_from(DIALOGUES), min_size=1, max_size=4),
)
def test_a_dialogue_survives_any_chain_of_formats(
    messages: tuple[Message, ...],
    offered: list[Tool],
    said: Labels,
    weights: list[bool],
    chain: list[ExportFormat],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Messages, thinking, calls, ids of calls and results and their order, what is learned, tools, labels."""
    unscored = _without_weight(messages, weights)
    row = Dialogue(1, messages, tuple(offered), HERE, labels=said, unscored=unscored)
    imported = Imported("rows", [row])
    for form in chain:
        if holds(imported, form):
            imported = again(imported, form, tmp_path_factory.getbasetemp())
            assert [kept(one) for one in imported.rows] == [kept(row)]
        else:
            assert form == "alpaca"  # the only one of the three that lacks a place for anything drawn here
    assert holds(imported, "alpaca") == (_plain(messages, offered) and not unscored)


def _without_weight(messages: Sequence[Message], weights: Sequence[bool]) -> frozenset[int]:
    said = (index for index, message in enumerate(messages) if message.role == "assistant")
    return frozenset(index for index, learned in zip(said, weights, strict=False) if not learned)


@given(messages=as_written, offered=tools)
def test_the_order_of_results_in_a_file_does_not_matter(
    messages: tuple[Message, ...], offered: list[Tool], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Written as they come, results are read in the order of their calls, each still with its own."""
    path = tmp_path_factory.getbasetemp() / "shuffled.jsonl"
    path.write_text(json.dumps(openai_row(messages, offered)), encoding="utf-8")
    (row,) = read_dialogues(path).rows
    assert kept(row)[0] == whole(*in_call_order(messages))
    assert sorted(map(repr, _answered(row.messages))) == sorted(map(repr, _answered(messages)))
    for turn in turns(row.messages):
        numbers = [number for number in turn.answers if number is not None]
        assert numbers == sorted(numbers)


def _answered(messages: Sequence[Message]) -> list[tuple[ToolCall, str]]:
    """Each call with the result that carries its id."""
    found, waiting = [], dict[str, ToolCall]()
    for message in messages:
        waiting = {call.id: call for call in message.calls} if message.calls else waiting
        if message.tool_call_id:
            found.append((waiting[message.tool_call_id], message.content))
    return found


def _plain(messages: tuple[Message, ...], offered: list[Tool]) -> bool:
    turns = [m for m in messages if m.role != "system"]
    in_turn = [m.role for m in turns] == ["user", "assistant"] * (len(turns) // 2)
    silent = all(m.think is None for m in turns[:-1])
    return not offered and in_turn and silent and not any(m.calls for m in turns)


@given(
    prompt=prompts,
    other=st.none() | prompts,
    good=answers,
    bad=answers,
    offered=tools,
    said=labels,
    chain=st.lists(st.sampled_from([form for form in JUDGED if form != "kto"]), min_size=1, max_size=4),
)
def test_a_pair_survives_any_chain_of_formats(
    prompt: tuple[Message, ...],
    other: tuple[Message, ...] | None,
    good: Message,
    bad: Message,
    offered: list[Tool],
    said: Labels,
    chain: list[JudgedFormat],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    other = None if other == prompt else other
    row = Preference(1, prompt, tuple(offered), good, bad, HERE, labels=said, other=other)
    imported = Imported("rows", preferences=[row])
    for form in chain:
        if holds(imported, form):
            imported = again(imported, form, tmp_path_factory.getbasetemp())
            assert [kept(one) for one in imported.preferences] == [kept(row)]
        else:
            assert form == "ranking"
            assert other is not None or any(m.calls and m.content for m in (good, bad))
    single = again(imported, "kto", tmp_path_factory.getbasetemp()).preferences
    assert [(whole(*one.prompt), whole(one.chosen, one.rejected)) for one in single] == [
        (whole(*prompt), whole(good, None)), (whole(*(other or prompt)), whole(None, bad)),
    ]  # fmt: skip
    assert not holds(Imported("rows", preferences=single), "trl")


weighted = st.tuples(dialogues, tools, st.lists(st.booleans(), min_size=20, max_size=20))


@given(rows=st.lists(weighted, min_size=1, max_size=4))
def test_a_domain_folder_keeps_messages_and_tools(
    rows: list[tuple[tuple[Message, ...], list[Tool], list[bool]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Import, load, export, read: as many rows, each with its messages and with what of them is learned. Names of tools
    with two meanings get a number, cards come before scenarios and end where nothing more is learned: as `domain_of`
    says."""
    made = [
        Dialogue(number, messages, tuple(offer), Place("rows", number), unscored=_without_weight(messages, weights))
        for number, (messages, offer, weights) in enumerate(rows, 1)
    ]
    imported = Imported("rows", made)
    folder = tmp_path_factory.mktemp("made") / "domain"
    write_domain(imported, folder)
    expected = domain_of(imported)
    forms: tuple[ExportFormat, ...] = ("openai", "sharegpt")
    for form in forms:
        path = folder.parent / f"{form}.jsonl"
        written = list(export_rows(load(folder), form))
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in written), encoding="utf-8")
        found = read_dialogues(path)
        assert [whole(*row.messages) for row in found.rows] == [
            *(whole(*card.messages) for card in expected.cards),
            *(whole(*scenario.messages) for scenario in expected.scenarios),
        ]
        assert [row.learned for row in found.rows] == [
            *(card.trained for card in expected.cards),
            *(Dialogue(0, s.messages, (), HERE, unscored=s.unscored).learned for s in expected.scenarios),
        ]
        offers: list[tuple[Tool, ...]] = [()] * len(expected.cards)
        offers += [tuple(expected.tools[name] for name in s.tools) for s in expected.scenarios]
        assert [row.tools for row in found.rows] == offers


def test_what_a_format_cannot_hold_is_refused_with_the_reason() -> None:
    user, answer = Message("user", "q"), Message("assistant", "a")
    call = Message("assistant", calls=(ToolCall("look", {}),))
    torn = Message("assistant", "a", "one </think> two")
    refused: dict[str, list[tuple[Message, ...]]] = {
        "alpaca": [(user, call), (user, user, answer), (user, Message("assistant", "a", "t"), user, answer)],
        "sharegpt": [(user, torn), (user, answer, call)],
        "openai": [(user, Message("assistant", "<think>\nt\n</think>\n\na"))],
        "trl": [(user, answer)],
    }
    for form, rows in refused.items():
        for messages in rows:
            made, rejects = convert_rows(Imported("f", [Dialogue(4, messages, (), HERE)]), form)  # type: ignore[arg-type]
            assert (made, [reject.number for reject in rejects]) == ([], [4])
            assert form in rejects[0].reason or "think" in rejects[0].reason


def test_all_formats_are_offered() -> None:
    assert set(DIALOGUES) == set(get_args(ExportFormat))
    assert set(JUDGED) == set(get_args(JudgedFormat))
