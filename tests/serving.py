"""A real server on loopback for tests: real HTTP, and a model that says what the test wrote down."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from steadyhand.agent.session import Session
from steadyhand.models.backend import Backend, Completion, FinishReason, Progress, Prompt, Sampling
from steadyhand.serve.app import Serving, create_app
from steadyhand.serve.guard import Guard
from steadyhand.serve.limits import Limits
from steadyhand.serve.responders import Agent, Model
from steadyhand.serve.server import configured

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Graz"}}\n</tool_call>'


class Scripted:
    """Streams what `says` answers to a prompt, one character a token; `seen` are the prompts as they came. `gate`: each
    token waits until it is set."""

    fingerprint = "0123456789abcdef" * 4

    def __init__(self, says: Callable[[Prompt], str], finish: FinishReason = "stop") -> None:
        self.says, self.finish = says, finish
        self.seen: list[tuple[Prompt, Sampling]] = []
        self.tokens = 0
        self.gate = threading.Event()
        self.gate.set()
        self.running = threading.Event()
        self.ended = threading.Event()

    def stream(self, prompt: Prompt, sampling: Sampling, tell: Callable[[str], bool]) -> Completion:
        self.seen.append((prompt, sampling))
        text, finish = self.says(prompt), self.finish
        self.running.set()
        try:
            for end in range(1, len(text) + 1):
                self.gate.wait(30)
                self.tokens += 1
                if tell(text[:end]):
                    text, finish = text[:end], "stop"
                    break
        finally:
            self.ended.set()
        return Completion(text, finish, 7, len(text), "hash")

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        return [self.stream(prompt, sampling, lambda _: False) for prompt in prompts]


class Server:
    """`url` of the running server, and a client for it."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self.url, self.client = url, client

    def chat(self, content: str = "hello", **fields: Any) -> httpx.Response:
        body = {"model": "m", "messages": [{"role": "user", "content": content}], **fields}
        return self.client.post(f"{self.url}/v1/chat/completions", json=body)

    def message(self, content: str = "hello", **fields: Any) -> tuple[dict[str, Any], str]:
        """The message and the reason why it ended."""
        response = self.chat(content, **fields)
        assert response.status_code == 200, response.text
        (choice,) = response.json()["choices"]
        return choice["message"], choice["finish_reason"]

    def events(self, content: str = "hello", **fields: Any) -> list[dict[str, Any]]:
        """The chunks of a stream, which ends with [DONE]."""
        response = self.chat(content, stream=True, **fields)
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
        assert lines.pop() == "[DONE]"
        return [json.loads(line) for line in lines]

    def streamed(self, content: str = "hello", **fields: Any) -> tuple[dict[str, Any], str]:
        """A stream's message, put together as a client does it, and the reason why it ended."""
        return together(self.events(content, **fields))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(self.url + path, **options)

    def metric(self, name: str) -> float:
        lines = [line.rpartition(" ") for line in self.get("/metrics").text.splitlines()]
        return sum(float(value) for key, _, value in lines if key == name)


def together(events: list[dict[str, Any]]) -> tuple[dict[str, Any], str]:
    choices = [event["choices"][0] for event in events if event["choices"]]
    assert choices[0]["delta"] == {"role": "assistant", "content": ""}
    assert [choice["finish_reason"] for choice in choices[:-1]] == [None] * (len(choices) - 1)
    message: dict[str, Any] = {}
    calls: list[dict[str, Any]] = []
    for choice in choices:
        for key, value in choice["delta"].items():
            if key != "tool_calls":
                message[key] = message.get(key, "") + value
                continue
            for piece in value:
                if piece["index"] == len(calls):
                    calls.append({"id": piece["id"], "type": piece["type"], "function": dict(piece["function"])})
                else:
                    calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
    return {**message, **({"tool_calls": calls} if calls else {})}, choices[-1]["finish_reason"]


@contextmanager
def serving(
    load: Callable[[], Backend],
    *,
    session: Session | None = None,
    judge: bool = False,
    send: bool = False,
    lanes: int = 1,
    waiting: int = 64,
    wait: bool = True,
    failed: Callable[[BaseException], None] = lambda error: None,
    limits: Limits | None = None,
    guard: Guard | None = None,
    system: str = "",
    **options: Any,
) -> Iterator[Server]:
    """A server for the model `m` (and `steady-agent`, with a session); with `wait`, ready."""
    model = Model("m", load, lanes=lanes, waiting=waiting, system=system, guard=guard)
    agent = Agent("steady-agent", session, judge=model if judge else None, send=send) if session else None
    app = create_app(Serving(model, agent, limits=limits or Limits(), **options), failed)
    quiet: dict[str, Any] = {"log_level": "critical", "log_config": None}
    config = configured(app, limits or Limits(), port=0, timeout_graceful_shutdown=1, **quiet)
    server, socket = uvicorn.Server(config), config.bind_socket()
    socket.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        with httpx.Client(trust_env=False, timeout=600) as client:
            found = Server(f"http://127.0.0.1:{socket.getsockname()[1]}", client)
            while wait and found.get("/healthz").status_code != 200:
                pass
            yield found
    finally:
        server.should_exit = True
        thread.join()
        socket.close()
