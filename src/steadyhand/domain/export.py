"""Writes cards, scenarios and rehearsal rows in formats that other tools read: OpenAI messages and ShareGPT.

What `convert` reads back is equal in messages and tools. Answer rules, groups and comparators have no place in those
formats and stay behind; `split` travels as a key of its own, so that held-out rows are not trained on by accident.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Literal

from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.domain.model import Domain

ExportFormat = Literal["openai", "sharegpt"]


def export_rows(domain: Domain, form: ExportFormat) -> Iterator[dict[str, Json]]:
    """One row per card, scenario and rehearsal dialogue, in this order."""
    write = openai_row if form == "openai" else sharegpt_row
    for card in domain.cards:
        yield write(card.messages, ()) | {"split": "train"}
    for scenario in domain.scenarios:
        yield write(scenario.messages, [domain.tools[name] for name in scenario.tools]) | {"split": scenario.split}
    for messages, tools in zip(domain.rehearsal, domain.rehearsal_tools, strict=True):
        yield write(messages, tools) | {"split": "train"}


def openai_row(messages: Sequence[Message], tools: Sequence[Tool]) -> dict[str, Json]:
    """As the API takes it: arguments are JSON text, each call has an id, results name the call that they answer."""
    rows: list[dict[str, Json]] = []
    waiting: list[str] = []
    for index, message in enumerate(messages):
        row = message.to_openai()
        if message.calls:
            waiting = [f"call_{index}_{number}" for number in range(len(message.calls))]
            row["tool_calls"] = [
                {"id": id, "type": "function", "function": {"name": call.name, "arguments": _json(call.arguments)}}
                for id, call in zip(waiting, message.calls, strict=True)
            ]
        elif message.role == "tool" and waiting:
            row["tool_call_id"] = waiting.pop(0)
        rows.append(row)
    return {"messages": rows} | ({"tools": [tool.to_openai() for tool in tools]} if tools else {})


def sharegpt_row(messages: Sequence[Message], tools: Sequence[Tool]) -> dict[str, Json]:
    """from/value turns, `tools` as JSON text; words before a call stand in a gpt turn of their own."""
    row: dict[str, Json] = {"conversations": [turn for message in messages for turn in _turns(message)]}
    if messages and messages[0].role == "system":
        row["conversations"].pop(0)
        row["system"] = messages[0].content
    return row | ({"tools": _json([tool.to_openai()["function"] for tool in tools])} if tools else {})


def _turns(message: Message) -> list[dict[str, Json]]:
    names = {"user": "human", "tool": "observation", "system": "system"}
    if message.role != "assistant":
        return [{"from": names[message.role], "value": message.content}]
    think = "" if message.think is None else f"<think>\n{message.think}\n</think>\n\n"
    calls = [{"name": call.name, "arguments": call.arguments} for call in message.calls]
    value = _json(calls[0] if len(calls) == 1 else calls)
    if not calls:
        return [{"from": "gpt", "value": think + message.content}]
    if not message.content:
        return [{"from": "function_call", "value": think + value}]
    return [{"from": "gpt", "value": think + message.content}, {"from": "function_call", "value": value}]


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
