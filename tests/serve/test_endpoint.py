"""One server in front of another: the same answers, and a client that leaves stops both."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from steadyhand.models.endpoints.endpoint import OpenAIEndpoint
from tests.serving import CALL, WEATHER, Scripted, Server, serving


@pytest.fixture
def behind() -> Scripted:
    return Scripted(lambda prompt: prompt.messages[-1].content.replace("CALL", CALL))


@pytest.fixture
def front(behind: Scripted) -> Iterator[Server]:
    with serving(lambda: behind) as server:
        endpoint = OpenAIEndpoint(f"{server.url}/v1", "m", retries=0)
        with serving(lambda: endpoint, lanes=4) as found:
            yield found
        endpoint.close()


@pytest.mark.parametrize("text", ["Hello there.", "<think>\nhm\n</think>\n\nyes", "Look: CALL", "CALLCALL"])
def test_the_answers_are_those_of_the_server_behind(front: Server, text: str) -> None:
    message, finish = front.message(text, tools=[WEATHER])
    streamed, reason = front.streamed(text, tools=[WEATHER])
    assert finish == reason == ("tool_calls" if "CALL" in text else "stop")
    assert (message["content"] or "", message.get("reasoning")) == (streamed["content"], streamed.get("reasoning"))
    calls = [[call["function"] for call in found.get("tool_calls", ())] for found in (message, streamed)]
    assert calls[0] == calls[1] == [{"name": "weather", "arguments": '{"city": "Graz"}'}] * text.count("CALL")


def test_many_at_once(front: Server) -> None:
    texts = [f"text {i}" for i in range(12)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda text: front.message(text)[0]["content"], texts))
    assert found == texts


def test_a_client_that_leaves_stops_the_server_behind(front: Server, behind: Scripted) -> None:
    behind.says = lambda _: "x" * 1_000_000
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "go"}]}).encode()
    host, port = front.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert behind.running.wait(30)
    assert behind.ended.wait(60)
    assert behind.tokens < 1_000_000


def test_an_endpoint_that_is_down_is_a_502_that_says_so() -> None:
    endpoint = OpenAIEndpoint("http://127.0.0.1:9/v1", "m", retries=0)
    with serving(lambda: endpoint, lanes=2) as server:
        for stream in (False, True):
            response = server.chat(stream=stream)
            assert (response.status_code, response.json()["error"]["code"]) == (502, "backend_failed")
    endpoint.close()
