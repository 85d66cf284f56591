from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.check.dataset import Dataset, Pair, Record
from steadyhand.check.groundedness import check_grounds
from steadyhand.errors import Place

CALL = Message("assistant", calls=(ToolCall("look", {"limit": 4711}),))


def said(answer: str, *results: str, question: str = "How much?", think: str | None = None) -> list[str]:
    shown = [turn for result in results for turn in (CALL, Message("tool", result))]
    turns = (Message("user", question), *shown, Message("assistant", answer, think))
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
    ("answer", "result"),
    [
        ("That is 37.5% off.", '{"old": 96.0, "new": 60.0}'),
        ("With tax it is $118.80.", '{"price": 110, "tax_percent": 8}'),
        ("You pay $88.20 after the discount.", '{"price": 98, "discount": 10}'),
        ("Four nights cost 1,316.", '{"per_night": 329}'),
        ("Each pays 45.25.", '{"bill": 181, "guests": 4}'),
        ("All three cost 614.", '[{"price": 205}, {"price": 199}, {"price": 210}]'),
        ("On average 204.67.", '[{"price": 205}, {"price": 199}, {"price": "210"}]'),
        ("It has 128 files.", json.dumps({"files": ["a"] * 128})),
        ("212 degrees Fahrenheit.", '{"celsius": 100}'),
        ("That is 11.02 pounds.", '{"kg": 5}'),
        ("The stay is 134 days.", '{"from": "2024-03-01", "to": "2024-07-13"}'),
        ("134 days lie between.", '{"text": "from March 1, 2024 until 13 July"}'),
        ("It flies 195 minutes.", '{"departs": "22:30", "arrives": "01:45"}'),
        ("一共一百五十元，即150元。", '{"note": "一百五十"}'),
        ("You want 250 shares.", '{"order": "two hundred and fifty"}'),
        ("Call 5551234567.", '{"phone": "(555) 123-4567"}'),
        ("The total is 1.234,56 €.", '{"total": 1234.56}'),
        ("Ask help@b.example, at hxxps://b[.]example/x?a=1&b=2", '{"mail": "HELP@b.example", "at": "https://b.example/x?a=1\\u0026b=2"}'),
        ("Open http://127.0.0.1/ or 0.0.0.0.", "{}"),
        ("Try:\n```\nconnect(port=5432)\n```", '{"ok": true}'),
        ("The card that ends in 7803.", '{"card": "4421486197803"}'),
    ],
)  # fmt: skip
def test_one_step_is_a_unit_a_total_a_mean_a_percentage_or_a_span_of_time(answer: str, result: str) -> None:
    assert said(answer, result) == []


def test_what_the_answer_or_its_thinking_works_out_leads_on() -> None:
    flights = '{"out": {"price": 121.5}, "back": {"price": 162.25}, "bag": {"price": 35}}'
    assert said("Out 121.50, back 162.25, bag 35: 318.75 each, 956.25 for the three of you.", flights) == []
    assert said("All in all 956.25.", flights, think="121.5 + 162.25 + 35 = 318.75, three times") == []
    assert said("All in all 956.77.", flights) != []


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("It is 1093.64 in all.", "1093.64"),
        ("Call 918273.", "918273"),
        ("It runs on 203.0.113.9.", "203.0.113.9"),
        ("Write to help@b.example.", "help@b.example"),
        ("This is CVE-2021-44228.", "CVE-2021-44228"),
        ("It is 1,093.64 in all.", "1,093.64"),
    ],
)
def test_values_from_nowhere(answer: str, value: str) -> None:
    (message,) = said(answer, '{"sum": 1073.6432, "host": "203.0.113.7"}')
    assert repr(value) in message


def test_answers_that_follow_no_result_are_free() -> None:
    turns = (Message("user", "How many?"), Message("assistant", "There are 918273645."))
    assert list(check_grounds(Dataset([Record("row 1", Place("f", 1), turns)]))) == []


def test_the_chosen_answer_of_a_pair_is_looked_at() -> None:
    prompt = (Message("user", "How many?"), CALL, Message("tool", '{"count": 12}'))
    good, bad = Message("assistant", "There are 12."), Message("assistant", "There are 918273645.")
    for chosen, rejected, count in ((good, bad, 0), (bad, good, 1), (None, bad, 0)):
        pair = Pair("row 1", Place("f", 1), prompt, (), chosen, rejected)
        assert len(list(check_grounds(Dataset(pairs=[pair])))) == count


STEPS = {
    "sum": lambda a, b: a + b,
    "difference": lambda a, b: abs(a - b),
    "product": lambda a, b: a * b,
    "ratio": lambda a, b: a / b,
    "share": lambda a, b: 100 * a / b,
    "more": lambda a, b: abs(a - b) / b * 100,
    "percentage of": lambda a, b: a * b / 100,
    "grown": lambda a, b: a * (1 + (b % 100) / 100),
}


@given(
    st.lists(st.integers(100, 99_999_999).map(lambda n: n / 100), min_size=2, max_size=400),
    st.sampled_from(sorted(STEPS)),
    st.integers(0, 3),
    st.data(),
)
def test_no_step_over_any_two_numbers_is_called_invented(
    prices: list[float], step: str, decimals: int, data: st.DataObject
) -> None:
    a, b = data.draw(st.sampled_from(prices)), data.draw(st.sampled_from(prices))
    rate = [b % 100] if step == "grown" and b % 100 else []
    stated = f"{STEPS[step](a, b):,.{decimals}f}"
    result = json.dumps({"items": [{"price": price} for price in [*prices, *rate]]})
    assert said(f"The {step} is {stated}.", result) == []


@given(st.sampled_from([918273645, 707070709, 123456791]), st.lists(st.integers(1, 999), max_size=30))
def test_a_long_number_that_nothing_leads_to_is_called_invented(number: int, others: list[int]) -> None:
    assert said(f"The file is {number}.", json.dumps(others)) != []


def test_hostile_numbers_neither_break_it_nor_take_for_ever() -> None:
    rng = random.Random(3)
    many = json.dumps([rng.randrange(10**6) for _ in range(25_000)])
    assert said("It is 918273645.77", many) == []  # among so many nothing can be said
    assert said(" ".join(str(rng.randrange(10**12)) for _ in range(1000)), json.dumps(list(range(500)))) != []
    assert said("9" * 5000, '{"a": 1e999, "b": NaN, "c": ' + "7" * 6000 + "}") != []
    assert said("It is 12345.", "[" * 5000 + "]" * 5000) != []
