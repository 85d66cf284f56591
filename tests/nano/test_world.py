"""Facts are consistent, rows are well formed, and held-out wordings are new but made of known words."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from nano import talk, world
from nano.facts import facts
from nano.rows import Generator, Lang
from nano.world import HELD_EN, HELD_ZH, TRAIN_EN, TRAIN_ZH, fact_turn, held_probes

LANGS: tuple[Lang, ...] = ("zh", "en")
PRIVATE = ("threat_level", "query_uss", "report_uss", "extract_resource", "uss level", "uri scope")
HEADS = {"en": ("Intent: ", "Plan: ", "Check: "), "zh": ("意图：", "计划：", "检查：")}
EVERY = [g for _, g in (*world.GENERATORS, *talk.GENERATORS)]


def rows(make: Generator, lang: Lang, held: bool, n: int = 300) -> list[dict[str, Any]]:
    rng = random.Random(7)
    return [make(rng, lang, held) for _ in range(n)]


def units(text: str) -> int:
    """English words, or Han characters with every Latin run as one."""
    return len(re.findall(r"[一-鿿]|[^\s一-鿿]+", text))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("make", EVERY)
def test_rows_are_well_formed(make: Generator, lang: Lang) -> None:
    for held in (False, True):
        for row in rows(make, lang, held):
            assert row["tools"] == []
            assert [m["role"] for m in row["messages"]] == ["user", "assistant"] * (len(row["messages"]) // 2)
            assert 2 <= len(row["messages"]) <= 20
            assert all(m["content"] and "{" not in m["content"] for m in row["messages"])


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("make", EVERY)
def test_reasoning_is_three_short_lines(make: Generator, lang: Lang) -> None:
    for row in rows(make, lang, False):
        for reply in row["messages"][1::2]:
            lines = reply["reasoning_content"].split("\n")
            assert len(lines) == 3
            for line, head in zip(lines, HEADS[lang], strict=True):
                assert line.startswith(head)
                assert 1 <= units(line.removeprefix(head)) <= (10 if lang == "en" else 14), line


@pytest.mark.parametrize("make", EVERY)
def test_no_private_word_and_uss_is_a_ship(make: Generator) -> None:
    for lang in LANGS:
        for row in rows(make, lang, False):
            text = str(row).lower()
            assert not any(word in text for word in PRIVATE)
            assert "uss" not in text or "security" not in text or make in (world.fact_dialogue, talk.memory_dialogue)


def test_generators_are_deterministic_and_weights_sum_to_one() -> None:
    for weighted in (world.GENERATORS, talk.GENERATORS):
        assert sum(weight for weight, _ in weighted) == pytest.approx(1)
    for make in EVERY:
        assert rows(make, "en", False, 20) == rows(make, "en", False, 20)


def test_facts_have_unique_ids_and_match_their_own_must() -> None:
    assert len({f.id for f in facts()}) == len(facts()) >= 130
    assert sum(f.topic == "security" for f in facts()) >= 50
    for fact in facts():
        for lang, limit in (("en", 18), ("zh", 30)):
            side = fact.side("en" if lang == "en" else "zh")
            assert re.search(side.must, side.answer)
            assert units(side.answer) <= limit
            assert (fact.kind == "clause") == bool(side.ask)


def test_must_is_not_met_by_the_question_alone() -> None:
    """A reply that only echoes the subject must fail the probe."""
    own_subject = {
        f"{f.id}-{lang}" for f in facts() for lang in LANGS if re.search(f.side(lang).must, f.side(lang).subject)
    }
    assert {name.rsplit("-", 1)[0] for name in own_subject} <= {
        "attack_by",
        "honey",
        "blood_pump",
        "cow_food",
        "red_planet",
    }


@pytest.mark.parametrize(("train", "held"), [(TRAIN_EN, HELD_EN), (TRAIN_ZH, HELD_ZH)])
def test_templates_are_enough_disjoint_and_made_of_known_words(
    train: dict[str, tuple[str, ...]], held: dict[str, tuple[str, ...]]
) -> None:
    def words(table: dict[str, tuple[str, ...]]) -> set[str]:
        return set(re.findall(r"[a-z]+|[一-鿿]", " ".join(t for ts in table.values() for t in ts).lower()))

    assert train.keys() == held.keys()
    for kind, wordings in train.items():
        assert len(wordings) >= 6
        assert len(held[kind]) >= 3
        assert not set(wordings) & set(held[kind])
    assert words(held) - words(train) <= {"s", "its", "it", "that", "about", *"它看这"}  # common in answers and in talk


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("make", [world.fact, talk.instruction, talk.homonym, talk.small_talk])
def test_held_questions_never_occur_in_training(make: Generator, lang: Lang) -> None:
    def plain(rows: list[dict[str, Any]]) -> set[str]:
        return {re.sub(r"\W", "", m["content"]).lower() for r in rows for m in r["messages"] if m["role"] == "user"}

    assert not plain(rows(make, lang, False, 6000)) & plain(rows(make, lang, True, 1500))


def test_one_fact_has_many_training_wordings() -> None:
    rng = random.Random(1)
    for lang in LANGS:
        for fact in facts():
            assert len({fact_turn(rng, fact, lang, False)[0]["content"] for _ in range(120)}) >= 6


def test_dialogue_recall_names_the_question_that_was_asked() -> None:
    order = {name: i for i, name in enumerate(world.ORDINAL["en"])}
    seen = 0
    for row in rows(world.fact_dialogue, "en", False):
        found = re.fullmatch(r"Your (\w+) question was about (.+)\.", row["messages"][-1]["content"])
        if found:
            seen += 1
            assert found[2] in row["messages"][2 * order[found[1]] + 1]["reasoning_content"]
    assert seen > 50


def test_probes_are_distinct_and_use_held_out_wordings() -> None:
    probes = held_probes(2 * len(facts()))
    assert len({p["id"] for p in probes}) == len({p["question"] for p in probes}) == 2 * len(facts())
    assert len({p["cluster"] for p in probes[: len(facts())]}) == len(facts())
    trained = {m["content"] for lang in LANGS for r in rows(world.fact, lang, False, 8000) for m in r["messages"]}
    assert not trained & {p["question"] for p in probes}
    answers = {(f.id, lang): f.side(lang).answer for f in facts() for lang in LANGS}
    assert all(re.search(p["must"][0], answers[p["cluster"], p["lang"]]) for p in probes)


def test_too_many_probes_is_an_error() -> None:
    with pytest.raises(ValueError, match="exist"):
        held_probes(10_000)


def test_vocabulary_stays_small() -> None:
    text = " ".join(
        f"{m['content']} {m.get('reasoning_content', '')}"
        for make in EVERY
        for lang in LANGS
        for r in rows(make, lang, False, 1500)
        for m in r["messages"]
    )
    han = set(re.findall(r"[一-鿿]", text))
    assert len(han) < 1300
