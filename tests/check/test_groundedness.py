from __future__ import annotations

import pytest

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.check.dataset import Dataset, Record
from steadyhand.check.groundedness import check_grounds
from steadyhand.errors import Place


def said(answer: str, result: str, question: str = "How much?") -> list[str]:
    call = Message("assistant", calls=(ToolCall("look", {"limit": 4711}),))
    turns = (Message("user", question), call, Message("tool", result), Message("assistant", answer))
    return [found.message for found in check_grounds(Dataset([Record("row 1", Place("f", 1), turns)]))]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("It is 1,073.64 in all.", '{"sum": 1073.6432}'),
        ("It is about 1073.6.", '{"sum": 1073.6432}'),
        ("Together that is 726.", '{"a": 311, "b": 415}'),
        ("That is 10.4 percent.", '{"share": 0.104}'),
        ("It takes 5.5 km.", '{"metres": 5500}'),
        ("At most 4711, as asked.", "{}"),
        ("Since 2019 there are 12 of them.", "{}"),
        ("2023年10月5日发布。", '{"date": "2023-10-05"}'),
        ("See https://a.example/x.", '{"url": "https:\\/\\/a.example\\/x"}'),
        ("1. one\n2. two\n10. ten", "{}"),
    ],
)
def test_values_that_were_read_rounded_or_worked_out(answer: str, result: str) -> None:
    assert said(answer, result) == []


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("It is 1093.64 in all.", "1093.64"),
        ("Call 918273.", "918273"),
        ("It runs on 203.0.113.9.", "203.0.113.9"),
        ("Write to help@b.example.", "help@b.example"),
        ("This is CVE-2021-44228.", "CVE-2021-44228"),
    ],
)
def test_values_from_nowhere(answer: str, value: str) -> None:
    (message,) = said(answer, '{"sum": 1073.6432, "host": "203.0.113.7"}')
    assert repr(value) in message


def test_answers_that_follow_no_result_are_free() -> None:
    turns = (Message("user", "How many?"), Message("assistant", "There are 918273645."))
    assert list(check_grounds(Dataset([Record("row 1", Place("f", 1), turns)]))) == []
