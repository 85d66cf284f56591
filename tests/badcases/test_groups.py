"""From a log to a preference group: the first wrong step, the same state, a verified answer; the rest by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.badcases.decisions import Decisions
from steadyhand.badcases.groups import FILE, SCENARIOS, make_groups
from steadyhand.badcases.steps import gold_of
from steadyhand.badcases.worklist import Worklist, worklist
from steadyhand.chat.messages import Json, ToolCall
from steadyhand.datasets.folder import load
from steadyhand.domain.decisions import decisions
from steadyhand.domain.preferences import state_of
from steadyhand.errors import DomainError, UsageError
from steadyhand.evaluate.suites import targets
from steadyhand.pairs.build import build_groups
from tests.badcases.logs.rows import ANSWER, LAST, RESULT, TOOLS, USER, call, put_rows
from tests.badcases.world import ASKED, QUERY, REPORT, domain, measured, saved
from tests.domain.folder import put
from tests.pairs.test_mutate import write

GOLD = {"uri": "evil.example", "day": 30}
SCENARIO = f"""\
scenarios:
  - id: s1
    split: SPLIT
    tools: [query, report]
    messages:
      - {{role: user, content: "{ASKED}"}}
      - {{role: assistant, calls: [{{name: query, arguments: {{uri: evil.example, day: 30}}}}]}}
"""
OTHER = {"role": "user", "content": "Is new.example bad on day 3?"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, "d/tools/query.json", json.dumps(QUERY.to_openai()))
    put(tmp_path, "d/tools/report.json", json.dumps(REPORT.to_openai()))
    put(tmp_path, "d/scenarios/s.yaml", SCENARIO.replace("SPLIT", "train"))
    return tmp_path / "d"


def log(home: Path, *messages: Json, tools: Json = None, name: str = "log.jsonl") -> Path:
    row = {"conversation_id": "c", "messages": list(messages), "tools": TOOLS if tools is None else tools}
    return put_rows(home / name, [row])


def decided(found: Worklist, word: str, correction: Json = None) -> None:
    (row,) = found.rows
    found.decisions.decide([row.case], word, "mei", correction=correction)  # type: ignore[arg-type]


def right(**arguments: Json) -> dict[str, Json]:
    return {"role": "assistant", "content": "", "tool_calls": [call(arguments=arguments)]}


def test_the_gold_of_the_same_state_repairs_and_the_group_is_read_as_it_was_forked(
    folder: Path, tmp_path: Path
) -> None:
    path = log(tmp_path, USER, ANSWER, RESULT, LAST)
    found = worklist(path, domain=folder)
    assert [(row.case.subject, row.category.id) for row in found.rows] == [("c#1", "schema_violation")]
    made = make_groups(found, folder)
    assert (len(made.forks), made.left_out) == (1, {})
    (group,) = load(folder).comparisons
    assert [message.to_openai() for message in group.messages[:-1]] == [USER]
    assert group.messages[-1].calls == (ToolCall("query", GOLD),)
    assert group.rejected[0].calls == (ToolCall("query", {**GOLD, "day": "30"}),)
    assert (group.split, group.category, group.lang) == ("train", "schema_violation", "en")
    row = json.loads((folder / FILE).read_text("utf-8"))
    assert row["source"] == f"badcase/{found.rows[0].case.id}"
    again = make_groups(found, folder)
    assert len(again.forks) == 1
    assert len((folder / FILE).read_text("utf-8").splitlines()) == 1


def test_preference_training_gets_the_worse_answer_behind_the_very_same_prompt(folder: Path, tmp_path: Path) -> None:
    path = log(tmp_path, USER, ANSWER, RESULT, LAST)
    found = worklist(path, domain=folder)
    make_groups(found, folder)
    groups = build_groups(load(folder), (), write, k=1, seed=0)
    made = next(group for group in groups if group.id.startswith("badcase-"))
    assert state_of(made.messages, made.tools) == found.rows[0].case.asked
    assert made.chosen.calls == (ToolCall("query", GOLD),)
    (rejected,) = made.rejected
    assert (rejected.origin, rejected.mode) == ("given", "schema_violation")
    assert '"day": "30"' in rejected.text


def test_a_prompt_that_was_changed_since_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    make_groups(worklist(log(tmp_path, USER, ANSWER), domain=folder), folder)
    row = json.loads((folder / FILE).read_text("utf-8"))
    for changed, what in (
        ({"prompt": [OTHER]}, "the worse answer was given in"),
        ({"tools": row["tools"][:1]}, "the worse answer was given in"),
        ({"state": None}, "does not name the state"),
    ):
        put(folder, str(FILE), json.dumps({**row, **changed}) + "\n")
        with pytest.raises(DomainError, match=what) as caught:
            load(folder)
        assert str(caught.value.where).startswith(str(folder / FILE))


def test_a_correction_repairs_where_no_scenario_does(folder: Path, tmp_path: Path) -> None:
    path = log(tmp_path, OTHER, {**ANSWER, "tool_calls": [call(arguments={"day": 3})]})
    found = worklist(path, domain=folder)
    assert make_groups(found, folder).left_out == {"nobody said what would be right: decide `fix` with a correction": 1}
    decided(found, "fix", right(uri="new.example", day=3))
    assert len(make_groups(worklist(path, domain=folder), folder).forks) == 1


@pytest.mark.parametrize(
    ("correction", "reason"),
    [
        (right(day=3), "the correction's call violates the schema"),
        ({"role": "assistant", "content": " "}, "the correction says nothing"),
        ({"role": "assistant", "content": "ha " * 300}, "the correction repeats itself"),
        ({**ANSWER, "tool_calls": [{"function": {"name": "wish", "arguments": "{}"}}]}, "the correction calls 'wish'"),
    ],
)
def test_a_correction_that_is_none_makes_no_group(folder: Path, tmp_path: Path, correction: Json, reason: str) -> None:
    path = log(tmp_path, OTHER, {**ANSWER, "tool_calls": [call(arguments={"day": 3})]})
    decided(worklist(path, domain=folder), "fix", correction)
    made = make_groups(worklist(path, domain=folder), folder)
    (told,) = made.left_out
    assert told.startswith(reason)
    assert not (folder / FILE).exists()


def test_a_correction_against_the_scenario_makes_no_group(folder: Path, tmp_path: Path) -> None:
    path = log(tmp_path, USER, ANSWER)
    decided(worklist(path, domain=folder), "fix", right(uri="good.example", day=30))
    made = make_groups(worklist(path, domain=folder), folder)
    assert made.left_out == {"the correction is not what the scenario in this state expects": 1}


SYSTEM = {"role": "system", "content": "Be brief."}
SMALLER = [TOOLS[0], {"type": "function", "function": {**TOOLS[1]["function"], "description": "Another."}}]


@pytest.mark.parametrize(
    ("messages", "tools", "reason"),
    [
        ([SYSTEM, USER, ANSWER], TOOLS, "the log ran under another system prompt than the domain's"),
        ([USER, ANSWER], SMALLER, "the log's tool 'report' is not the one in tools/"),
        (
            [USER, right(**GOLD), {"role": "user", "content": "And?"}, right(day=1)],
            TOOLS,
            "a call before the step has no",
        ),
    ],
)
def test_a_state_that_is_not_whole_or_not_the_domains_makes_no_group(
    folder: Path, tmp_path: Path, messages: list[Json], tools: Json, reason: str
) -> None:
    path = log(tmp_path, *messages, tools=tools)
    made = make_groups(worklist(path, domain=folder), folder)
    (told,) = made.left_out
    assert told.startswith(reason)


def test_a_held_out_state_is_never_trained_on(folder: Path, tmp_path: Path) -> None:
    put(folder, "scenarios/s.yaml", SCENARIO.replace("SPLIT", "eval"))
    made = make_groups(worklist(log(tmp_path, USER, ANSWER), domain=folder), folder)
    assert made.forks == []
    assert "held-out scenario" in next(iter(made.left_out))
    evaluation = saved(tmp_path / "e.json", measured({ASKED: "<think>\n\n</think>\n\nHm, let me see."}))
    with pytest.raises(UsageError, match="made of logs"):
        make_groups(worklist(evaluation, domain=folder), folder)


def test_rows_of_others_are_not_overwritten(folder: Path, tmp_path: Path) -> None:
    text = json.dumps({"split": "train", "prompt": "a", "chosen": "b", "rejected": "c"}) + "\n"
    put(folder, str(FILE), text)
    with pytest.raises(UsageError, match="not made of bad cases"):
        make_groups(worklist(log(tmp_path, USER, ANSWER), domain=folder), folder)
    assert (folder / FILE).read_text("utf-8") == text


@pytest.mark.parametrize(
    ("messages", "category", "index"),
    [
        ([OTHER, {**ANSWER, "tool_calls": [{"function": {"name": "wish", "arguments": "{}"}}]}], "unknown_tool", 1),
        ([OTHER, {"role": "assistant", "content": '<tool_call>{"name": "query"'}], "malformed_call", 1),
        ([OTHER, right(uri="a", day=1), RESULT, right(uri="a", day=1)], "repeated_call", 3),
        ([USER, {"role": "assistant", "content": "It is bad."}], "missed_call", 1),
        ([USER, right(uri="good.example", day=30)], "argument_mixed_up", 1),
        ([USER, right(uri="bad.test", day=30)], "argument_invented", 1),
        ([USER, right(**GOLD), RESULT, {"role": "assistant", "content": "ha " * 300}], "repetition", 3),
    ],
)
def test_the_first_wrong_step_by_rule_or_by_gold(
    folder: Path, tmp_path: Path, messages: list[Json], category: str, index: int
) -> None:
    (row,) = worklist(log(tmp_path, *messages), domain=folder).rows
    assert (row.case.category, row.case.subject) == (category, f"c#{index}")


def test_a_right_dialogue_is_no_case_and_a_flagged_one_is(folder: Path, tmp_path: Path) -> None:
    said = [USER, right(**GOLD), RESULT, LAST]
    assert worklist(log(tmp_path, *said), domain=folder).rows == []
    row = {"id": "c", "messages": said, "tools": TOOLS, "flag": "not helpful"}
    (one,) = worklist(put_rows(tmp_path / "f.jsonl", [row]), domain=folder).rows
    assert (one.case.category, one.case.code, one.case.detail, one.case.subject) == (
        "other", "flagged", "not helpful", "c#3",
    )  # fmt: skip


def test_the_same_answer_in_the_same_state_is_one_case_whoever_asked(folder: Path, tmp_path: Path) -> None:
    rows = [{"id": name, "messages": [USER, ANSWER], "tools": TOOLS} for name in ("a", "b")]
    found = worklist(put_rows(tmp_path / "log.jsonl", rows), domain=folder)
    assert len({row.case.id for row in found.rows}) == 1
    made = make_groups(found, folder)
    assert (len(made.forks), made.left_out.total()) == (1, 1)


def test_a_state_is_what_an_evaluation_calls_it() -> None:
    """So that a case of an evaluation and one of a log in the same state are known as such."""
    asked = targets(domain(), ["tool"])
    assert [one.asked for one in asked] == [state_of(one.prompt.messages, one.prompt.tools) for one in asked]
    assert set(gold_of(domain()).known) == {one.asked for one in asked}


def test_one_correction_is_for_one_case(folder: Path, tmp_path: Path) -> None:
    rows = [{"id": name, "messages": [{**USER, "content": name}, ANSWER], "tools": TOOLS} for name in ("a", "b")]
    found = worklist(put_rows(tmp_path / "log.jsonl", rows), domain=folder)
    with pytest.raises(UsageError, match="one correction for 2 cases"):
        found.decisions.decide([row.case for row in found.rows], "fix", "mei", correction=right(**GOLD))
    assert Decisions(found.decisions.path).all == []


def test_a_scenario_is_made_of_the_same_state(folder: Path, tmp_path: Path) -> None:
    said = [OTHER, right(uri="new.example", day=3), RESULT, right(uri="new.example", day="3")]
    path = log(tmp_path, *said)
    decided(worklist(path, domain=folder), "fix", {"role": "assistant", "content": "It failed."})
    made = make_groups(worklist(path, domain=folder), folder, scenarios=True)
    assert (made.path, len(made.forks)) == (folder / SCENARIOS, 1)
    found = next(one for one in load(folder).scenarios if one.id.startswith("badcase-"))
    (decision,) = decisions(found)  # what was said before is context
    tools = [load(folder).tools[name] for name in found.tools]
    assert state_of(decision.messages, tools) == made.forks[0].row.case.asked
    assert (decision.target.content, found.split, found.tags) == (
        "It failed.",
        "train",
        ("badcase", "schema_violation"),
    )


def test_a_red_line_of_the_domain_is_seen_in_a_log(folder: Path, tmp_path: Path) -> None:
    put(folder, "checks.yaml", "checks:\n  red: {kind: rules, never: ['guaranteed|保本'], unless: [not guaranteed]}\n")
    crossed = log(tmp_path, OTHER, {"role": "assistant", "content": "Its safety is guaranteed."})
    (row,) = worklist(crossed, domain=folder).rows
    assert (row.case.category, row.case.where, row.case.code) == ("over_promise", "red", "red_line")
    kept = log(tmp_path, OTHER, {"role": "assistant", "content": "Its safety is not guaranteed."}, name="k.jsonl")
    assert worklist(kept, domain=folder).rows == []
