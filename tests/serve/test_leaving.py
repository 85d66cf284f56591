"""A client that goes away stops the real model in this process: between two tokens, and in line."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from steadyhand.models.generation.local import LocalModel
from steadyhand.models.loading.load import load
from steadyhand.serve.limits import Limits
from tests import tiny
from tests.serving import Server, serving

PATIENCE, TOKENS = 60, 1500
RESET = struct.pack("ii", 1, 0)


class Watched:
    """Counts what the model computes: each call of its forward pass."""

    def __init__(self, model: Any) -> None:
        self.steps, self.begun = 0, threading.Event()
        model.register_forward_hook(self._count)

    def _count(self, *_: object) -> None:
        self.steps += 1
        if self.steps > 3:
            self.begun.set()

    def again(self) -> None:
        self.steps = 0
        self.begun.clear()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    """Its answers are long: no token that it may say ends them."""
    model = load(tiny.save(tmp_path_factory.mktemp("tiny")))
    model.renderer.__dict__["stop_ids"] = ()
    return model


@pytest.fixture(scope="module")
def watched(local: LocalModel) -> Watched:
    return Watched(local.model)


@pytest.fixture(scope="module")
def server(local: LocalModel, watched: Watched) -> Iterator[Server]:
    with serving(lambda: local, most=TOKENS) as found:
        yield found


def asking(server: Server, *, stream: bool) -> socket.socket:
    body = json.dumps({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "go"}]}).encode()
    host, port = server.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=PATIENCE)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return client


def answered(server: Server, tokens: int = 4) -> int:
    response = server.chat("go", max_tokens=tokens)
    assert response.status_code == 200
    return int(response.json()["usage"]["completion_tokens"])


def test_alone_it_computes_every_token(server: Server, watched: Watched) -> None:
    watched.again()
    assert answered(server, 40) == 40
    assert watched.steps >= 40


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_the_model_stops_at_the_next_token(server: Server, watched: Watched, stream: bool, reset: bool) -> None:
    watched.again()
    with asking(server, stream=stream) as client:
        assert watched.begun.wait(PATIENCE)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    assert answered(server) == 4  # in line behind the one that was left: it has its turn when that has ended
    assert watched.steps < TOKENS / 2
    assert server.metric("steady_jobs") == 0


def test_whoever_leaves_in_line_is_never_computed(server: Server, watched: Watched) -> None:
    watched.again()
    first = asking(server, stream=False)
    assert watched.begun.wait(PATIENCE)
    waiting: Sequence[socket.socket] = [asking(server, stream=False) for _ in range(8)]
    while server.metric("steady_jobs") < 9:
        pass
    for client in (*waiting, first):
        client.close()
    assert answered(server) == 4
    assert watched.steps < TOKENS / 2


def test_an_answer_that_is_late_is_not_computed_to_its_end(tmp_path: Path) -> None:
    late = load(tiny.save(tmp_path / "late"))
    late.renderer.__dict__["stop_ids"] = ()
    counted = Watched(late.model)
    with serving(lambda: late, most=TOKENS, limits=Limits(answer=0.2)) as server:
        assert server.chat("go").status_code == 504
        seen = counted.steps
        assert answered_in_time(server)
        assert counted.steps < seen + TOKENS / 2


def answered_in_time(server: Server) -> bool:
    return any(server.chat("go", max_tokens=1).status_code == 200 for _ in range(100))
