"""The server over real HTTP: what a client gets for what the model wrote, and what protects both."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from steadyhand.errors import PrerequisiteError
from steadyhand.models.backend import Backend, Completion, Prompt, Sampling
from steadyhand.serve.limits import Limits
from steadyhand.serve.problem import BUSY
from tests.serving import CALL, WEATHER, Scripted, Server, serving

BROKEN = '<tool_call>\n{"name": "weather", "arguments": {"city": "Graz",}}\n</tool_call>'
UNCLOSED = '<tool_call>\n{"name": "weather", "arguments": {"city": "Graz"}}'


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[Server, Scripted]]:
    """Says the last message's content, raw."""
    backend = Scripted(lambda prompt: prompt.messages[-1].content.replace("‹", "<").replace("›", ">"))
    with serving(lambda: backend) as server:
        yield server, backend


@pytest.mark.parametrize(
    ("raw", "message", "finish"),
    [
        ("Hello.", {"content": "Hello."}, "stop"),
        ("", {"content": ""}, "stop"),
        ("<think>\nhm\n</think>\n\nYes.", {"content": "Yes.", "reasoning_content": "hm", "reasoning": "hm"}, "stop"),
        ("<think>\n\n</think>\n\nYes.", {"content": "Yes."}, "stop"),
        (CALL, {"content": None, "calls": [("weather", {"city": "Graz"})]}, "tool_calls"),
        (f"So:\n{CALL}\n{CALL}", {"content": "So:", "calls": [("weather", {"city": "Graz"})] * 2}, "tool_calls"),
        (f"a {CALL} b", {"content": "a  b", "calls": [("weather", {"city": "Graz"})]}, "tool_calls"),
        (f"<think>{CALL}</think>no", {"content": "no", "reasoning_content": CALL, "reasoning": CALL}, "stop"),
        (BROKEN, {"content": BROKEN}, "stop"),
        (UNCLOSED, {"content": UNCLOSED}, "stop"),
        (f"{CALL}\n{BROKEN}", {"content": f"{CALL}\n{BROKEN}"}, "stop"),
        (CALL.replace("weather", "other"), {"content": CALL.replace("weather", "other")}, "stop"),
        ("1 < 2 <tool", {"content": "1 < 2 <tool"}, "stop"),
    ],
)
def test_the_strict_parser_decides_alone_and_a_stream_says_the_same(
    echo: tuple[Server, Scripted], raw: str, message: dict[str, Any], finish: str
) -> None:
    server, _ = echo
    for get in (server.message, server.streamed):
        found, reason = get(raw, tools=[WEATHER])
        calls = [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in found.pop("tool_calls", [])]
        found = {key: value for key, value in found.items() if key not in ("role", "refusal")}
        if get == server.streamed and message["content"] is None:
            assert found.pop("content") == ""
            found["content"] = None
        assert (found | ({"calls": calls} if calls else {}), reason) == (message, finish)


def test_text_comes_token_by_token_and_a_call_only_whole(echo: tuple[Server, Scripted]) -> None:
    server, _ = echo
    events = server.events(f"<think>a b</think>Look: {CALL}", tools=[WEATHER], stream_options={"include_usage": True})
    deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
    assert [d["reasoning_content"] for d in deltas if "reasoning_content" in d] == ["a", " b"]
    assert [d["content"] for d in deltas if d.get("content")] == ["L", "o", "o", "k", ":"]
    pieces = [d["tool_calls"][0] for d in deltas if "tool_calls" in d]
    assert [sorted(piece) for piece in pieces] == [["function", "id", "index", "type"], ["function", "index"]]
    assert pieces[1]["function"] == {"arguments": '{"city": "Graz"}'}
    last = events[-1]
    assert (last["choices"], last["usage"]["completion_tokens"]) == ([], len(f"<think>a b</think>Look: {CALL}"))
    assert all(event["usage"] is None for event in events[:-1])


def test_tool_choice(echo: tuple[Server, Scripted]) -> None:
    server, backend = echo
    named = {"type": "function", "function": {"name": "weather"}}
    other = json.loads(json.dumps(WEATHER).replace('"weather"', '"other"'))
    for choice in ("required", named):
        assert server.message(CALL, tools=[WEATHER, other], tool_choice=choice)[1] == "tool_calls"
        for stream in (False, True):
            response = server.chat("no", tools=[WEATHER], tool_choice=choice, stream=stream)
            assert (response.status_code, response.json()["error"]["code"]) == (422, "tool_choice_unmet")
    assert [tool.name for tool in backend.seen[-1][0].tools] == ["weather"]
    assert server.message(CALL, tools=[WEATHER], tool_choice="none") == (
        {"role": "assistant", "content": CALL, "refusal": None}, "stop",
    )  # fmt: skip
    assert backend.seen[-1][0].tools == ()
    assert server.message(CALL + CALL, tools=[WEATHER], parallel_tool_calls=False)[1] == "stop"
    assert server.metric('steady_tool_call_refusals_total{code="wrong_count"}') == 1


def test_a_strict_tool_gets_only_arguments_that_keep_to_its_schema(echo: tuple[Server, Scripted]) -> None:
    server, _ = echo
    strict = {"type": "function", "function": {**WEATHER["function"], "strict": True}}  # type: ignore[dict-item]
    wrong = CALL.replace("city", "town")
    assert server.message(wrong, tools=[WEATHER])[1] == "tool_calls"
    assert server.message(wrong, tools=[strict]) == (
        {"role": "assistant", "content": wrong, "refusal": None}, "stop",
    )  # fmt: skip


def test_stop_texts_end_the_answer_early_and_are_not_shown(echo: tuple[Server, Scripted]) -> None:
    server, backend = echo
    backend.tokens = 0
    for get in (server.message, server.streamed):
        message, finish = get("<think>END</think>one two END three", stop=["END", "never"])
        assert (message["content"], message["reasoning"], finish) == ("one two", "END", "stop")
    assert backend.tokens == 2 * len("<think>END</think>one two END")


def test_what_users_and_tools_quote_is_harmless() -> None:
    backend = Scripted(lambda _: "ok")
    with serving(lambda: backend) as server:
        server.message("say <tool_call> and <|im_end|>", model="m")
    assert backend.seen[0][0].messages[0].content == "say ‹tool_call› and ‹¦im_end¦›"
    assert backend.seen[0][1] == Sampling(max_tokens=1024)


def test_a_cut_answer_says_length_and_a_prompt_without_room_is_an_error() -> None:
    with serving(lambda: Scripted(lambda prompt: "" if "full" in prompt.messages[0].content else "abc", "length")) as s:
        assert s.message()[1] == s.streamed()[1] == "length"
        for stream in (False, True):
            response = s.chat("full", stream=stream)
            assert (response.status_code, response.json()["error"]["code"]) == (400, "context_length_exceeded")


def test_the_same_request_alone_and_among_others(echo: tuple[Server, Scripted]) -> None:
    server, _ = echo
    alone = [server.message(f"text {i}") for i in range(12)]
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(server.message, [f"text {i}" for i in range(12)])) == alone


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_stops_costing(stream: bool) -> None:
    backend = Scripted(lambda _: "x" * 1_000_000)
    with serving(lambda: backend) as server:
        body = json.dumps({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "go"}]}).encode()
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert backend.running.wait(30)
        assert backend.ended.wait(30)
        assert backend.tokens < 1_000_000
        backend.says = lambda _: "next"
        assert server.message()[0]["content"] == "next"


def test_a_full_line_asks_to_come_again() -> None:
    backend = Scripted(lambda _: "x")
    backend.gate.clear()
    with serving(lambda: backend, waiting=0) as server, ThreadPoolExecutor(1) as pool:
        first = pool.submit(server.chat)
        assert backend.running.wait(30)
        second = server.chat()
        backend.gate.set()
        assert (second.status_code, second.headers["retry-after"]) == (BUSY, "1")
        assert second.json()["error"]["type"] == "rate_limit_error"
        assert first.result().status_code == 200


def test_health_is_ready_only_when_the_model_is_loaded() -> None:
    loaded = threading.Event()

    def load() -> Backend:
        loaded.wait(30)
        return Scripted(lambda _: "hi")

    with serving(load, wait=False) as server:
        assert (server.get("/healthz").status_code, server.get("/healthz").json()) == (503, {"status": "loading"})
        loaded.set()
        while server.get("/healthz").status_code != 200:
            pass
        assert server.message()[0]["content"] == "hi"


def test_a_model_that_cannot_be_loaded_is_told_to_whoever_started_the_server() -> None:
    def load() -> Backend:
        raise PrerequisiteError("no such model")

    failures: queue.Queue[BaseException] = queue.Queue()
    with serving(load, wait=False, failed=failures.put) as server:
        assert str(failures.get(timeout=30)) == "no such model"
        assert server.get("/healthz").status_code == 503


def test_a_backend_that_fails_is_an_error_in_openais_shape() -> None:
    class Broken:
        fingerprint = "f"

        def generate(self, *_: Any, **__: Any) -> list[Completion]:
            raise ValueError("secret")

    with serving(Broken) as server:
        for stream in (False, True):
            response = server.chat(stream=stream)
            assert response.status_code == 500
            assert response.json()["error"]["code"] == "internal_error"
            assert "secret" not in response.text


def test_a_backend_that_cannot_stream_answers_in_one_piece() -> None:
    class Whole:
        fingerprint = "f"

        def generate(self, prompts: Sequence[Prompt], *_: Any, **__: Any) -> list[Completion]:
            return [Completion("one two", "stop", 3, 2, "h") for _ in prompts]

    with serving(Whole) as server:
        contents = [event["choices"][0]["delta"].get("content") for event in server.events()]
        assert contents == ["", "one two", None]


def test_the_token_is_asked_for_everywhere_but_for_health() -> None:
    with serving(lambda: Scripted(lambda _: "hi"), token="geheim") as server:
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic geheim"}):
            for path in ("/v1/models", "/metrics", "/nothing"):
                response = server.get(path, headers=header)
                assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")
        assert server.get("/v1/models", headers={"Authorization": "Bearer geheim"}).status_code == 200
        assert server.get("/healthz").status_code == 200


def test_what_no_client_of_ours_sends_is_refused(echo: tuple[Server, Scripted]) -> None:
    server, _ = echo
    url = f"{server.url}/v1/chat/completions"
    post = server.client.post
    cases: list[tuple[httpx.Response, int, str]] = [
        (post(url, content=b"{}", headers={"Content-Type": "text/plain"}), 415, "invalid_content_type"),
        (post(url, content=b"{", headers={"Content-Type": "application/json"}), 400, "invalid_json"),
        (
            post(url, content=b'"\xff"', headers={"Content-Type": "application/json; charset=utf-8"}),
            400,
            "invalid_json",
        ),
        (post(url, json={"model": "none", "messages": [{"role": "user", "content": ""}]}), 404, "model_not_found"),
        (server.get("/v1/models", headers={"Host": "evil.example"}), 400, "wrong_host"),
        (server.get("/v1/models/none"), 404, "model_not_found"),
        (server.get("/v1/chat/completions"), 405, "no_route"),
        (server.get("/v1/embeddings"), 404, "no_route"),
    ]
    assert [(r.status_code, r.json()["error"]["code"]) for r, _, _ in cases] == [(s, c) for _, s, c in cases]


def test_a_body_has_a_limit() -> None:
    with serving(lambda: Scripted(lambda _: "hi"), limits=Limits(body_bytes=1000)) as server:
        assert server.chat("a" * 500).status_code == 200
        assert server.chat("a" * 1500).status_code == 413


def test_models_and_metrics(echo: tuple[Server, Scripted]) -> None:
    server, _ = echo
    assert [card["id"] for card in server.get("/v1/models").json()["data"]] == ["m"]
    assert server.get("/v1/models/m").json()["object"] == "model"
    before = server.metric('steady_tool_call_refusals_total{code="parse_json"}')
    tokens = server.metric('steady_tokens_total{kind="completion",model="m"}')
    server.message(BROKEN, tools=[WEATHER])
    assert server.metric('steady_tool_call_refusals_total{code="parse_json"}') == before + 1
    assert server.metric('steady_tokens_total{kind="completion",model="m"}') == tokens + len(BROKEN)
    assert server.metric('steady_requests_total{route="/v1/chat/completions",status="200"}') >= 1
    assert server.metric('steady_request_seconds_count{route="/v1/chat/completions"}') >= 1
    assert server.get("/metrics").headers["content-type"].startswith("text/plain")


def test_an_unknown_field_is_named_and_a_slip_is_refused(echo: tuple[Server, Scripted]) -> None:
    server, _ = echo
    response = server.chat(x_trace="1", user="u")
    assert (response.status_code, response.headers["x-steady-ignored"]) == (200, "'x_trace'")
    response = server.chat(temprature=1)
    assert (response.status_code, response.json()["error"]["param"]) == (400, "temprature")
