"""Logs of five programs become the same dialogue; whatever is none is counted with its reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.agent.audit import Log
from steadyhand.agent.config import Free, writing_agent
from steadyhand.agent.free_plan import run_free
from steadyhand.agent.writer import Writer
from steadyhand.badcases.logs.logged import BEGINNING
from steadyhand.badcases.logs.read import read_logs
from steadyhand.badcases.steps import Gold, first_wrong
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.errors import DomainError, GateFailed
from steadyhand.models.backend import Prompt
from steadyhand.tools.result import Result, Status
from tests.badcases.logs.rows import ANSWER, EVERY, LAST, RESULT, TOOLS, USER, WRONG, openai, otel, put_rows
from tests.badcases.world import ASKED, QUERY, REPORT
from tests.evaluate.world import Scripted

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "uss"


@pytest.mark.parametrize("form", EVERY)
def test_the_same_dialogue_in_every_format(form: str, tmp_path: Path) -> None:
    logs = read_logs(put_rows(tmp_path / "log.jsonl", [EVERY[form]()]))
    (one,) = logs.dialogues
    assert one.messages == (Message("user", ASKED), Message("assistant", calls=(ToolCall("query", WRONG),)))
    assert one.tools == (QUERY, REPORT)
    assert (one.talk, logs.formats) == ("t1", {form: 1})
    assert bool(one.flags) == (form in ("langfuse", "langsmith"))
    assert logs.total == 1 + (form in ("otel", "langfuse"))


def test_the_requests_of_one_conversation_are_one_dialogue(tmp_path: Path) -> None:
    later = openai()
    later["request"]["messages"] = [USER, ANSWER, RESULT]
    later["response"]["choices"][0]["message"] = LAST
    flagged = {**openai(), "flagged": True}
    logs = read_logs(put_rows(tmp_path / "log.jsonl", [flagged, later, openai("t2")]))
    assert [len(one.messages) for one in logs.dialogues] == [4, 2]
    assert [one.flags for one in logs.dialogues] == [{1: "flagged"}, {}]
    assert logs.left_out == {BEGINNING: 1}
    assert logs.total == 3


def answer(**changes: Json) -> dict[str, Json]:
    return {**openai(), "response": {"choices": [{"message": {**ANSWER, **changes}}]}}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([1], "the row is not an object"),
        ({"hello": 1}, "a row of no format that is read here"),
        ({**openai(), "response": None}, "there is no answer: the request failed, or was not logged whole"),
        ({**openai(), "response": {"choices": [{}, {}]}}, "several answers to one request: which one went on is not"),
        ({"messages": [USER]}, "the last message is of role 'user'"),
        (answer(role="wizard"), "unknown role 'wizard'"),
        ({"run_type": "chain"}, "a run of type 'chain', no request to a model"),
        ({"run_type": "llm", "inputs": {}, "outputs": {}}, "a run whose messages were not exported"),
        ({"traceId": "a", "type": "SPAN"}, "an observation of type 'SPAN', no request to a model"),
        ({"traceId": "a", "type": "GENERATION"}, "a generation whose messages were not exported"),
        ({"attributes": {"gen_ai.operation.name": "chat"}}, "a span without messages: recording them is off"),
        ({"resourceSpans": 3}, "not the shape of OTLP"),
    ],
)
def test_what_is_no_dialogue_is_counted_with_its_reason(row: Json, reason: str, tmp_path: Path) -> None:
    logs = read_logs(put_rows(tmp_path / "log.jsonl", [row, openai()]))
    (told,) = logs.left_out
    assert told.startswith(reason)
    assert (len(logs.dialogues), logs.total) == (1, 2)


def test_keys_that_nothing_reads_are_counted(tmp_path: Path) -> None:
    logs = read_logs(put_rows(tmp_path / "log.jsonl", [{**openai(), "latency": 3}, openai("t2")]))
    assert logs.ignored == {"latency": 1}


def test_a_picture_is_no_text(tmp_path: Path) -> None:
    row = otel()
    for attribute in row["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"]:
        if attribute["key"] == "gen_ai.input.messages":
            parts = [{"type": "blob", "modality": "image", "content": "AA=="}]
            attribute["value"]["stringValue"] = json.dumps([{"role": "user", "parts": parts}])
    logs = read_logs(put_rows(tmp_path / "log.jsonl", [row]))
    assert "a message with a part of type 'blob'" in logs.left_out
    assert logs.dialogues == []


def test_a_span_as_the_sdk_prints_it_with_its_messages_in_an_event(tmp_path: Path) -> None:
    span = otel()["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    told = {one["key"]: one["value"]["stringValue"] for one in span["attributes"]}
    del told["gen_ai.conversation.id"]
    system = json.dumps([{"type": "text", "content": "Be brief."}])
    event = {"name": "gen_ai.client.inference.operation.details", "attributes": told}
    row = {
        "name": "chat m", "context": {"trace_id": "0xab"}, "status": {"status_code": "ERROR"}, "events": [event],
        "attributes": {"gen_ai.operation.name": "chat", "gen_ai.system_instructions": system},
    }  # fmt: skip
    (one,) = read_logs(put_rows(tmp_path / "log.jsonl", [row])).dialogues
    assert (one.talk, one.messages[0]) == ("0xab", Message("system", "Be brief."))
    assert one.flags == {2: "the span's status is an error"}


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text("[{]", "utf-8")
    with pytest.raises(DomainError):
        read_logs(tmp_path / "log.json")


JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(
        ["messages", "role", "content", "tool_calls", "parts", "type", "message", "choices", "id", "value", "spans"]
    ), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(EVERY)), st.data())
def test_a_damaged_row_is_read_or_counted_and_never_breaks_the_reading(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: st.DataObject
) -> None:
    row = json.loads(json.dumps(EVERY[form]()))
    places = list(paths(row))
    for _ in range(data.draw(st.integers(1, 2))):
        home, key = data.draw(st.sampled_from(places))
        if key in home if isinstance(home, dict) else key < len(home):
            home[key] = data.draw(JSON)
    logs = read_logs(put_rows(tmp_path_factory.mktemp("log") / "log.jsonl", [row, openai("whole")]))
    assert [one.talk for one in logs.dialogues][-1:] == ["whole"]
    assert len(logs.dialogues) + logs.left_out.total() == logs.total >= 1
    assert len(logs.dialogues) > 1 or logs.left_out


def paths(value: Json) -> list[tuple[Json, Json]]:
    """Every place in a value, as (container, key)."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [found for key in keys for found in paths(value[key])]


def test_tools_of_a_whole_dialogue(tmp_path: Path) -> None:
    row = {"conversation_id": "c", "messages": [USER, ANSWER, RESULT, LAST], "tools": TOOLS, "feedback": "useless"}
    (one,) = read_logs(put_rows(tmp_path / "log.jsonl", [row])).dialogues
    assert (one.talk, one.flags, len(one.tools)) == ("c", {3: "useless"}, 2)


def test_a_trace_of_the_agent_shows_what_its_model_was_shown(tmp_path: Path) -> None:
    """Two turns and the end, with a service that is a function: the trace is run again to know every prompt."""
    agent = writing_agent(FOLDER)
    agent = agent.model_copy(update={"free": Free()})
    asked: list[Prompt] = []

    def answer(prompt: Prompt) -> str:
        asked.append(prompt)
        call = '<tool_call>\n{"name": "query_uss", "arguments": {"uri": "low-seven7.com"}}\n</tool_call>'
        return call if len(asked) == 1 else "<tool_call> oh no" if len(asked) == 2 else "Done."

    def ask(tool: str, arguments: Sequence[dict[str, Json]], parallel: int) -> list[Result]:
        return [Result(Status.OK, {"level": 12}) for _ in arguments]

    tools = [
        Tool.from_openai(json.loads(path.read_text("utf-8"))) for path in sorted((FOLDER / "tools").glob("*.json"))
    ]
    log = Log(tmp_path / "audit.jsonl")
    found = run_free(
        "The loader calls low-seven7[.]com.", agent, ask, Writer({}, agent.policy, log), tools=tools,
        backend=Scripted(answer), late=lambda: False,
    )  # fmt: skip
    log.close()
    (tmp_path / "trace.jsonl").write_text("\n".join(found.trace) + "\n", "utf-8")
    logs = read_logs(tmp_path / "trace.jsonl")
    (one,) = logs.dialogues
    assert logs.formats == {"steadyhand": 1}
    assert one.messages[:-1] == asked[-1].messages
    assert one.messages[-1].content == "<tool_call> oh no"
    assert one.tools == asked[-1].tools
    assert logs.left_out == {BEGINNING: 1}
    wrong = first_wrong(one, Gold())
    assert wrong is not None
    assert (wrong.index, wrong.category) == (3, "malformed_call")
    lines = (tmp_path / "trace.jsonl").read_text("utf-8").replace('"level":12', '"level":13')
    (tmp_path / "trace.jsonl").write_text(lines, "utf-8")
    read_logs(tmp_path / "trace.jsonl")  # what the service said is the trace's own word
    (tmp_path / "trace.jsonl").write_text(
        lines.replace("oh no", "oh yes", 1).replace('"stop":"refused"', '"stop":"done"')
    )
    with pytest.raises(GateFailed):
        read_logs(tmp_path / "trace.jsonl")
