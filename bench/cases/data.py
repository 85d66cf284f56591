"""Judges of what reading and writing dialogues must keep: ids, weights, thinking, tools, every answer."""

from __future__ import annotations

import json
from typing import Any

from bench.cases import Desk, expect, judge, shown
from steadyhand.datasets.folder import load


@judge("results-order-1")
def results_order(desk: Desk) -> str:
    (row,) = desk.exported("results_order.jsonl", "openai")
    expect(answered(row["messages"]) == {"KLM": 90, "DAF": 7}, f"exported: {answered(row['messages'])}")
    _, folder = desk.imported("results_order.jsonl")
    (scenario,) = load(folder).scenarios
    calling, *results = scenario.messages[1:4]
    order = [call.arguments["symbol"] for call in calling.calls]
    values = [json.loads(result.content)["price"] for result in results]
    expect(dict(zip(order, values, strict=True)) == {"KLM": 90, "DAF": 7}, f"imported: {order} {values}")
    return "the result 7 answers the call for DAF, exported and imported"


def answered(messages: list[Any]) -> dict[str, Any]:
    """Symbol asked for -> price that was answered, by the ids of the calls."""
    calls = {
        call["id"]: call["function"]["arguments"] for message in messages for call in message.get("tool_calls", ())
    }
    symbols = {id: json.loads(text)["symbol"] for id, text in calls.items()}
    results = [message for message in messages if message["role"] == "tool"]
    return {symbols[message["tool_call_id"]]: json.loads(message["content"])["price"] for message in results}


@judge("turn-keys-1")
def turn_weight(desk: Desk) -> str:
    summary, folder = desk.imported("turn_weight.jsonl")
    if "weight" in " ".join(summary["ignored"]):
        return f"counted: {summary['ignored']}"
    expect(summary["rejects"] == 0, f"{summary['rejects']} rows rejected")
    sources = trained(desk, folder)
    texts = "\n".join(sources.values())
    expect("ticker" not in texts, "the call of weight 0 is trained")
    expect("Rome." not in texts, "the answer of weight 0 is trained")
    expect("Lima." in texts and '"KLM"' in texts and "90." in texts, f"trained: {texts}")
    findings = desk.check("turn_weight.jsonl").findings("S101")
    expect(not findings, shown(findings))
    return f"{len(sources)} answers are trained, none of weight 0; no S101"


def trained(desk: Desk, folder: Any) -> dict[str, str]:
    """Source of each row of a training -> the text of its trained tokens."""
    found = desk.steady("train", folder, "--inspect", "--rows", "100", "--json").json
    texts = {}
    for row in found["shown"]:
        texts[row["source"]] = "".join(part["text"] for part in row["segments"] if part["trained"])
    return texts


@judge("turn-keys-2")
def turn_thinking(desk: Desk) -> str:
    (row,) = desk.exported("turn_thinking.jsonl", "openai")
    thought = row["messages"][-1].get("reasoning_content")
    expect(thought == "two and two", f"reasoning_content: {thought!r}")
    return "thinking kept as reasoning_content"


@judge("input-schema-1")
def input_schema(desk: Desk) -> str:
    findings = desk.check("tool_input_schema.jsonl").findings("S101", "R001")
    expect(findings, "no finding of S101 or R001")
    if findings[0]["code"] == "S101":
        said = " ".join(one["message"] for one in findings)
        expect("symbol" in said or "ticker" in said, said)
    return shown(findings)


@judge("last-answer-1")
def last_answer(desk: Desk) -> str:
    summary, folder = desk.imported("many_turns.jsonl")
    rows = desk.steady("train", folder, "--inspect", "--json").json["rows"]
    expect(rows == 12 or "context" in json.dumps(summary), f"{rows} trained answers, and the import says nothing")
    return f"{rows} trained answers"


@judge("json-text-1")
def parameters_text(desk: Desk) -> str:
    return one_record(desk, "parameters_text.jsonl")


@judge("bare-map-1")
def bare_map(desk: Desk) -> str:
    said = one_record(desk, "bare_map_type.jsonl")
    (row,) = desk.exported("bare_map_type.jsonl", "openai")
    parameters = row["tools"][0]["function"]["parameters"]
    expect(set(parameters.get("properties", ())) == {"type", "lat"}, f"parameters: {parameters}")
    return said


@judge("list-result-1")
def list_result(desk: Desk) -> str:
    said = one_record(desk, "list_result.jsonl")
    (source,), (row,) = desk.rows("list_result.jsonl"), desk.exported("list_result.jsonl", "openai")
    before, after = ([m["content"] for m in one["messages"] if m["role"] == "tool"] for one in (source, row))
    expect([json.loads(text) for text in after] == before, f"results: {after}")
    return said


@judge("call-keys-1")
def call_keys(desk: Desk) -> str:
    said = one_record(desk, "call_extra_key.jsonl")
    summary, _ = desk.imported("call_extra_key.jsonl")
    expect("extra_content" in json.dumps(summary["ignored"]), f"ignored: {summary['ignored']}")
    return f"{said}; counted: {summary['ignored']}"


def one_record(desk: Desk, name: str) -> str:
    """The one row of a file is read, and has no error."""
    ran = desk.check(name)
    errors = [one for one in ran.json["findings"] if one["severity"] == "error"]
    expect(ran.json["counts"]["records"] == 1 and not errors, f"{ran.json['counts']}, {shown(errors)}")
    return "one record, no error"
