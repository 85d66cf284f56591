"""From an evaluation to a log, to rows for a review, to data: each wrong answer in its state, never a held-out one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from steadyhand.badcases.review_rows import review_rows
from steadyhand.badcases.steps import gold_of
from steadyhand.badcases.traces import traces
from steadyhand.badcases.worklist import Worklist, worklist
from steadyhand.chat.messages import ToolCall
from steadyhand.cli import cli
from steadyhand.datasets.folder import load
from steadyhand.domain.model import Domain
from steadyhand.errors import UsageError
from steadyhand.review.session import ReviewSession
from tests.badcases.world import ASKED, LOOK_UP, QUERY, REPORT, RESULT, domain, measured, saved, written
from tests.domain.folder import put
from tests.evaluate.world import THINK

GOLD = {"role": "assistant", "content": "", "tool_calls": [
    {"id": "call_1", "type": "function",
     "function": {"name": "query", "arguments": json.dumps({"uri": "evil.example", "day": 30})}}]}  # fmt: skip
SCENARIO = """\
scenarios:
  - id: s1
    split: SPLIT
    tools: [query, report]
    messages:
      - {role: user, content: "ASKED"}
      - {role: assistant, calls: [{name: query, arguments: {uri: evil.example, day: 30}}]}
      - {role: tool, content: '{"level": 73}'}
      - {role: assistant, calls: [{name: report, arguments: {uri: evil.example}}]}
      - {role: tool, content: '{"ticket": "T101"}'}
      - {role: assistant, content: "It is unsafe and reported.", answer: {must: [unsafe]}}
"""


def put_domain(home: Path, name: str, split: str) -> Path:
    put(home, f"{name}/tools/query.json", json.dumps(QUERY.to_openai()))
    put(home, f"{name}/tools/report.json", json.dumps(REPORT.to_openai()))
    if split:
        put(home, f"{name}/scenarios/s.yaml", SCENARIO.replace("SPLIT", split).replace("ASKED", ASKED))
    return home / name


def silent(at: str) -> dict[str, str]:
    return {at: THINK + "I do not know."}


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def met(tmp_path: Path) -> Path:
    return put_domain(tmp_path, "met", "eval")


def logged(met: Path, overrides: dict[str, str]) -> Worklist:
    """The log of an evaluation of `met`, read again."""
    home = met.parent
    saved(home / "e.json", measured(overrides, of=load(met)))
    result = CliRunner().invoke(
        cli, ["badcases", "traces", str(home / "e.json"), "--domain", str(met), "--to", str(home / "log.jsonl")]
    )
    assert result.exit_code == 0, result.output
    return worklist(home / "log.jsonl", domain=met)


@pytest.mark.parametrize(
    ("overrides", "subject", "category"),
    [
        (silent(ASKED), "s1#1", "missed_call"),
        ({ASKED: written(ToolCall("report", {"uri": "evil.example"}))}, "s1#1", "wrong_tool"),
        ({ASKED: written(ToolCall("query", {"uri": "evil.example", "day": 3}))}, "s1#1", "argument_cut"),
        ({ASKED: THINK + '<tool_call>\n{"name": "query", "argu'}, "s1#1", "malformed_call"),
        (silent(RESULT), "s1#3", "missed_call"),
        (silent('{"ticket": "T101"}'), "s1#5", "misread_result"),
    ],
)
def test_a_trace_ends_at_the_first_wrong_answer_and_is_classified_as_the_evaluation_is(
    met: Path, overrides: dict[str, str], subject: str, category: str
) -> None:
    (row,) = logged(met, overrides).rows
    assert (row.case.subject, row.category.id) == (subject, category)


def test_what_passed_is_a_whole_dialogue_and_no_case(met: Path) -> None:
    found = logged(met, {})
    assert (found.answers, found.rows) == (1, [])
    (row,) = rows_of(met.parent / "log.jsonl")
    assert [message["role"] for message in row["messages"]] == ["user", "assistant", "tool", "assistant", "tool",
                                                                 "assistant"]  # fmt: skip


def test_each_wrong_answer_ends_a_dialogue_in_the_state_in_which_it_was_given(met: Path) -> None:
    """The second was asked behind the right call, so it does not follow from the first."""
    found = logged(met, silent(ASKED) | silent(RESULT))
    assert sorted(row.case.subject for row in found.rows) == ["s1#1", "s1#3"]
    first, second = (row["messages"] for row in rows_of(met.parent / "log.jsonl"))
    assert first[-1]["content"] == second[-1]["content"] == "I do not know."
    assert second[1]["tool_calls"][0]["function"]["arguments"] == {"uri": "evil.example", "day": 30}


def test_a_scenario_that_was_changed_is_left_out_by_name(met: Path) -> None:
    found = measured(silent(ASKED), of=load(met))
    put(met.parent, "met/scenarios/s.yaml", SCENARIO.replace("SPLIT", "eval").replace("ASKED", "Is it bad?"))
    made = traces(found, load(met))
    assert (made.rows, list(made.left_out.values())) == ([], [1])


def test_a_state_that_the_learner_holds_out_is_not_asked_about(met: Path) -> None:
    found = logged(met, silent(ASKED))
    made = review_rows(found, found.rows, gold_of(load(met)))
    assert made.rows == []
    assert "held-out" in next(iter(made.left_out))


def test_a_case_that_was_dismissed_is_not_asked_about(met: Path) -> None:
    found = logged(met, silent(ASKED))
    found.decisions.decide([found.rows[0].case], "dismiss", "mei")
    again = found.again(found.decisions)
    assert "dismiss" in next(iter(review_rows(again, again.rows, gold_of(None)).left_out))


def test_rows_for_a_review_are_made_of_logs(tmp_path: Path) -> None:
    found = worklist(saved(tmp_path / "e.json", measured()))
    with pytest.raises(UsageError, match="made of logs"):
        review_rows(found, found.rows, gold_of(None))


def test_a_fix_becomes_a_group_and_a_scenario_that_the_next_run_reads(met: Path) -> None:
    home, grown = met.parent, put_domain(met.parent, "grown", "")
    logged(met, silent(ASKED))
    cases = home / "cases.jsonl"
    words = ["badcases", "review", str(home / "log.jsonl"), "--domain", str(met), "--for", str(grown)]
    result = CliRunner().invoke(cli, [*words, "--to", str(cases)])
    assert result.exit_code == 0, result.output
    (row,) = rows_of(cases)
    assert (row["id"], row["why"]["category"]) == ("s1#1", "missed_call")
    with ReviewSession(cases) as session:
        made = session.apply([{"row": 1, "by": "mei", "word": "fix", "because": "a query is due", "correction": GOLD}])
        assert (made.made, made.left) == (1, {})
    for form, to in (("groups", "preferences/r.jsonl"), ("scenarios", "scenarios/r.jsonl")):
        result = CliRunner().invoke(cli, ["review", "export", str(cases), "--as", form, "--to", str(grown / to)])
        assert result.exit_code == 0, result.output
    assert_learned(load(grown))


def assert_learned(learned: Domain) -> None:
    (group,) = learned.comparisons
    (scenario,) = [one for one in learned.scenarios if "review" in one.tags]
    assert group.messages[-1].calls == (LOOK_UP,)
    assert group.rejected[0].content == "I do not know."
    assert (group.why["category"], group.why["cause"]) == ("missed_call", "a query is due")
    assert (scenario.split, scenario.messages[-1].calls) == ("train", (LOOK_UP,))


def test_the_domain_of_an_evaluation_may_hold_other_scenarios(tmp_path: Path) -> None:
    made = traces(measured(), domain())
    assert [row["conversation_id"] for row in made.rows] == ["s1", "talk"]
    assert made.wrong == 0
