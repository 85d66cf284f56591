"""Work with made-up services: what is called and said follows from the rule that was told."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest

from nano import casework, corpus
from nano.case import Case, bank_of, disguised
from nano.rows import Generator, Lang

LANGS: tuple[Lang, ...] = ("zh", "en")
MAKERS = [make for _, make in casework.GENERATORS]
Message = dict[str, Any]


def calls_of(message: Message) -> list[dict[str, Any]]:
    return [call["function"] for call in message.get("tool_calls", [])]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("make", MAKERS)
def test_rows_are_whole_and_calls_fit_their_schema(make: Generator, lang: Lang) -> None:
    rng = random.Random(1)
    for index in range(200):
        row = make(rng, lang, index % 4 == 0)
        schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in row["tools"]}
        assert not re.search(r"\{[a-z]\w?\}", corpus.text_of(row))
        assert row["messages"][-1]["role"] == "assistant"
        for message in row["messages"]:
            if message["role"] == "assistant":
                assert len(message["reasoning_content"].splitlines()) == 3
            for call in calls_of(message):
                assert set(call["arguments"]) == set(schemas[call["name"]]["properties"])


@pytest.mark.parametrize("lang", LANGS)
def test_a_correction_is_sent_exactly_where_the_service_differs(lang: Lang) -> None:
    rng, sent, stopped = random.Random(2), 0, 0
    for _ in range(300):
        case = Case(rng, lang, held=False)
        held, number = rng.choice("yz"), rng.choice((None, rng.randint(0, 100)))
        case.settle(["a.example"], [number], held)
        above = number is not None and number > case.slots["l"]
        calls = [call for message in case.messages for call in calls_of(message)]
        if above == (held == "y"):
            stopped += 1
            assert not calls
        else:
            sent += 1
            said = {"verdict": case.words[held], "reason": case.words["e" if held == "y" else "h"]}
            (call,) = calls
            assert said.items() <= call["arguments"].items()
    assert min(sent, stopped) > 50


@pytest.mark.parametrize("lang", LANGS)
def test_a_disguised_name_is_looked_up_as_it_really_is(lang: Lang) -> None:
    rng = random.Random(3)
    for _ in range(100):
        messages = casework.spelled(rng, lang, False)["messages"]
        take, ask = (calls_of(m)[0] for m in messages if calls_of(m))
        (found,) = json.loads(next(m["content"] for m in messages if m["role"] == "tool")).values()
        assert list(take["arguments"].values()).count(True) == 1
        assert list(ask["arguments"].values()) == found
        assert found[0] not in next(m["content"] for m in reversed(messages) if m["role"] == "user")


@pytest.mark.parametrize("lang", LANGS)
def test_a_chain_looks_up_all_that_was_found_and_a_list_names_it_all(lang: Lang) -> None:
    rng, most = random.Random(6), 0
    for _ in range(100):
        for make in (casework.chained, casework.only_listed):
            messages = make(rng, lang, False)["messages"]
            take = next(i for i, m in enumerate(messages) if calls_of(m))
            found = [name for names in json.loads(messages[take + 1]["content"]).values() for name in names]
            then = messages[take + 2]
            most = max(most, len(found))
            if make is casework.chained:
                assert [next(iter(call["arguments"].values())) for call in calls_of(then)] == found
            else:
                assert not calls_of(then)
                assert all(name in then["content"] for name in found)
    assert most == 3


@pytest.mark.parametrize("lang", LANGS)
def test_of_several_names_the_reasoning_says_which_are_sent(lang: Lang) -> None:
    rng, some = random.Random(7), 0
    for _ in range(200):
        case = Case(rng, lang, held=False)
        case.messages.clear()  # what was told
        numbers = [rng.choice((None, rng.randint(0, 100))) for _ in range(2)]
        case.settle(["a.example", "b.example"], numbers, rng.choice("yz"))
        sent = [call["arguments"][case.key] for call in calls_of(case.messages[0])]
        act = re.split(r"[:：]", case.messages[0]["reasoning_content"].splitlines()[-1], maxsplit=1)[1]
        some += len(sent) == 1
        assert all(act.count(name) == 1 + (name in sent) for name in ("a.example", "b.example"))
    assert some > 50


def test_only_the_host_of_a_name_is_disguised() -> None:
    hidden = disguised(random.Random(4), "https://a.example/x.zip")
    assert hidden.startswith("hxxps://a")
    assert "a.example" not in hidden
    assert hidden.endswith("/x.zip")


@pytest.mark.parametrize("lang", LANGS)
def test_the_missing_tool_is_not_on_offer(lang: Lang) -> None:
    rng = random.Random(5)
    for _ in range(50):
        row = casework.without_tool(rng, lang, False)
        assert not any(calls_of(m) for m in row["messages"])
        about = [tool["function"]["description"] for tool in row["tools"]]
        asks = any(text.startswith(("Ask ", "向 ")) for text in about)
        takes = any(text.startswith(("Take things", "从文本")) for text in about)
        assert not (asks and takes)


def test_both_languages_have_the_same_wordings() -> None:
    english, chinese = bank_of("en"), bank_of("zh")
    assert english.keys() == chinese.keys()
    for part in ("thoughts", "says"):
        assert english[part].keys() == chinese[part].keys()
    for name, options in english.items():
        if isinstance(options, list):
            assert len(options) == len(set(options)) == len(chinese[name])
