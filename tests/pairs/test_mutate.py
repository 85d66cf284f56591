import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.parse import parse_strict
from steadyhand.domain.coverage import may_occur
from steadyhand.domain.model import AnswerRule, Domain, Scenario
from steadyhand.domain.rows import MODES, ErrorMode
from steadyhand.errors import Place
from steadyhand.pairs.arguments import fill, mangle
from steadyhand.pairs.case import Case, cases, wrong
from steadyhand.pairs.mutate import mutate

QUERY = Tool("query", "", {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]})
REPORT = Tool(
    "report",
    "",
    {
        "type": "object",
        "properties": {"uri": {"type": "string"}, "verdict": {"type": "string", "enum": ["safe", "unsafe"]}},
        "required": ["uri", "verdict"],
    },
)
URI = "http://a.example/X1"
SCENARIO = Scenario(
    id="s",
    group="g",
    split="train",
    input_class="common",
    lang="en",
    tools=("query", "report"),
    messages=(
        Message("user", f"Check {URI}; the report calls it safe."),
        Message("assistant", "", "Plan: query.", (ToolCall("query", {"uri": URI}),)),
        Message("tool", '{"level": 73}'),
        Message("assistant", "", "73 > 50, unsafe.", (ToolCall("report", {"uri": URI, "verdict": "unsafe"}),)),
        Message("tool", '{"ticket": "T1"}'),
        Message("assistant", "It is unsafe; level 73 is above 50.", "73 > 50, so unsafe."),
        Message("user", "Thanks, what is a level?"),
        Message("assistant", "A level is a score.", "No call."),
    ),
    place=Place("s.yaml", 1),
    answers={5: AnswerRule(("unsafe", "73"), (r"\bsafe\b",))},
    comparators={"query": {"uri": "casefold"}},
)
DOMAIN = Domain(Path("d"), "d", (), {"query": QUERY, "report": REPORT}, (SCENARIO,), ())


def write(messages: tuple[Message, ...], tools: tuple[Tool, ...], target: Message) -> str:
    think = "" if target.think is None else f"<think>\n{target.think}\n</think>\n\n"
    calls = [
        f"<tool_call>\n{json.dumps({'name': c.name, 'arguments': c.arguments}, ensure_ascii=False)}\n</tool_call>"
        for c in target.calls
    ]
    return think + "\n".join([target.content, *calls] if target.content else calls)


@pytest.fixture(scope="module")
def made() -> list[Case]:
    return cases(DOMAIN, write)


CALL, AFTER_RESULT, READING, CHAT = range(4)


def draw(case: Case, mode: ErrorMode, n: int = 30) -> list[str]:
    texts = (mutate(case, mode, Random(seed)) for seed in range(n))
    return [text for text in texts if text is not None]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("state", [CALL, AFTER_RESULT, READING, CHAT])
def test_every_error_is_really_wrong_and_every_possible_one_is_made(
    made: list[Case], state: int, mode: ErrorMode
) -> None:
    case = made[state]
    texts = draw(case, mode)
    assert all(wrong(case, text) for text in texts)
    assert all(text != case.write(case.target) for text in texts)
    due, after = bool(case.target.calls), case.after_result
    if may_occur(mode, due=due, tools=2, after_result=after):
        assert len(texts) >= 25


@pytest.mark.parametrize(
    ("mode", "state"),
    [
        ("needless_call", CALL),
        ("no_call", READING),
        ("wrong_tool", READING),
        ("wrong_args", CHAT),
        ("misread_result", CALL),
        ("misread_result", CHAT),
        ("fabricated_result", CHAT),  # without an answer rule nothing proves it wrong
    ],
)
def test_modes_that_do_not_apply_give_nothing(made: list[Case], mode: ErrorMode, state: int) -> None:
    assert draw(made[state], mode) == []


Holds = Callable[[str], bool]


@pytest.mark.parametrize(
    ("mode", "state", "holds"),
    [
        ("no_call", CALL, lambda t: parse_strict(t).attempts == 0),
        ("needless_call", CHAT, lambda t: parse_strict(t).calls[0].name in ("query", "report")),
        ("wrong_tool", CALL, lambda t: parse_strict(t).calls[0].name == "report"),
        ("wrong_args", CALL, lambda t: parse_strict(t).calls[0].name == "query"),
        ("fabricated_result", CALL, lambda t: parse_strict(t).attempts == 0 and '{"level": 73}' in t),
        ("malformed", CALL, lambda t: parse_strict(t).error is not None),
        ("malformed", CHAT, lambda t: parse_strict(t).error is not None),
    ],
)
def test_each_mode_makes_its_own_error(made: list[Case], mode: ErrorMode, state: int, holds: Holds) -> None:
    texts = draw(made[state], mode)
    assert texts
    assert all(holds(text) for text in texts)


def test_thinking_is_kept(made: list[Case]) -> None:
    for mode in ("no_call", "wrong_tool", "wrong_args", "fabricated_result", "skipped_step"):
        assert all(text.startswith("<think>\nPlan: query.\n</think>") for text in draw(made[CALL], mode))


def test_misreading_flips_the_verdict_in_text_thinking_and_arguments(made: list[Case]) -> None:
    texts = draw(made[READING], "misread_result", 60)
    assert any("It is safe; level 73 is above 50." in t and "so safe." in t for t in texts)
    assert any('"verdict": "safe"' in text for text in draw(made[AFTER_RESULT], "misread_result"))


def test_skipping_jumps_to_the_next_act_or_ends_early(made: list[Case]) -> None:
    texts = draw(made[CALL], "skipped_step")
    assert any('"name": "report"' in text for text in texts)
    assert any("<tool_call>" not in text for text in texts)


def test_wrong_arguments_cover_values_missing_and_extra_keys(made: list[Case]) -> None:
    keys = {frozenset(parse_strict(text).calls[0].arguments) for text in draw(made[AFTER_RESULT], "wrong_args", 80)}
    assert frozenset({"uri", "verdict"}) in keys
    assert any(len(k) == 1 for k in keys)
    assert any(len(k) == 3 for k in keys)


def test_what_the_domain_accepts_is_not_wrong(made: list[Case]) -> None:
    other_case = Message("assistant", "", None, (ToolCall("query", {"uri": URI.upper()}),))
    assert not wrong(made[CALL], made[CALL].write(other_case))
    assert not wrong(made[READING], "Unsafe: level 73.")
    assert wrong(made[READING], "Unsafe: level 72.")
    assert wrong(made[READING], "")
    assert not wrong(made[CHAT], "Anything.")


def test_taken_texts_are_not_made_again(made: list[Case]) -> None:
    taken: set[str] = set()
    while (text := mutate(made[CALL], "malformed", Random(len(taken)), frozenset(taken))) is not None:
        assert text not in taken
        taken.add(text)
    assert 4 <= len(taken) <= 6


@given(st.text(), st.integers(0, 999))
def test_mangling_always_changes_an_identifier(text: str, seed: int) -> None:
    assert mangle(text, Random(seed)) != text


def test_fill_satisfies_the_schema_with_what_the_dialogue_offers(made: list[Case]) -> None:
    for seed in range(20):
        arguments = fill(REPORT, made[CHAT], Random(seed))
        assert arguments["verdict"] in ("safe", "unsafe")
        assert arguments["uri"] == URI
    assert fill(REPORT, made[CALL], Random(0), {"uri": "x", "n": 1})["uri"] == "x"
    assert fill(REPORT, made[CALL], Random(0), {"uri": False})["uri"] == URI


def test_fill_takes_schemas_with_several_types_or_none(made: list[Case]) -> None:
    properties = {"n": {"type": ["null", "integer"], "minimum": 5, "maximum": 5}, "s": {}, "l": {"type": "array"}}
    arguments = fill(Tool("t", "", {"type": "object", "properties": properties}), made[CALL], Random(0))
    assert arguments == {"n": 5, "s": URI, "l": [URI]}
