from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.check.dataset import dataset_of_files
from steadyhand.check.finding import Finding
from steadyhand.check.tool_usage import CALLED, DECLINED, check_offer, check_usage, matrix_of_pairs, matrix_of_records
from steadyhand.datasets.convert import read_dialogues
from steadyhand.domain.load import load
from tests.domain.folder import make

TOOLS = [{"name": name, "parameters": {"type": "object", "properties": {}}} for name in ("search", "escalate")]


def answer(*names: str, **arguments: Json) -> Json:
    calls = [{"type": "function", "function": {"name": n, "arguments": json.dumps(arguments)}} for n in names]
    return {"role": "assistant", "content": "" if names else "Done it.", **({"tool_calls": calls} if names else {})}


def row(question: str, *names: str, tools: Json = TOOLS) -> Json:
    return {"messages": [{"role": "user", "content": question}, answer(*names)], "tools": tools}


def pair(chosen: Json, rejected: Json) -> Json:
    prompt = [{"role": "user", "content": "q"}]
    return {"prompt": prompt, "chosen": [chosen], "rejected": [rejected], "tools": TOOLS}


def found(folder: Path, *rows: Json) -> list[Finding]:
    path = folder / "d.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return list(check_usage(dataset_of_files([read_dialogues(path, preferences=True)])))


def test_a_tool_that_is_offered_often_and_never_called(tmp_path: Path) -> None:
    rows = [row(f"q{n}", "search") for n in range(10)]
    assert [(f.code, "'escalate' is offered in 10 rows" in f.message) for f in found(tmp_path, *rows)] == [
        ("S108", True)
    ]
    assert found(tmp_path, *rows[:9]) == []
    assert found(tmp_path, *rows, row("please", "escalate")) == []


def test_null_keywords_are_reported_once_per_tool_and_not_read(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "enum": None, "minLength": None}, "b": None}}
    polluted = [{"name": "search", "parameters": schema}]
    for tools in (polluted, json.dumps(polluted)):
        findings = found(tmp_path, row("x", "search", tools=tools), row("y", "search", tools=tools))
        assert [(f.code, f.place.line) for f in findings] == [("S109", 1)]
        assert "3 keywords of 'search' are null" in findings[0].message
        assert "2 rows offer it so" in findings[0].message
    clean = [{"name": "search", "parameters": {"type": "object", "properties": {"a": {"default": None}}}}]
    assert found(tmp_path, row("is it null?", "search", tools=clean)) == []


def test_error_modes_that_no_rejected_answer_shows(tmp_path: Path) -> None:
    call, wrong, none = answer("search", q=1), answer("search", q=2), answer()
    pairs = [pair(call, wrong)] * 6 + [pair(call, none)] * 6 + [pair(none, call)] * 10
    findings = [f for f in found(tmp_path, *pairs) if f.code == "S110"]
    assert [f.message for f in findings] == ["no rejected answer about 'search' shows: wrong tool"]
    assert found(tmp_path, *pairs, pair(call, answer("escalate"))) == []
    assert [f for f in found(tmp_path, *pairs[3:9]) if f.code == "S110"] == []


def test_the_matrices_count_what_is_there(tmp_path: Path) -> None:
    found(tmp_path, row("a", "search"), row("b"), pair(answer("search"), answer("escalate")), pair(answer(), answer()))
    dataset = dataset_of_files([read_dialogues(tmp_path / "d.jsonl", preferences=True)])
    records = matrix_of_records(dataset, {"row 2": "noisy"})
    assert records.rows["search", ""] == {CALLED: 1, DECLINED: 0}
    assert records.rows["escalate", "noisy"] == {CALLED: 0, DECLINED: 1}
    pairs = matrix_of_pairs(dataset).rows
    assert pairs["search", ""] == {"no_call": 0, "needless_call": None, "wrong_tool": 1, "wrong_args": 0}
    assert pairs["none", ""]["needless_call"] == 0
    assert matrix_of_pairs(dataset).holes == 3


def test_a_domain_knows_its_classes_and_its_tools(tmp_path: Path) -> None:
    domain = load(make(tmp_path))
    first = next(s for s in domain.scenarios if any(m.calls for m in s.messages))
    name = next(call.name for m in first.messages for call in m.calls)
    other = dataclasses.replace(domain.tools[name], name="other")
    message = dataclasses.replace(first.messages[1], calls=())
    noisy = dataclasses.replace(first, id="n", input_class="noisy", split="train")
    common = dataclasses.replace(first, id="c", split="train")
    calls_other = tuple(
        dataclasses.replace(m, calls=tuple(dataclasses.replace(c, name="other") for c in m.calls))
        for m in first.messages
    )
    mixed = dataclasses.replace(noisy, id="o", messages=calls_other, tools=("other",))
    tools = {**domain.tools, "other": other}
    made = dataclasses.replace(domain, tools=tools, scenarios=(common, mixed))
    assert [(f.code, f.message.split(" is ")[0]) for f in check_offer(made)] == [
        ("S110", f"'{name}'"),
        ("S110", "'other'"),
    ]
    whole = dataclasses.replace(
        made, scenarios=(common, noisy, mixed, dataclasses.replace(mixed, id="p", input_class="common"))
    )
    assert list(check_offer(whole)) == []
    lonely = dataclasses.replace(domain, tools=tools, scenarios=(common,))
    assert [f.code for f in check_offer(lonely)] == ["S108"]
    assert message.role == "assistant"
