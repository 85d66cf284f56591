import json
from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.domain.coverage import coverage
from steadyhand.domain.model import AnswerRule, Domain, InputClass, Scenario
from steadyhand.domain.rows import ErrorMode, Group, Rejected
from steadyhand.errors import Place, UsageError
from steadyhand.pairs.build import ModelError, build_groups, mode_of
from steadyhand.pairs.case import cases, wrong

TOOLS = {
    name: Tool(name, "", {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]})
    for name in ("find", "tell")
}


def write(messages: tuple[Message, ...], tools: tuple[Tool, ...], target: Message) -> str:
    calls = [
        f"<tool_call>\n{json.dumps({'name': c.name, 'arguments': c.arguments})}\n</tool_call>" for c in target.calls
    ]
    return f"<think>\n{target.think}\n</think>\n\n" + "\n".join([target.content, *calls])


def scenario(number: int, input_class: InputClass = "common", split: str = "train") -> Scenario:
    x = f"item-{number}"
    messages = (
        Message("user", f"查一下 {x}"),
        Message("assistant", "", "查", (ToolCall("find", {"x": x}),)),
        Message("tool", json.dumps({"level": number})),
        Message("assistant", f"{x} 不安全", "读结果"),
    )
    return Scenario(
        id=f"s{number}",
        group=f"g{number}",
        split="train" if split == "train" else "eval",
        input_class=input_class,
        lang="zh",
        tools=("find", "tell"),
        messages=messages,
        place=Place("s.yaml", number),
        answers={3: AnswerRule(("不安全",))},
    )


def domain(n: int = 6) -> Domain:
    train = tuple(scenario(i, "boundary" if i % 2 else "common") for i in range(n))
    return Domain(Path("d"), "d", (), TOOLS, (*train, scenario(99, split="eval")), ())


def test_one_group_per_training_decision_each_answer_wrong_and_different() -> None:
    groups = build_groups(domain(), [], write, 4, seed=1)
    by_id = {case.decision.id: case for case in cases(domain(), write)}
    assert [group.id for group in groups] == list(by_id)
    for group in groups:
        texts = [r.text for r in group.rejected]
        assert len(texts) == len(set(texts)) == 4
        assert write(group.messages, group.tools, group.chosen) not in texts
        assert all(wrong(by_id[group.id], text) for text in texts)
        assert group.tool == ("find" if group.chosen.calls else "none")
        assert [tool.name for tool in group.tools] == ["find", "tell"]
        assert group.messages[-1].role in ("user", "tool")


def test_the_same_seed_gives_the_same_groups_and_another_seed_others() -> None:
    assert build_groups(domain(), [], write, 3, seed=1) == build_groups(domain(), [], write, 3, seed=1)
    assert build_groups(domain(), [], write, 3, seed=1) != build_groups(domain(), [], write, 3, seed=2)


def test_every_cell_that_can_exist_is_covered() -> None:
    covered = coverage(build_groups(domain(), [], write, 3, seed=1))
    assert covered.holes == ()
    assert covered.count("find", "common", "wrong_args") > 0
    assert covered.count("none", "boundary", "misread_result") > 0
    assert not any(cell.possible for cell in covered.cells if cell.tool == "find" and cell.mode == "needless_call")


def test_the_models_favorite_error_does_not_crowd_out_the_others() -> None:
    favorite = [ModelError(f"s{i}#1", f"{i}: it is fine {j}", "missed_call") for i in range(6) for j in range(5)]
    groups = build_groups(domain(), favorite, write, 3, seed=1)
    own = [r.origin for group in groups if group.tool == "find" for r in group.rejected]
    assert (own.count("model"), own.count("mutator")) == (12, 6)
    assert sum(cell.tool == "find" for cell in coverage(groups).holes) <= 6


def test_model_errors_come_first_once_and_only_while_wrong() -> None:
    right = write((), (), Message("assistant", "", "查", (ToolCall("find", {"x": "item-0"}),)))
    errors = [
        ModelError("s0#1", "我不查", "missed_call"),
        ModelError("s0#1", "我不查", "missed_call"),
        ModelError("s0#1", right, "missed_call"),
        ModelError("s0#1", "<tool_call>{", "parse_unclosed"),
    ]
    first = build_groups(domain(), errors, write, 4, seed=1)[0].rejected
    assert [(r.text, r.mode) for r in first if r.origin == "model"] == [
        ("我不查", "no_call"),
        ("<tool_call>{", "malformed"),
    ]
    assert [r.origin for r in first] == ["model", "model", "mutator", "mutator"]


def test_one_place_goes_to_the_model() -> None:
    group = build_groups(domain(), [ModelError("s0#1", "我不查", None)], write, 1, seed=1)[0]
    assert group.rejected == (Rejected("我不查", "no_call", "model"),)


@pytest.mark.parametrize("decision", ["s99#1", "unknown#0"])
def test_errors_of_other_decisions_are_refused(decision: str) -> None:
    with pytest.raises(UsageError, match="no decision of the training"):
        build_groups(domain(), [ModelError(decision, "x", "missed_call")], write, 3, seed=1)


def test_k_must_be_positive() -> None:
    with pytest.raises(UsageError, match="at least one"):
        build_groups(domain(), [], write, 0, seed=1)


def test_a_decision_that_nothing_can_contradict_gives_no_group() -> None:
    chat = replace(scenario(1), tools=(), messages=(Message("user", "hi"), Message("assistant", "hello")), answers={})
    assert build_groups(Domain(Path("d"), "d", (), TOOLS, (chat,), ()), [], write, 3, seed=1) == []


def call(name: str, x: str) -> str:
    return write((), (), Message("assistant", "", "", (ToolCall(name, {"x": x}),)))


@pytest.mark.parametrize(
    ("decision", "text", "code", "mode"),
    [
        (1, "不查", "missed_call", "no_call"),
        (1, 'find 返回 {"level": 9}', "missed_call", "fabricated_result"),
        (1, "item-1 不安全", "missed_call", "skipped_step"),
        (1, call("tell", "item-1"), "wrong_name", "wrong_tool"),
        (1, call("drop", "item-1"), "unknown_tool", "wrong_tool"),
        (1, call("find", "item-2"), "wrong_value", "wrong_args"),
        (1, call("find", "item-1") * 2, "wrong_count", "needless_call"),
        (1, "<tool_call>{</tool_call>", "parse_json", "malformed"),
        (1, call("find", "item-2"), "some other word", "wrong_args"),
        (3, call("find", "item-1"), "spurious_call", "needless_call"),
        (3, "安全", "wrong_answer", "misread_result"),
        (3, "安全", None, "misread_result"),
    ],
)
def test_modes_of_model_errors(decision: int, text: str, code: str | None, mode: ErrorMode) -> None:
    case = next(c for c in cases(domain(), write) if c.decision.id == f"s1#{decision}")
    assert mode_of(case, ModelError(case.decision.id, text, code)) == mode


def test_holes_are_named() -> None:
    group = build_groups(domain(2), [], write, 1, seed=1)[0]
    only = Group(**{**vars(group), "rejected": (Rejected("x", "no_call", "model"),)})
    covered = coverage([only])
    assert {cell.mode for cell in covered.holes} == {
        "wrong_tool", "wrong_args", "fabricated_result", "skipped_step", "malformed"
    }  # fmt: skip
    assert covered.count("find", "common", "no_call") == 1
    assert coverage([]).cells == ()
