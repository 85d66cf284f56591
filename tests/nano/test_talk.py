"""What the assistant says is right: recomputed comparisons, exact recall, exact results, steady ignorance."""

from __future__ import annotations

import random
import re

import pytest

from nano import phrases, talk
from nano.phrases import HOMONYMS
from nano.rows import Lang
from nano.talk import HOLDS, define_in_context, instruction, memory_dialogue, unknown_term

LANGS: tuple[Lang, ...] = ("zh", "en")
MODE = {
    "above": "above",
    "below": "below",
    "at least": "at least",
    "高于": "above",
    "低于": "below",
    "至少": "at least",
}
JUDGED = re.compile(
    r"(?:the rule: (?P<en>above|below|at least) |规则：(?P<zh>高于|低于|至少))(?P<n>\d+)(?: is |是)(?P<yes>[^\n]+)\n"
    r"(?:Check: |检查：)(?P<a>\d+) (?P<sign>[<=>]) (?P<b>\d+)(?P<tail>[^\n]*)$"
)


def judged(lang: Lang, n: int = 1500) -> list[tuple[re.Match[str], str, str]]:
    rng = random.Random(11)
    found = []
    for i in range(n):
        messages = define_in_context(rng, lang, i % 2 == 0)["messages"]
        for user, reply in zip(messages[::2], messages[1::2], strict=True):
            match = JUDGED.search(reply["reasoning_content"])
            if match:
                found.append((match, user["content"], reply["content"]))
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_comparisons_are_right(lang: Lang) -> None:
    found = judged(lang)
    assert len(found) > 1500
    for match, question, answer in found:
        a, limit, mode = int(match["a"]), int(match["b"]), MODE[match["en"] or match["zh"]]
        assert limit == int(match["n"])
        assert str(a) in question
        assert {"<": a < limit, "=": a == limit, ">": a > limit}[match["sign"]]
        assert bool(match["tail"]) == (a == limit and mode != "at least")
        yes, holds = match["yes"], HOLDS[mode](a, limit)
        systems = next(s for s in phrases.SYSTEMS[lang] if s[3] == yes)
        outcome = systems[3] if holds else systems[4]
        assert answer.endswith(f" is {outcome}." if lang == "en" else f"是{outcome}的。")
        if re.match("Yes|是的", answer):
            assert holds
        if re.match("No|不是", answer):
            assert not holds


@pytest.mark.parametrize("lang", LANGS)
def test_boundaries_and_both_outcomes_are_common(lang: Lang) -> None:
    found = judged(lang)
    equal = sum(m["sign"] == "=" for m, _, _ in found) / len(found)
    assert 0.1 < equal < 0.4
    assert {MODE[m["en"] or m["zh"]] for m, _, _ in found} == {"above", "below", "at least"}
    assert len({m["b"] for m, _, _ in found}) == 94  # every limit of 2..95


@pytest.mark.parametrize(
    ("mode", "a", "holds"),
    [
        ("above", 50, False),
        ("above", 51, True),
        ("below", 50, False),
        ("below", 49, True),
        ("at least", 50, True),
        ("at least", 49, False),
    ],
)
def test_boundary_itself(mode: str, a: int, holds: bool) -> None:
    assert HOLDS[mode](a, 50) is holds


def test_boundary_check_line() -> None:
    assert talk._check("en", 73, 50, "above") == "73 > 50"
    assert talk._check("en", 50, 50, "above") == "50 = 50, not above"
    assert talk._check("zh", 50, 50, "above") == "50 = 50，不高于"


@pytest.mark.parametrize("lang", LANGS)
def test_memory_is_exact(lang: Lang) -> None:
    rng = random.Random(5)
    for i in range(500):
        messages = memory_dialogue(rng, lang, i % 2 == 0)["messages"]
        value = messages[-1]["reasoning_content"].split("\n")[-1].split(" " if lang == "en" else "：", 1)[1]
        assert value in messages[-1]["content"]
        assert any(value in m["content"] for m in messages[:-2] if m["role"] == "user")


@pytest.mark.parametrize("lang", LANGS)
def test_sums_and_comparisons_of_instructions(lang: Lang) -> None:
    rng = random.Random(3)
    seen = 0
    for _ in range(2000):
        _, reply = instruction(rng, lang, False)["messages"]
        check = reply["reasoning_content"].split("\n")[-1]
        if found := re.search(r"(\d+) \+ (\d+) = (\d+)$", check):
            assert int(found[1]) + int(found[2]) == int(found[3]) == int(reply["content"])
            seen += 1
        elif found := re.search(r"(\d+) ([<=>]) (\d+)$", check):
            a, b = int(found[1]), int(found[3])
            assert talk.sign(a, b) == found[0]
            if re.match("Yes|是的", reply["content"]):
                assert a > b
            if re.match("No|不是", reply["content"]):
                assert a <= b
            seen += 1
    assert seen > 200


def test_lists_and_copies() -> None:
    rng = random.Random(9)
    for _ in range(200):
        slots, answer, _ = talk._on_list(rng, "list", "en")
        assert sorted(int(x) for x in str(slots["x"]).split(", ")) == [int(x) for x in answer.split(", ")]
        slots, answer, _ = talk._on_list(rng, "swap", "en")
        assert str(slots["x"]).split(", ") == answer.split(", ")[::-1]
        slots, answer, _ = talk._on_list(rng, "count", "zh")
        assert len(str(slots["x"]).split("、")) == int(answer)
        slots, answer, _ = talk._on_text(rng, "repeat", "zh")
        assert slots["x"] == answer


@pytest.mark.parametrize("lang", LANGS)
def test_unknown_terms_are_never_known_and_the_answer_is_about_them(lang: Lang) -> None:
    rng = random.Random(2)
    for _ in range(1000):
        assert talk.unknown_name(rng).upper() not in {*HOMONYMS, "CVE", "DNS", "VPN", "TLS", "XSS"}
        for reply in unknown_term(rng, lang, False)["messages"][1::2]:
            assert not re.match("Yes|No,|是的", reply["content"])


def test_uss_is_a_ship_in_both_languages() -> None:
    assert all("ship" in text for text in HOMONYMS["USS"]["en"])
    assert all("船" in text for text in HOMONYMS["USS"]["zh"])


def test_every_phrase_table_keeps_held_wordings_apart() -> None:
    tables = [
        *phrases.ASK.values(),
        *(t[0] for t in phrases.SMALL.values()),
        *phrases.HOMONYM_ASK,
        phrases.SAY,
        phrases.RECALL,
        phrases.DEFINE,
        phrases.JUDGE_YES_NO,
        phrases.JUDGE_OPEN,
        phrases.ABOUT,
        phrases.RULE,
        phrases.UNKNOWN_ASK,
        phrases.INSIST,
    ]
    for table in tables:
        for lang in LANGS:
            assert len(set(table[lang][True])) >= 2
            assert not set(table[lang][True]) & set(table[lang][False])
