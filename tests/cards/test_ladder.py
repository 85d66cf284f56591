from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.cards.ladder import neighbors, probes_about, question, split_point
from steadyhand.chat.messages import Message
from steadyhand.domain.load import load
from steadyhand.domain.model import AnswerRule, Card, Domain, Point, Probe
from steadyhand.errors import Place, UsageError
from steadyhand.text.shingles import Language
from tests.domain.folder import make

PLACE = Place("k.yaml", 3)


def card(point: str, id: str, asked: str, answer: str = "yes", lang: Language = "en") -> Card:
    return Card(
        f"{point}/{id}", point, "paraphrase", lang, (Message("user", asked), Message("assistant", answer)), PLACE
    )


def point(id: str, *cards: Card) -> Point:
    return Point(id, (), "d", (), (), cards, PLACE)


WORDS = ["alpha", "river stone", "green paper", "loud engine", "seven boats", "cold morning", "iron gate", "soft bread"]
LEVEL = point("level", *(card("level", f"c{i}", f"what of the {word}?") for i, word in enumerate(WORDS)))


def domain(*points: Point, probes: tuple[Probe, ...] = ()) -> Domain:
    return Domain(Path("d"), "d", points, {}, (), probes)


def test_a_split_holds_back_a_third_and_trains_none_of_it() -> None:
    split = split_point(LEVEL, 0)
    assert len(split.held) == 3
    assert {one.id for one in split.ladder} | {one.id for one in split.held} == {one.id for one in LEVEL.cards}
    assert not {one.id for one in split.ladder} & {one.id for one in split.held}
    assert split_point(LEVEL, 0) == split
    assert split_point(LEVEL, 1) != split


@pytest.mark.parametrize("seed", range(8))
def test_a_wording_never_stands_on_both_sides(seed: int) -> None:
    twins = [card("level", f"t{i}", f"well, what of the {word}?") for i, word in enumerate(WORDS[:4])]
    split = split_point(point("level", *LEVEL.cards, *twins), seed)
    trained = {split.wording[one.id] for one in split.ladder}
    assert not trained & {split.wording[one.id] for one in split.held}


def test_the_second_card_brings_the_second_language() -> None:
    asked = [
        "山上有什么？",
        "这条河多长？",
        "谁点的火？",
        "木头贵吗？",
        "金子在哪里？",
        "土豆几斤？",
        "今天几号？",
        "月亮圆不圆？",
    ]
    other = [card("level", f"z{i}", text, lang="zh") for i, text in enumerate(asked)]
    for seed in range(5):
        ladder = split_point(point("level", *LEVEL.cards, *other), seed).ladder
        assert {one.lang for one in ladder[:2]} == {"en", "zh"}


def test_a_point_with_too_few_cards_is_refused_with_its_place() -> None:
    with pytest.raises(UsageError, match="has 3 cards in 3 wordings") as caught:
        split_point(point("few", *LEVEL.cards[:3]), 0)
    assert caught.value.where == PLACE
    assert caught.value.next


def test_neighbors_are_the_nearest_questions_of_other_points() -> None:
    same, near, far = (
        card("other", "same", "what of the river stone?"),
        card("other", "near", "what of the river bank?"),
        card("other", "far", "who sings 歌?"),
    )
    found = neighbors(domain(LEVEL, point("other", far, near, same)), LEVEL, 5)
    assert [one.id for one in found] == ["other/near", "other/far"]  # its own question is no neighbor
    assert neighbors(domain(LEVEL, point("other", far, near)), LEVEL, 1) == [near]


def test_a_probe_belongs_to_the_point_of_its_nearest_card() -> None:
    other = point("other", card("other", "a", "who sings in the choir?"))
    rule = AnswerRule(("x",))
    probes = (
        Probe("own", "reasoning", "en", "So what of the loud engine, then?", rule, PLACE),
        Probe("other", "anchoring", "en", "Who sings in the church?", rule, PLACE),
        Probe("none", "reasoning", "en", "1 + 1", rule, PLACE),
        Probe("public", "public", "en", "What of the loud engine, then?", rule, PLACE),
    )
    assert [one.id for one in probes_about(domain(LEVEL, other, probes=probes), LEVEL)] == ["own"]


def test_the_question_is_what_is_asked_last(tmp_path: Path) -> None:
    assert question(load(make(tmp_path)).cards[0]) == "What is USS?"
