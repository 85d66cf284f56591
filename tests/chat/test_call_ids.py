from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.call_ids import in_call_order, turns, with_ids
from steadyhand.chat.messages import Message, ToolCall

ASKED, SAID = Message("user", "q"), Message("assistant", "a")


def calling(*ids: str) -> Message:
    return Message("assistant", calls=tuple(ToolCall("price", {"of": n}, id) for n, id in enumerate(ids)))


def result(text: str, id: str = "") -> Message:
    return Message("tool", text, tool_call_id=id)


def ids_of(messages: tuple[Message, ...]) -> tuple[list[str], list[str]]:
    """(ids of calls, ids of results)."""
    calls = [call.id for message in messages for call in message.calls]
    return calls, [message.tool_call_id for message in messages if message.role == "tool"]


@pytest.mark.parametrize(
    ("calls", "results", "texts"),
    [
        (("x", "y"), (("7", "y"), ("90", "x")), ["90", "7"]),
        (("x", "y", "z"), (("3", "z"), ("1", "x"), ("2", "y")), ["1", "2", "3"]),
        (("x", "y"), (("7", "y"), ("90", "")), ["90", "7"]),  # the one without an id takes the call left over
        (("", ""), (("1", "m"), ("2", "n")), ["1", "2"]),  # ids of one side alone say nothing
        (("x", "x"), (("1", "x"), ("2", "x")), ["1", "2"]),
        (("x", "y"), (("7", "y"),), ["7"]),
        (("x", "y"), (("7", "y"), ("90", "other")), ["7", "90"]),  # fits no call: left as it is
    ],
)
def test_results_come_in_the_order_of_their_calls(
    calls: tuple[str, ...], results: tuple[tuple[str, str], ...], texts: list[str]
) -> None:
    found = in_call_order((ASKED, calling(*calls), *(result(*one) for one in results), SAID))
    assert [message.content for message in found if message.role == "tool"] == texts
    assert in_call_order(found) == found
    assert ids_of(in_call_order(found)) == ids_of(found)


def test_a_turn_is_tied_to_its_own_calls_alone() -> None:
    """The id that an earlier turn used, and a result after somebody else spoke, answer nothing here."""
    again = (ASKED, calling("x"), result("1", "x"), calling("y"), result("2", "x"), SAID)
    assert [turn.answers for turn in turns(again)] == [(0,), (None,)]
    late = (ASKED, calling("x"), ASKED, result("1", "x"), SAID)
    assert [turn.answers for turn in turns(late)] == [()]


def test_ids_that_only_count_are_left_out_and_made_up_again() -> None:
    plain = (ASKED, calling("", ""), result("1"), result("2"), SAID)
    named = with_ids(plain)
    assert ids_of(named) == (["call_1_0", "call_1_1"],) * 2
    assert ids_of(in_call_order(named)) == ids_of(plain)
    second_alone = (ASKED, calling("call_1_0", "call_1_1"), result("2", "call_1_1"), SAID)
    assert ids_of(in_call_order(second_alone)) == (["call_1_0", "call_1_1"], ["call_1_1"])


def test_made_up_ids_take_no_ones_place() -> None:
    found = with_ids((ASKED, calling("", "call_1_0", ""), result("1"), SAID))
    calls, results = ids_of(found)
    assert len(set(calls)) == 3
    assert calls[1] == "call_1_0"
    assert results == [calls[0]]


names = st.sampled_from(["", "", "a1b2c3d4e", "call_1_0", "call_1_1", "toolu_01", "functions.price:0"])


@given(calls=st.lists(names, min_size=1, max_size=4), seed=st.integers(0, 99), answered=st.integers(0, 4))
def test_any_order_of_results_is_one_dialogue(calls: list[str], seed: int, answered: int) -> None:
    """Where every call has an id of its own, the order of results in the file does not matter."""
    named = with_ids((ASKED, calling(*dict.fromkeys(calls)), SAID))
    results = [result(str(call.arguments["of"]), call.id) for call in named[1].calls][:answered]
    shuffled = Random(seed).sample(results, len(results))
    found = in_call_order((ASKED, named[1], *shuffled, SAID))
    assert [message.content for message in found[2:-1]] == [message.content for message in results]
    written = with_ids(found)
    assert in_call_order(written) == found
    assert ids_of(in_call_order(written)) == ids_of(found)


def test_ids_are_no_part_of_what_a_dialogue_means() -> None:
    call = ToolCall("price", {}, "x")
    assert call == replace(call, id="y")
    assert Message("tool", "1", tool_call_id="x") == Message("tool", "1")
    assert calling("x").to_openai() == calling("").to_openai()
