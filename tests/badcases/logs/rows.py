"""One dialogue with a wrong call, as five programs log it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from steadyhand.chat.messages import Json
from tests.badcases.world import ASKED, QUERY, REPORT

WRONG = {"uri": "evil.example", "day": "30"}  # a number is due
TOOLS = [QUERY.to_openai(), REPORT.to_openai()]
USER = {"role": "user", "content": ASKED}


def call(id: str = "call_1", arguments: Json = None) -> dict[str, Json]:
    function = {"name": "query", "arguments": json.dumps(WRONG if arguments is None else arguments)}
    return {"id": id, "type": "function", "function": function}


ANSWER = {"role": "assistant", "content": None, "tool_calls": [call()]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": '{"error": "day"}'}
LAST = {"role": "assistant", "content": "It did not work."}


def openai(talk: str = "t1") -> dict[str, Json]:
    return {
        "id": talk,
        "request": {"model": "m", "messages": [USER], "tools": TOOLS},
        "response": {"choices": [{"index": 0, "message": ANSWER, "finish_reason": "tool_calls"}]},
    }


def otel(talk: str = "t1") -> dict[str, Json]:
    said = {"role": "assistant", "finish_reason": "tool_call",
            "parts": [{"type": "tool_call", "id": "call_1", "name": "query", "arguments": WRONG}]}  # fmt: skip
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.conversation.id": talk,
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": ASKED}]}]),
        "gen_ai.output.messages": json.dumps([said]),
        "gen_ai.tool.definitions": json.dumps([{"type": "function", **tool["function"]} for tool in TOOLS]),
    }
    spans = [
        {"name": "chat m", "traceId": "ab", "attributes": [_attribute(*pair) for pair in told.items()]},
        {"name": "execute_tool", "attributes": [_attribute("gen_ai.operation.name", "execute_tool")]},
    ]
    return {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}


def _attribute(key: str, value: str) -> dict[str, Json]:
    return {"key": key, "value": {"stringValue": value}}


def langfuse(talk: str = "t1") -> dict[str, Json]:
    generation = {"id": "o1", "traceId": talk, "type": "GENERATION", "input": {"messages": [USER], "tools": TOOLS},
                  "output": {"role": "assistant", "content": None, "tool_calls": [call()]}}  # fmt: skip
    score = {"name": "helpful", "value": 0, "comment": "nothing came", "observationId": "o1"}
    return {"id": talk, "observations": [{"id": "s1", "type": "SPAN"}, generation], "scores": [score]}


def langsmith(talk: str = "t1") -> dict[str, Json]:
    def constructed(name: str, **kwargs: Json) -> dict[str, Json]:
        return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", name], "kwargs": kwargs}

    calls = [{"id": "call_1", "name": "query", "args": WRONG, "type": "tool_call"}]
    return {
        "id": "r1", "trace_id": talk, "run_type": "llm",
        "inputs": {"messages": [[constructed("HumanMessage", content=ASKED)]]},
        "outputs": {"generations": [[{"message": constructed("AIMessage", content="", tool_calls=calls)}]]},
        "extra": {"invocation_params": {"tools": TOOLS}},
        "feedback_stats": {"user_score": {"n": 1, "avg": 0.0}},
    }  # fmt: skip


EVERY = {"openai": openai, "otel": otel, "langfuse": langfuse, "langsmith": langsmith}


def put_rows(path: Path, rows: Sequence[Json]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path
