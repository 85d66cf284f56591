from __future__ import annotations

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.domain.decisions import decisions
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
