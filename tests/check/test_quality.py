from __future__ import annotations

import pytest

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.check.dataset import Dataset, Pair, Record
from steadyhand.check.quality import check_quality
from steadyhand.errors import Place

ASK = Message("user", "What is the level of the resource?")
ANSWER = "The level is 51, which is above the boundary."


def codes(*messages: Message) -> list[str]:
    record = Record("row 1", Place("f", 1, 1), messages)
    return [found.code for found in check_quality(Dataset([record]))]


def said(text: str) -> list[str]:
    return codes(ASK, Message("assistant", text))


@pytest.mark.parametrize(
    ("code", "broken", "clean"),
    [
        ("Q101", "The cafÃ© is open now.", "The café is open now."),
        ("Q101", "Half \ufffd a character", "Half of a character"),
        ("Q101", "A control \x07 character", "Tabs\tand\nlines are fine"),
        ("Q102", "I can help you with it. " * 4, "I can help you with it. Really."),
        ("Q102", "好的，我来帮你查询这个网址的结果。" * 4, "好的，我来帮你查询这个网址的结果。"),
        ("Q103", "<think>First I look. It is unsafe.", "First I look. It is unsafe."),
        ("Q103", "So it is.</think> It is unsafe.", "So it is. It is unsafe."),
        ("Q104", "N/A", "Not available here"),
        ("Q104", "...", "安全"),
        ("Q106", "I am {{name}}, your assistant.", "I am Ada, your assistant."),
        ("Q106", "Dear [Your Name], welcome.", "Dear Ada, see [1] and list[your_index]."),
        ("Q106", "您好，[您的姓名]", "Write `{{ name }}` in the template."),
        ("Q107", "-----BEGIN PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----"),
        ("Q108", "身份证 11010519491231002X", "身份证 110105194912310021"),
    ],
)
def test_one_defect_at_a_time_and_its_clean_twin(code: str, broken: str, clean: str) -> None:
    assert said(broken) == [code]
    assert said(clean) == []


def test_two_messages_of_one_role() -> None:
    answer = Message("assistant", ANSWER)
    assert codes(ASK, ASK, answer) == ["Q105"]
    assert codes(ASK, answer, answer) == ["Q105"]
    assert codes(ASK, answer, ASK, answer) == []


def test_what_users_write_may_be_broken() -> None:
    assert codes(Message("user", "is the cafÃ© open?"), Message("assistant", ANSWER)) == []


def test_a_secret_is_not_shown_whole() -> None:
    record = Record("row 1", Place("f", 1, 1), (ASK, Message("assistant", "身份证 11010519491231002X")))
    (found,) = check_quality(Dataset([record]))
    assert "11010519491231002X" not in found.message
    assert "1101...2X" in found.message


def test_the_chosen_answer_of_a_pair_is_judged() -> None:
    pair = Pair(
        "row 1", Place("f", 1, 1), (ASK,), (), Message("assistant", "I am {{name}}."), Message("assistant", "N/A")
    )
    assert [found.code for found in check_quality(Dataset(pairs=[pair]))] == ["Q106"]


CALL = Message("assistant", calls=(ToolCall("look", {}),))


@pytest.mark.parametrize(
    "before",
    [
        (),
        (Message("system", "Be short."),),
        (Message("tool", "{}"),),
        (Message("system", "Look it up."), CALL, Message("tool", "{}")),
        (Message("user", "\u200b \u2060\u3164"),),
        (Message("system", "Be short."), Message("user", "\u00a0\ufeff")),
    ],
)
def test_an_answer_that_nobody_asked_for(before: tuple[Message, ...]) -> None:
    answer = Message("assistant", ANSWER)
    assert "Q109" in codes(*before, answer)
    assert "Q109" not in codes(*before, ASK, answer)
    for chosen, rejected in ((answer, None), (None, answer), (answer, answer)):
        pair = Pair("row 1", Place("f", 1, 1), before, (), chosen, rejected)
        assert [one.code for one in check_quality(Dataset(pairs=[pair]), ["Q109"])] == ["Q109"]


def test_a_greeting_before_the_question_and_signs_alone_are_no_silence() -> None:
    hello, answer = Message("assistant", "Hello, what can I do?"), Message("assistant", ANSWER)
    assert "Q109" not in codes(Message("system", "Greet."), hello, ASK, answer)
    for text in ("?", "👍", "ok", "。"):
        assert "Q109" not in codes(Message("user", text), answer)
