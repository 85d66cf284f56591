"""Errands and flags: the tool that is asked for, and no other; the kinds that are asked for, in the tool's words."""

from __future__ import annotations

import random
import re

import pytest

from nano import errands, flags
from nano.mentions import mark, unmarked, upper_first
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


def wishes(intent: str) -> list[tuple[str, bool]]:
    """What an intent says of the request: (quoted words, wanted)."""
    said = re.split(r": |：", intent, maxsplit=2)[2]
    parts = [re.fullmatch(r"(.+) (yes|no|要|不要)", part) for part in re.split(r", |，", said)]
    return [(part[1], part[2] in ("yes", "要")) for part in parts if part]


def test_the_reasoning_says_yes_or_no_to_what_the_request_mentions() -> None:
    refusing = 0
    for row in rows_of(flags.flag_call, count=400):
        text, (intent, _, check) = row["messages"][0]["content"], row["messages"][1]["reasoning_content"].splitlines()
        said = [(word, on) for word, on in wishes(intent) if word not in flags.THE_REST.values()]
        assert all(word.lower() in text.lower() for word, _ in said)
        refusing += not all(on for _, on in said)
        (call,) = row["messages"][1]["tool_calls"]
        assert all(f"{key} {str(on).lower()}" in check for key, on in call["function"]["arguments"].items())
    assert 60 < refusing < 240


def test_as_many_flags_are_set_as_kinds_are_wanted_by_name() -> None:
    for row in rows_of(flags.flag_call):
        said = wishes(row["messages"][1]["reasoning_content"].splitlines()[0])
        on = list(row["messages"][1]["tool_calls"][0]["function"]["arguments"].values())
        everything = [*flags.THE_REST.values(), *flags.ALL["en"], *flags.ALL["zh"]]
        if not any(word in everything for word, _ in said):
            assert sum(on) == sum(wanted for _, wanted in said)


def test_marks_are_read_in_order_and_leave_no_trace() -> None:
    text = f"no {mark(2, 'dates')}, {mark(0, 'names')}"
    assert unmarked(text) == ("no dates, names", [2, 0])
    assert unmarked(upper_first(mark(1, "links"))) == ("Links", [1])


def test_one_key_per_kind_though_tools_call_it_differently() -> None:
    rng, seen = random.Random(4), set()
    for _ in range(300):
        keys = [flags.key_of(rng, kind, singular=rng.random() < 0.5) for kind in ("domains", "ips", "urls", "notes")]
        assert len(set(keys)) == 4
        seen |= set(keys)
    assert {"uri", "uris", "host", "addresses", "notes", "note", "ip"} <= seen
