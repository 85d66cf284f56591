from __future__ import annotations

from steadyhand.cards.notes import note, points_for
from steadyhand.domain.model import Point
from steadyhand.errors import Place


def point(id: str, definition: str) -> Point:
    return Point(id, (), definition, (), ("r1", "r2"), (), Place(""))


POINTS = [point("uss", "USS rates a URI"), point("uss.level", "the level of USS"), point("zh", "审核员确认反馈")]


def test_rare_words_decide_which_points_explain_a_text() -> None:
    assert points_for("USS gave a level", POINTS)[0].id == "uss.level"
    assert [one.id for one in points_for("谁来确认？", POINTS)] == ["zh"]
    assert points_for("nothing 无关", POINTS) == []
    assert len(points_for("USS level URI", POINTS, most=1)) == 1


def test_a_note_holds_definition_and_rules_in_the_frame_of_its_language() -> None:
    assert note(POINTS[:1], "en") == "Note: USS rates a URI Rules: r1; r2"
    assert note(POINTS[2:], "zh").startswith("说明：审核员确认反馈")
