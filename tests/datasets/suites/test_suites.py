"""Public suites as domains: small rows of our own in each suite's form, and the real files where they are at hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.datasets.folder import load
from steadyhand.datasets.suites.acebench import dialogue
from steadyhand.datasets.suites.bfcl import expanded
from steadyhand.datasets.suites.read import read_suite, suite_at
from steadyhand.datasets.suites.to_domain import suite_domain, write_suite
from steadyhand.domain.decisions import Decision, decisions
from steadyhand.errors import UsageError
from tests.corpora import corpus

PLAY = {
    "name": "radio.play", "description": "Plays a station.",
    "parameters": {
        "type": "dict",
        "properties": {
            "station": {"type": "string"}, "volume": {"type": "float"}, "bounds": {"type": "tuple"},
            "look": {"type": "dict", "properties": {"color": {"type": "string"}, "bold": {"type": "boolean"}}},
            "extra": {"type": "any"},
        },
        "required": ["station"],
    },
}  # fmt: skip
STOP = {"name": "stop", "description": "", "parameters": {"type": "dict", "properties": {}, "required": []}}


def lines(path: Path, rows: Sequence[Json]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def asked(id: str, *texts: str, tools: Sequence[Json] = (PLAY,)) -> dict[str, Any]:
    return {"id": id, "question": [[{"role": "user", "content": text}] for text in texts], "function": list(tools)}


def bfcl(folder: Path, rows: Sequence[Json], truths: Sequence[Json] = (), name: str = "BFCL_v3_x.json") -> Path:
    lines(folder / "possible_answer" / name, truths)
    return lines(folder / name, rows)


def decided(source: Path) -> dict[str, Decision]:
    """The one decision of every question, read back from a domain folder."""
    name = suite_at(source)
    assert name
    folder = source.with_name("domain")
    write_suite(read_suite(source, name), folder)
    return {scenario.id: decisions(scenario)[0] for scenario in load(folder).scenarios}


def judge(decision: Decision, tools: Sequence[Tool], *calls: ToolCall) -> tuple[bool, bool]:
    """(strict, lenient) of an answer that was written and read."""
    raw = HERMES.write(Message("assistant", "" if calls else "No.", calls=calls))
    strict, lenient = (HERMES.parse(raw, tools, lenient=loose) for loose in (False, True))
    return decision.match(strict, tools).passed, decision.match(lenient, tools, lenient=True).passed


TRUTH = [
    {"radio.play": {
        "station": ["Jazz 1", "Jazz One"], "volume": ["", 3.5], "bounds": [[1, 2]],
        "look": [{"color": ["red", "dark red"], "bold": [True, ""]}],
    }},
    {"radio.play": {"station": ["News"], "volume": [2], "bounds": ["", [0, 9]], "look": [""]}},
]  # fmt: skip
FIRST = {"station": "Jazz 1", "volume": 3.5, "bounds": [1, 2], "look": {"color": "red", "bold": True}}
SECOND = {"station": "News", "volume": 2}


@pytest.mark.parametrize(
    ("first", "second", "strict", "lenient"),
    [
        ({}, {}, True, True),
        ({"station": "Jazz One", "volume": None}, {"volume": 2.0, "bounds": [0, 9]}, True, True),
        ({"look": {"color": "dark red"}}, {}, True, True),
        ({"station": "JAZZ  1"}, {}, False, True),
        ({"station": "News"}, {}, False, False),  # right for the other call only
        ({}, {"volume": None}, False, False),  # may be left out of the first call only
        ({}, {"look": {}}, False, False),
        ({"look": {"bold": True}}, {}, False, False),
        ({"volume": 35}, {}, False, False),
        ({"extra": 1}, {}, False, False),
    ],
)
def test_each_expected_call_has_right_values_of_its_own(
    first: dict[str, Json], second: dict[str, Json], strict: bool, lenient: bool, tmp_path: Path
) -> None:
    id = "parallel_0"
    source = bfcl(tmp_path / "data", [asked(id, "Two stations.")], [{"id": id, "ground_truth": TRUTH}])
    decision = decided(source)[id]
    tools = list(suite_domain(read_suite(source, "bfcl")).tools.values())
    assert tools[0].parameters["properties"] | {"look": None} == {
        "station": {"type": "string"}, "volume": {"type": "number"}, "bounds": {"type": "array"}, "look": None,
        "extra": {},
    }  # fmt: skip
    calls = []
    for gold, change in ((SECOND, second), (FIRST, first)):  # in any order
        arguments = {key: value for key, value in (gold | change).items() if value is not None}
        calls.append(ToolCall("radio.play", arguments))
    assert judge(decision, tools, *calls) == (strict, lenient)
    assert judge(decision, tools, calls[0]) == judge(decision, tools) == (False, False)


def test_what_is_no_question_of_one_turn_is_refused_by_name(tmp_path: Path) -> None:
    never = [{"radio.play": {"station": [5]}}]
    rows = {
        "simple_0": "nothing says what is right", "java_0": "written as Java", "simple_1": "of several turns",
        "live_relevance_0-0-0": "any call is right there", "simple_2": "breaks its tool's schema",
        "simple_3": "is not offered", "simple_4": "no right value of 'station' is listed", "simple_5": "one name",
    }  # fmt: skip
    questions = [asked(id, "a", *(["b"] if id == "simple_1" else [])) for id in rows]
    questions[-1]["function"] = [PLAY, STOP | {"name": "radio.play"}]
    truths = [
        {"id": "simple_2", "ground_truth": never}, {"id": "simple_3", "ground_truth": [{"stop": {}}]},
        {"id": "simple_4", "ground_truth": [{"radio.play": {"station": []}}]},
    ]  # fmt: skip
    good = asked("live_irrelevance_3-1-0", "What is love?", tools=[PLAY, STOP])
    source = bfcl(tmp_path / "data", [*questions, good], truths)
    bfcl(tmp_path / "data", [asked("multi_turn_base_0", "a")], name="BFCL_v3_multi_turn_base.json")
    suite = read_suite(source.parent, "bfcl")
    assert [one.id for one in suite.questions] == ["live_irrelevance_3-1-0"]
    assert suite.questions[0].group == "live_irrelevance-1"
    for told, reject in zip(rows.values(), suite.rejects, strict=True):
        assert told in reject.reason
    assert list(suite.left) == ["BFCL_v3_multi_turn_base.json"]
    with pytest.raises(UsageError, match="no question could be read"):
        read_suite(bfcl(tmp_path / "other", questions[:1]), "bfcl")


def test_no_call_is_right_where_none_fits(tmp_path: Path) -> None:
    decision = decided(bfcl(tmp_path / "data", [asked("irrelevance_0", "What is love?", tools=[STOP])]))
    tools = [Tool.from_openai(STOP | {"parameters": {"type": "object", "properties": {}}})]
    one = decision["irrelevance_0"]
    assert (one.judged, judge(one, tools), judge(one, tools, ToolCall("stop", {}))) == (
        True, (True, True), (False, False),
    )  # fmt: skip


def test_tools_of_one_name_stay_what_they_are(tmp_path: Path) -> None:
    other = STOP | {"description": "another one"}
    rows = [asked("irrelevance_0", "a", tools=[STOP]), asked("irrelevance_1", "b", tools=[other])]
    source = bfcl(tmp_path / "data", rows)
    decided(source)
    domain = load(source.with_name("domain"))
    assert sorted(domain.tools) == ["stop", "stop~2"]
    assert [[domain.tools[id].description for id in one.tools] for one in domain.scenarios] == [[""], ["another one"]]
    assert {tool.name for tool in domain.tools.values()} == {"stop"}


values = st.recursive(
    st.integers(0, 3) | st.sampled_from("ab"),
    lambda inner: st.dictionaries(st.sampled_from("xyz"), st.lists(inner | st.just(""), min_size=1, max_size=2)),
    max_leaves=6,
)


@given(values)
def test_every_value_that_is_listed_is_whole(value: Json) -> None:
    def fits(one: Json, listed: Json) -> bool:
        if not isinstance(listed, dict):
            return bool(one == listed)
        if not isinstance(one, dict):
            return False
        missing = [key for key in listed if key not in one]
        return set(one) <= set(listed) and all("" in listed[key] for key in missing) and all(
            any(fits(one[key], choice) for choice in listed[key] if choice != "") for key in one
        )  # fmt: skip

    found = list(expanded(value))
    assert found
    assert all(fits(one, value) for one in found)


WEATHER: dict[str, Any] = {
    "name": "weather_get", "description": "Weather.",
    "arguments": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
}  # fmt: skip
TALK = "user: How is it?\nsystem: Where?\nuser: In Bern.\n"


def ace(folder: Path, rows: Sequence[tuple[str, str, Json]]) -> Path:
    name = "data_normal_x.json"
    lines(folder / "possible_answer" / name, [{"id": id, "ground_truth": truth} for id, _, truth in rows])
    known = {"function": [WEATHER], "time": "It is 2026-01-01.", "profile": "{'name': 'Ada'}."}
    return lines(folder / name, [{"id": id, "question": talk, **known} for id, talk, _ in rows])


def test_acebench_dialogues_and_answers_are_read(tmp_path: Path) -> None:
    bern, basel = {"weather_get": {"town": "Bern"}}, {"weather_get": {"town": "Basel"}}
    both = {"weather_get_1": {"town": "Bern"}, "weather_get_2": {"town": "Basel"}}
    rows = [
        ("normal_atom_bool_0", TALK, bern), ("normal_atom_bool_1", TALK, [bern, basel]),
        ("normal_multi_turn_user_adjust_0_1", TALK, both), ("special_incomplete_0", TALK, {"weather_get": ["town"]}),
        ("normal_atom_bool_2", TALK, [bern, both]), ("normal_atom_bool_3", "Bern?", bern),
        ("normal_atom_bool_4", TALK, {"other": {}}),
    ]  # fmt: skip
    source = ace(tmp_path / "data", rows)
    found, tools = decided(source), [*suite_domain(read_suite(source, "acebench")).tools.values()]
    assert list(found) == [id for id, *_ in rows[:4]]
    told = found["normal_atom_bool_0"].messages
    assert [message.role for message in told] == ["system", "user", "assistant", "user"]
    assert told[0].content == "It is 2026-01-01.\nProfile of the user: {'name': 'Ada'}"
    called = [ToolCall("weather_get", {"town": town}) for town in ("Bern", "Basel")]
    assert judge(found["normal_atom_bool_0"], tools, called[1]) == (False, False)
    assert judge(found["normal_atom_bool_1"], tools, called[1]) == (True, True)
    assert judge(found["normal_multi_turn_user_adjust_0_1"], tools, *called[::-1]) == (True, True)
    assert judge(found["special_incomplete_0"], tools, called[0]) == (False, False)
    assert judge(found["special_incomplete_0"], tools) == (True, True)
    reasons = [reject.reason for reject in read_suite(source, "acebench").rejects]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "several sets of calls are right", "the dialogue does not begin with the user",
        "the tool that is due is not offered",
    ]  # fmt: skip


def test_a_call_that_stands_in_a_dialogue_becomes_one() -> None:
    talk = 'user: Bern?\nsystem: [weather_get(town="Bern")]\nsystem: Sunny: 7 h.\nuser: And Basel?\n'
    tool = Tool("weather_get", "", WEATHER["arguments"])
    found = list(dialogue(talk, [tool]))
    assert [(one.role, one.content, one.calls) for one in found[1:4]] == [
        ("assistant", "", (ToolCall("weather_get", {"town": "Bern"}),)), ("tool", "Sunny: 7 h.", ()),
        ("assistant", "Sunny: 7 h.", ()),
    ]  # fmt: skip
    plain = list(dialogue(talk.replace("Bern", "[").replace('"[")]', '"['), [tool]))
    assert plain[1].content == '[weather_get(town="['


def choices(right: str, call: str = '{"name": "stop", "arguments": {}}') -> dict[str, Any]:
    answers = {
        "direct": "Off.",
        "tool_call": call,
        "request_for_info": "Which one?",
        "cannot_answer": "I cannot.",
    }
    return {
        "uuid": f"id-{right}", "source": "s", "source_id": "1", "question": "Stop it", "correct_answer": right,
        "answers": answers, "tools": [json.dumps(STOP)], "target_tool": None,
    }  # fmt: skip


def test_a_question_with_choices_is_a_comparison(tmp_path: Path) -> None:
    rows = [choices("tool_call"), choices("cannot_answer"), choices("other"), choices("tool_call", "[]")]
    found = decided(lines(tmp_path / "w.jsonl", rows))
    call, none = found["id-tool_call"].scenario, found["id-cannot_answer"].scenario
    assert call.messages[-1].calls == (ToolCall("stop", {}),)
    assert [one.content for one in call.rejected] == ["Off.", "Which one?", "I cannot."]
    assert (none.messages[-1].content, none.category) == ("I cannot.", "cannot_answer")
    assert [len(one.calls) for one in none.rejected] == [0, 1, 0]
    reasons = [reject.reason for reject in read_suite(tmp_path / "w.jsonl", "when2call").rejects]
    assert reasons[0].startswith("the right answer is 'other'")
    assert reasons[1] == "the answer 'tool_call' is no call"


def test_so_many_of_each_category_are_taken_evenly(tmp_path: Path) -> None:
    rows = [asked(f"{kind}_{n}", "a", tools=[STOP]) for kind in ("irrelevance", "live_irrelevance") for n in range(9)]
    source = bfcl(tmp_path / "data", rows)
    kept = [one.id for one in read_suite(source, "bfcl", 3).questions]
    assert kept[:3] == ["irrelevance_0", "irrelevance_3", "irrelevance_6"]
    assert len(kept) == 6
    assert len(read_suite(source, "bfcl", 99).questions) == 18


def test_other_data_are_no_suite(tmp_path: Path) -> None:
    assert suite_at(lines(tmp_path / "a.jsonl", [{"messages": []}])) is None
    assert suite_at(tmp_path / "none") is None
    (tmp_path / "broken.json").write_text("[{")
    assert suite_at(tmp_path / "broken.json") is None


@pytest.mark.parametrize(
    ("name", "questions", "refused"),
    [
        ("bfcl/BFCL_v4_simple_python.json", 400, 0), ("bfcl/BFCL_v4_multiple.json", 200, 0),
        ("bfcl/BFCL_v4_parallel.json", 200, 0), ("bfcl/BFCL_v4_irrelevance.json", 240, 0),
        ("when2call/when2call_test_llm_judge.jsonl", 296, 4),
    ],
)  # fmt: skip
def test_real_files_are_read_whole_and_their_own_answers_are_right(name: str, questions: int, refused: int) -> None:
    path = corpus(name)
    kind = suite_at(path)
    assert kind
    suite = read_suite(path, kind)
    assert (len(suite.questions), len(suite.rejects)) == (questions, refused)
    for scenario, question in zip(suite_domain(suite).scenarios, suite.questions, strict=True):
        assert judge(decisions(scenario)[0], question.tools, *question.answer.calls) == (True, True), question.id
