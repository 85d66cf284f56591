"""Which category an answer falls into: each rule on an answer that the real evaluation judged."""

from __future__ import annotations

import pytest

from steadyhand.badcases.case import grouped
from steadyhand.badcases.categories import categories
from steadyhand.badcases.collect import of_evaluation
from steadyhand.chat.messages import Json, ToolCall
from tests.badcases.world import ASKED, LOOK_UP, RESULT, SEND, cases, measured, only, written
from tests.evaluate.world import THINK

TICKET = '{"ticket": "T101"}'


def query(**arguments: Json) -> str:
    return written(ToolCall("query", arguments))


def test_a_right_model_has_no_bad_case() -> None:
    assert cases() == []


@pytest.mark.parametrize(
    ("asked", "answer", "category", "where"),
    [
        (ASKED, THINK + "Let me think about it.", "missed_call", "query"),
        (ASKED, THINK + "Its level is 88.", "fabricated_result", "query"),
        (ASKED, THINK + '{"level": 88}', "fabricated_result", "query"),
        (ASKED, THINK + "It is unsafe and reported.", "skipped_step", "query"),
        (ASKED, written(SEND), "skipped_step", "query"),
        (ASKED, written(ToolCall("report", {"uri": "good.example"})), "wrong_tool", "query"),
        (ASKED, written(ToolCall("lookup", {"uri": "evil.example"})), "unknown_tool", "query"),
        (ASKED, written(LOOK_UP, LOOK_UP), "needless_call", "query"),
        (ASKED, THINK + '<tool_call>\n{"name": "query", \n</tool_call>', "malformed_call", "query"),
        (ASKED, query(uri="evil.example"), "missing_argument", "query.day"),
        (ASKED, query(uri="evil.example", day=30, hour=4), "extra_argument", "query.hour"),
        (ASKED, query(uri="evil.example", day="30"), "schema_violation", "query"),
        (ASKED, query(uri="EVIL[.]example", day=30), "argument_format", "query.uri"),
        (ASKED, query(uri="evil", day=30), "argument_cut", "query.uri"),
        (ASKED, query(uri="good.example", day=30), "argument_mixed_up", "query.uri"),
        (ASKED, query(uri="other.test", day=30), "argument_invented", "query.uri"),
        (RESULT, written(LOOK_UP), "repeated_call", "report"),
        (TICKET, written(SEND), "repeated_call", "report"),
        (TICKET, written(ToolCall("report", {"uri": "x.test"})), "needless_call", "report"),
        (TICKET, THINK + "It is all fine.", "misread_result", ""),
        (TICKET, THINK, "empty_answer", ""),
        ("Fact 0?", THINK + "I do not care.", "wrong_answer", ""),
        ("Fact 0?", written(LOOK_UP), "needless_call", "query"),
        ("Public fact 1?", THINK + "Nobody can say.", "public_unknown", "p1"),
        ("Why is level 73 unsafe?", THINK + "Because it is.", "reasoning_wrong", "r0"),
        ("USS en 0?", THINK + "USS is a bus company.", "anchoring_lost", "dialogue:en"),
        ("USS en 4?", THINK + "USS is a bus company.", "drift", "dialogue:en"),
    ],
)
def test_each_error_has_its_category(asked: str, answer: str, category: str, where: str) -> None:
    case = only({asked: answer})
    assert (case.category, case.where) == (category, where)
    assert case.category in categories().known


def test_a_later_value_is_not_called_invented_where_the_whole_prompt_is_not_known() -> None:
    """The second decision was shown more than the evaluation notes."""
    answer = {RESULT: written(ToolCall("report", {"uri": "other.test"}))}
    assert only(answer).category == "argument_value"
    found = measured(answer)
    whole = of_evaluation(found, categories(), shown={"s1#3": f"{ASKED} {RESULT}"})
    assert [case.category for case in whole] == ["argument_invented"]


def test_damage_explains_what_follows_from_it_and_is_a_case_of_its_own() -> None:
    loop = THINK + "It is bad. " * 60
    case = only({ASKED: loop})
    assert (case.category, case.also) == ("repetition", ("missed_call",))
    right_but_broken = only({TICKET: "</think>It is unsafe and reported."})
    assert (right_but_broken.category, right_but_broken.code) == ("think_broken", "")


def test_an_answer_that_was_cut_says_so() -> None:
    found = cases({ASKED: THINK + "<tool_call>\n{"}, finish="length")
    case = next(case for case in found if case.subject == "s1#1")
    assert (case.category, case.also) == ("cut_off", ("malformed_call",))


def test_what_was_right_for_long_and_then_lost_shows_drift() -> None:
    case = only({"Fact 5?": THINK + "I forgot."})
    assert (case.category, case.also) == ("wrong_answer", ("drift",))
    assert only({"Fact 1?": THINK + "I forgot."}).also == ()


def test_public_knowledge_is_lost_only_where_the_base_had_it() -> None:
    tuned = measured({"Public fact 1?": THINK + "Nobody can say."})
    known = categories()
    assert [case.category for case in of_evaluation(tuned, known, measured())] == ["knowledge_lost"]
    assert [case.category for case in of_evaluation(tuned, known, tuned)] == ["public_unknown"]


def test_the_first_wrong_step_of_a_scenario_is_marked() -> None:
    found = cases({ASKED: query(uri="evil", day=30), TICKET: THINK + "Fine."})
    assert [(case.subject, case.first) for case in found] == [("s1#1", True), ("s1#5", False)]


def test_ids_follow_from_content_and_versions_from_all_that_is_seen() -> None:
    one, again = only({ASKED: query(uri="evil", day=30)}), only({ASKED: query(uri="evil", day=30)})
    other = only({ASKED: query(uri="ev", day=30)})
    assert (one.id, one.version) == (again.id, again.version)
    assert one.id != other.id
    assert one.group == other.group  # one decision covers both
    assert [len(group.cases) for group in grouped([one, again, other])] == [2]
