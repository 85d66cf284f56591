from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.domain.decisions import decisions, spread
from steadyhand.domain.model import AnswerRule, Scenario
from steadyhand.errors import Place

CALL = ToolCall("query", {"uri": "a"})
MESSAGES = (
    Message("system", "s"),
    Message("user", "u"),
    Message("assistant", calls=(CALL,)),
    Message("tool", "{}"),
    Message("assistant", "done"),
)


def scenario(unscored: frozenset[int] = frozenset()) -> Scenario:
    rule = {4: AnswerRule(("done",))}
    return Scenario("s", "g", "train", "common", "en", ("query",), MESSAGES, Place("f"), rule, unscored=unscored)


def test_every_assistant_message_is_a_decision_on_all_before_it() -> None:
    call, answer = decisions(scenario())
    assert (call.id, answer.id) == ("s#2", "s#4")
    assert call.messages == MESSAGES[:2]
    assert call.expected == (CALL,)
    assert call.answer is None
    assert answer.messages == MESSAGES[:4]
    assert answer.expected == ()
    assert answer.target.content == "done"
    assert answer.answer == AnswerRule(("done",))


def test_unscored_messages_stay_in_the_history() -> None:
    (answer,) = decisions(scenario(frozenset({2})))
    assert answer.id == "s#4"
    assert MESSAGES[2] in answer.messages


@given(st.integers(1, 40), st.integers(0, 90))
def test_a_part_of_the_scenarios_is_spread_over_all(count: int, most: int) -> None:
    whole = [replace(scenario(), id=str(n)) for n in range(count)]
    kept = spread(whole, most)
    assert [int(s.id) for s in kept] == sorted({int(s.id) for s in kept})
    if not most or 2 * count <= most:
        assert list(kept) == whole
    else:
        assert 1 <= len(kept) <= max(1, most // 2)
    if most >= 4 and 2 * count > 2 * most:  # neither only the first nor only the last ones
        assert int(kept[0].id) < count / 2 <= int(kept[-1].id)
