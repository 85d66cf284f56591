from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.check import RULES, check
from steadyhand.check.finding import Finding
from steadyhand.domain.model import AnswerRule, Card, Domain, Point, Probe, Scenario, Split
from steadyhand.errors import Place

QUERY = Tool("query", "d", {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]})
OTHER = dataclasses.replace(QUERY, name="other")
CALL = Message("assistant", think="t", calls=(ToolCall("query", {"uri": "a"}),))
RESULT = Message("tool", '{"level": 73}')
DONE = Message("assistant", "It is unsafe.", "t")


def user(text: str) -> Message:
    return Message("user", text)


def scenario(
    *messages: Message, id: str = "s", split: Split = "train", group: str = "", tools: tuple[str, ...] = ("query",)
) -> Scenario:
    said = {i: AnswerRule(("unsafe",)) for i, one in enumerate(messages) if one.role == "assistant" and not one.calls}
    answers = said if split == "eval" else {}
    return Scenario(id, group or id, split, "common", "en", tools, messages, Place("s.yaml", 7, 5), answers)


HELD_OUT = scenario(user("A question of its own"), DONE, id="held-out", split="eval")


def domain(*scenarios: Scenario, points: tuple[Point, ...] = (), probes: tuple[Probe, ...] = ()) -> Domain:
    tools = {"query": QUERY, "other": OTHER}
    return Domain(Path("d"), "d", points, tools, (*scenarios, HELD_OUT), probes)


def codes(found: list[Finding]) -> list[str]:
    return [finding.code for finding in found]


def point(id: str, *depends_on: str, cards: int = 1, question: str = "") -> Point:
    made = [
        Card(f"{id}/{n}", id, "p", "en", (user(question or f"{id} {n}?"), DONE), Place("k.yaml", n + 2))
        for n in range(cards)
    ]
    return Point(id, (), "d", depends_on, (), tuple(made), Place("k.yaml", 1, 5))


def test_a_clean_domain_has_no_findings() -> None:
    assert check(domain(scenario(user("q"), CALL, RESULT, DONE))) == []


def test_expected_calls_fit_their_schema() -> None:
    wrong = Message("assistant", calls=(ToolCall("query", {"url": "a"}),))
    (found,) = check(domain(scenario(user("q"), wrong)))
    assert (found.code, found.severity, found.place) == ("S101", "error", Place("s.yaml", 7, 5))
    assert "s#1: query: arguments: 'uri' is a required property" in found.message
    assert found.severity == "error"
    mistake = dataclasses.replace(scenario(user("q"), wrong, RESULT, DONE), unscored=frozenset({1}))
    assert check(domain(mistake)) == []


def test_expected_calls_are_offered() -> None:
    elsewhere = Message("assistant", calls=(ToolCall("other", {"uri": "a"}),))
    unknown = Message("assistant", calls=(ToolCall("queri", {"uri": "a"}),))
    first, second = check(domain(scenario(user("q"), elsewhere, id="a"), scenario(user("q"), unknown, id="b")))
    assert first.code == second.code == "S102"
    assert "in tools/ but not offered" in first.message
    assert "is not in tools/" in second.message
    assert second.next == "did you mean 'query'?"


def test_calls_and_results_belong_together() -> None:
    twice = dataclasses.replace(CALL, calls=CALL.calls * 2)
    assert codes(check(domain(scenario(user("q"), CALL, DONE)))) == ["S103"]
    assert codes(check(domain(scenario(user("q"), DONE, RESULT, DONE)))) == ["S104"]
    assert codes(check(domain(scenario(user("q"), CALL, RESULT, RESULT, DONE)))) == ["S104"]
    assert codes(check(domain(scenario(user("q"), twice, RESULT, DONE)))) == ["S103"]
    assert codes(check(domain(scenario(user("q"), twice, RESULT, RESULT, DONE)))) == []
    assert codes(check(domain(scenario(user("q"), twice, Message("tool", "[1, 2]"), DONE)))) == []
    assert codes(check(domain(scenario(user("q"), twice)))) == []


@pytest.mark.parametrize(
    ("calls", "results", "expected"),
    [
        (("x", "y"), ("y", "x"), []),
        (("x", "y"), ("y", ""), []),
        (("x", "y"), ("x", "z"), ["S103", "S104"]),
        (("x", "y"), ("x", "x"), ["S103", "S104"]),
        (("x", "y"), ("x", "y", "y"), ["S104"]),
        (("x",), ("y",), ["S103", "S104"]),
        (("", ""), ("p", "q"), []),
        (("x", "x"), ("x", "x"), ["S113"]),
        (("x", "y", "x"), ("y", "x", "x"), ["S113"]),
        (("x", "x"), ("", ""), []),
    ],
)
def test_a_result_answers_the_call_of_its_id(
    calls: tuple[str, ...], results: tuple[str, ...], expected: list[str]
) -> None:
    asking = Message("assistant", calls=tuple(ToolCall("query", {"uri": id or "u"}, id) for id in calls))
    told = [Message("tool", "1", tool_call_id=id) for id in results]
    found = check(domain(scenario(user("q"), asking, *told, DONE)))
    assert sorted(codes(found)) == expected
    for one in found:
        if one.code == "S104":
            assert "and no such call is open there" in one.message


def test_a_leak_into_any_trained_answer_of_a_card_is_found() -> None:
    turns = (user("What is the capital of Peru?"), DONE, user("And of Chile?"), DONE)
    for also, expected in ((frozenset({1}), ["L202"]), (frozenset[int](), [])):
        card = Card("p/1", "p", "p", "en", turns, Place("k.yaml", 2), also)
        points = (Point("p", (), "d", (), (), (card,), Place("k.yaml", 1)),)
        asked = scenario(turns[0], DONE, id="e", split="eval", tools=())
        assert [code for code in codes(check(domain(asked, points=points))) if code.startswith("L")] == expected


def test_a_scenario_must_be_scored_filled_in_and_held_out() -> None:
    silent = dataclasses.replace(scenario(user("q"), DONE), unscored=frozenset({1}))
    assert codes(check(domain(silent))) == ["S105"]
    (found,) = check(domain(scenario(user("Hello {{ name }}"), DONE)))
    assert (found.code, found.severity) == ("Q106", "warning")
    assert found.severity != "error"
    alone = dataclasses.replace(domain(), scenarios=(scenario(user("q"), DONE),))
    assert codes(check(alone)) == ["S107"]


def test_the_dependency_closure_has_cards() -> None:
    points = (point("a", "b"), point("b", "c", cards=0), point("c", cards=0), point("unused", cards=0))
    found = check(domain(points=points))
    assert codes(found) == ["K301", "K301"]
    assert "'b' has no cards, but the cards of 'a' build on it" in found[0].message
    assert "'c' has no cards, but the cards of 'a'" in found[1].message


@pytest.mark.parametrize("edges", [{"a": "a"}, {"a": "b", "b": "a"}, {"x": "a", "a": "b", "b": "c", "c": "a"}])
def test_circular_definitions_are_found_once(edges: dict[str, str]) -> None:
    points = tuple(point(id, needed) for id, needed in edges.items())
    found = check(domain(points=points))
    assert codes(found) == ["K302"]
    assert found[0].message.startswith("circular definition: a -> ")


def test_a_long_chain_of_points_is_no_circle() -> None:
    chain = tuple(point(f"p{n}", *([f"p{n + 1}"] if n < 1500 else [])) for n in range(1200, 1501))
    assert check(domain(points=chain)) == []


def test_a_group_is_not_split_apart() -> None:
    train = scenario(user("q1"), DONE, id="train", group="g")
    (found,) = check(domain(train, scenario(user("q2"), DONE, id="eval", split="eval", group="g")))
    assert found.code == "L201"
    assert "'g': train is trained on, eval evaluated" in found.message


def test_the_same_prompt_is_not_on_both_sides() -> None:
    train = scenario(user("Is Ａ.example safe?"), CALL, RESULT, DONE, id="t")
    held = scenario(user("is a.example  SAFE?"), CALL, id="e", split="eval")
    (found,) = check(domain(train, held))
    assert (found.code, found.severity) == ("L202", "error")
    assert "e#1 has the prompt of t#1" in found.message
    card = point("p", question="Is a.example safe?")
    assert codes(check(domain(held, points=(card,)))) == ["L202"]


def test_the_same_question_in_another_context_is_a_warning() -> None:
    before = (user("Hello there"), Message("assistant", "Hello.", "t"))
    train = scenario(*before, user("Is a.example safe?"), DONE, id="t")
    held = scenario(user("Is a.example safe?"), CALL, id="e", split="eval")
    (found,) = check(domain(train, held))
    assert (found.code, found.severity) == ("L203", "warning")
    polite = scenario(*before, user("thanks"), DONE, id="t")
    assert check(domain(polite, scenario(user("thanks"), DONE, id="e", split="eval"))) == []


def test_a_probe_is_not_a_card() -> None:
    probe = Probe("p1", "public", "en", "what is USS ？", AnswerRule(("x",)), Place("p.yaml", 3, 5))
    (found,) = check(domain(points=(point("uss", question="What is USS ?"),), probes=(probe,)))
    assert (found.code, found.place) == ("L204", Place("p.yaml", 3, 5))


@pytest.mark.parametrize("marker", ["<|im_end|>", "<think>", "</tool_call>", "<tool_response>"])
def test_control_markers_in_texts(marker: str) -> None:
    for message in (Message("assistant", f"x {marker}"), Message("assistant", "x", f"a {marker} b")):
        found = check(domain(scenario(user("q"), message)))
        assert codes(found) == ["T103"]
        assert marker in found[0].message
    assert check(domain(scenario(user("a < b |> c <thinking> <b>"), DONE))) == []


def test_findings_are_data() -> None:
    (found,) = check(domain(scenario(user("q"), CALL, DONE)))
    row = json.loads(json.dumps(found.to_json()))
    assert row["code"] == "S103"
    assert (row["file"], row["line"], row["column"]) == ("s.yaml", 7, 5)
    assert row["next"]
    assert row["severity"] == RULES["S103"].severity
