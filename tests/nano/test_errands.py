"""Errands and flags: the tool that is asked for, and no other; the kinds that are asked for, in the tool's words."""

from __future__ import annotations

import random
import re

import pytest

from nano import errands, flags
from nano.rows import Lang, Row

LANGS: tuple[Lang, ...] = ("zh", "en")


def rows_of(make: object, held: bool = False, count: int = 200) -> list[Row]:
    rng = random.Random(3)
    return [make(rng, LANGS[i % 2], held) for i in range(count)]  # type: ignore[operator]


def names_of(row: Row) -> set[str]:
    return {tool["function"]["name"] for tool in row["tools"]}


def test_an_errand_calls_an_offered_tool_with_what_the_user_named() -> None:
    for row in rows_of(errands.errand):
        (call,) = row["messages"][1]["tool_calls"]
        assert call["function"]["name"] in names_of(row)
        (value,) = call["function"]["arguments"].values()
        assert value in row["messages"][0]["content"]


def test_without_its_tool_nothing_is_called_though_others_are_on_offer() -> None:
    for row in rows_of(errands.not_on_offer):
        assert row["tools"]
        assert not row["messages"][-1].get("tool_calls")


@pytest.mark.parametrize("lang", LANGS)
def test_held_out_wordings_never_train(lang: Lang) -> None:
    last = {
        re.sub(r"\W*\{x\}\W*", "", entry[lang]["ask"][-1]) for name, entry in errands.bank().items() if name != "none"
    }
    trained = " ".join(row["messages"][0]["content"] for row in rows_of(errands.errand, count=600))
    assert len(last) > 8
    assert not [text for text in last if len(text) > 12 and text in trained]


def test_the_reasoning_names_the_wanted_keys_and_then_every_flag() -> None:
    for row in rows_of(flags.flag_call):
        intent, _, check = row["messages"][1]["reasoning_content"].splitlines()
        (call,) = row["messages"][1]["tool_calls"]
        arguments = call["function"]["arguments"]
        named = re.split(r", |、", intent.split("take out ")[-1].split("取出 ")[-1].split(" to ")[0].split(" 来")[0])
        assert [key for key, on in arguments.items() if on] == named
        assert all(key in check for key in arguments)


def test_what_is_refused_is_said_first_and_is_never_taken_out() -> None:
    refusing = 0
    for row in rows_of(flags.flag_call, count=400):
        intent = row["messages"][1]["reasoning_content"].splitlines()[0]
        (call,) = row["messages"][1]["tool_calls"]
        for found in re.findall(r"(?:leave |不要 )(.+?)(?:; |；)(?:take out|取出) ", intent):
            refusing += 1
            assert not any(call["function"]["arguments"][key] for key in re.split(", |、", found))
    assert 60 < refusing < 200


def test_one_key_per_kind_though_tools_call_it_differently() -> None:
    rng, seen = random.Random(4), set()
    for _ in range(300):
        keys = [flags.key_of(rng, kind, singular=rng.random() < 0.5) for kind in ("domains", "ips", "urls", "notes")]
        assert len(set(keys)) == 4
        seen |= set(keys)
    assert {"uri", "uris", "host", "addresses", "notes", "note", "ip"} <= seen
