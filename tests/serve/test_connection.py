"""One client's time and room, over real sockets: whoever is late, too many or too large is cut off, and is told why
where he can be told. The limits are small here, so that nothing is waited for but the deadlines themselves."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from steadyhand.models.backend import Completion, Prompt, Sampling
from steadyhand.serve.limits import BODY_VALUES, CALLS, FIELDS, HEADERS, MESSAGES, TOOLS, Limits
from steadyhand.serve.queue import Left
from tests.serving import WEATHER, Scripted, Server, serving

SOON, PATIENCE = 0.3, 30.0  # seconds: a deadline of the server; when a test gives up
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: the connection ends at once, with a reset


def head(length: int | str, *more: str) -> bytes:
    size = f"Content-Length: {length}" if isinstance(length, int) else length
    lines = ("POST /v1/chat/completions HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", size, *more)
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def request(**fields: object) -> bytes:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "go"}], **fields}).encode()
    return head(len(body)) + body


class Client(socket.socket):
    """A socket to the server."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.settimeout(PATIENCE)
        host, port = server.url.removeprefix("http://").split(":")
        self.connect((host, int(port)))

    def rest(self) -> bytes:
        """All that comes until the server closes; what had arrived when it was cut off."""
        found = b""
        try:
            while piece := self.recv(65536):
                found += piece
        except ConnectionError:
            pass
        return found

    def answer(self) -> bytes:
        """One answer, whole."""
        found = b""
        while not found.endswith(b"\r\n\r\n"):
            found += self.recv(1) or pytest.fail(f"closed after {found!r}")
        length = int(found.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return found + self.recv(length, socket.MSG_WAITALL)


@contextmanager
def within(**limits: float) -> Iterator[Server]:
    with serving(lambda: Scripted(lambda _: "hi"), limits=Limits(**limits)) as server:  # type: ignore[arg-type]
        yield server


@pytest.fixture(scope="module")
def plain() -> Iterator[Server]:
    with within(idle=1) as server:
        yield server


@pytest.mark.parametrize(
    "sent", [b"", b"GET /healthz HT", HEALTH[:-2], HEALTH + b"G"], ids=["none", "line", "head", "second"]
)
def test_a_head_that_does_not_come_is_a_408(sent: bytes) -> None:
    with within(head=SOON) as server, Client(server) as client:
        client.sendall(sent)
        began = time.monotonic()
        said = client.rest()
        assert said.endswith(b"the head of the request took too long")
        assert time.monotonic() - began >= SOON - 0.05
        assert server.get("/healthz").status_code == 200


def test_a_byte_now_and_then_does_not_put_the_deadline_off() -> None:
    with within(head=SOON) as server, Client(server) as client:
        began = time.monotonic()
        for byte in HEALTH * 100:
            try:
                client.sendall(bytes([byte]))
            except ConnectionError:
                break
            client.settimeout(0.01)
            try:
                if client.recv(100):
                    break
            except TimeoutError:
                continue
        assert SOON - 0.05 <= time.monotonic() - began < SOON + PATIENCE / 2


@pytest.mark.parametrize("sent", [head(100), head(100) + b'{"model"', head("Transfer-Encoding: chunked") + b"5\r\n[1"])
def test_a_body_that_does_not_come_is_a_408(sent: bytes) -> None:
    with within(body=SOON) as server, Client(server) as client:
        client.sendall(sent)
        assert client.rest().endswith(b"the body of the request took too long")


@pytest.mark.parametrize("early", [False, True])
def test_a_connection_at_rest_is_closed_without_a_word(early: bool) -> None:
    """Also when its body came behind the answer, and was read for nothing."""
    with within(idle=1, body_bytes=1000) as server, Client(server) as client:
        client.sendall(head(1010) + b"x" * 500 if early else HEALTH)
        said = client.answer()
        if early:
            client.sendall(b"x" * 510 + HEALTH)
            assert said.startswith(b"HTTP/1.1 413")
            said = client.answer()
        assert said.startswith(b"HTTP/1.1 200")
        assert client.rest() == b""


def test_an_answer_that_does_not_come_is_a_504_and_its_work_is_given_up() -> None:
    backend = Scripted(lambda _: "xy")
    with serving(lambda: backend, limits=Limits(answer=SOON)) as server:
        backend.gate.clear()
        response = server.chat()
        assert (response.status_code, response.json()["error"]["code"]) == (504, "timeout")
        backend.gate.set()
        assert backend.ended.wait(PATIENCE)
        assert backend.tokens < 2
        assert server.message()[0]["content"] == "xy"


def test_whoever_reads_nothing_of_his_answer_is_cut_off() -> None:
    """The kernel takes some megabytes in his stead; then the server waits for him, and no longer than it says."""
    backend = Talkative()
    with serving(lambda: backend, limits=Limits(write=SOON)) as server, Client(server) as client:
        client.sendall(request(stream=True))
        assert backend.left.wait(PATIENCE)
        assert b"[DONE]" not in client.rest()


class Talkative(Scripted):
    """Says 20,000 characters a millisecond, up to eight millions, until nobody listens."""

    def __init__(self) -> None:
        super().__init__(lambda _: "")
        self.left = threading.Event()

    def stream(self, prompt: Prompt, sampling: Sampling, tell: Callable[[str], bool]) -> Completion:
        text, pause = "x" * 8_000_000, threading.Event()
        try:
            for end in range(20_000, 400_000_000, 20_000):
                tell(text[:end])
                pause.wait(0.001)
        except Left:
            self.left.set()
            raise
        return Completion(text, "length", 1, 1, "h")


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_client_that_closes_its_half_has_left(part: str) -> None:
    with within() as server, Client(server) as client:
        client.sendall(HEALTH[:20] if part == "head" else head(100) + b"{")
        client.shutdown(socket.SHUT_WR)
        assert client.rest() == b""
        assert server.get("/healthz").status_code == 200


def test_a_client_that_closes_its_half_behind_the_request_stops_costing() -> None:
    backend = Scripted(lambda _: "x" * 1_000_000)
    with serving(lambda: backend) as server, Client(server) as client:
        client.sendall(request())
        assert backend.running.wait(PATIENCE)
        client.shutdown(socket.SHUT_WR)
        assert backend.ended.wait(PATIENCE)
        assert backend.tokens < 1_000_000


def test_too_many_connections_cost_whoever_waits_longest_with_half_a_request() -> None:
    with within(connections=4) as server:
        server.client.close()  # its connection is one of them
        idle = [Client(server) for _ in range(4)]
        for number, one in enumerate(idle):
            one.sendall(HEALTH[: 10 + number])
        late = Client(server)
        late.sendall(HEALTH)
        assert late.answer().startswith(b"HTTP/1.1 200")
        assert idle[0].rest() == b""
        idle[3].sendall(HEALTH[13:])
        assert idle[3].answer().startswith(b"HTTP/1.1 200")
        for one in (*idle, late):
            one.close()


def test_whoever_is_being_answered_keeps_his_place() -> None:
    backend = Scripted(lambda _: "hi")
    with serving(lambda: backend, limits=Limits(connections=2)) as server:
        backend.gate.clear()
        asking = [Client(server) for _ in range(2)]
        for one in asking:
            one.sendall(request())
        assert backend.running.wait(PATIENCE)
        server.client.close()
        with Client(server) as third:
            third.sendall(HEALTH)
            assert third.rest() in (b"",) or third.rest().startswith(b"HTTP/1.1 503")
        backend.gate.set()
        assert all(one.answer().startswith(b"HTTP/1.1 200") for one in asking)
        for one in asking:
            one.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"a:b\r\n" * HEADERS + b"\r\n",
        b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n" + b"a:b\n" * HEADERS + b"\n",
        HEALTH + b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"a:b\r\n" * HEADERS + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\na: " + b"b" * 40_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000,
        b"\x16\x03\x01\x02\x00" + bytes(range(256)) * 100,
        head(10, "Content-Length: 11"),
        head(10, "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        head("Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 2_000,
        head("Content-Length: " + "9" * 5_000),
    ],
    ids=["lines", "bare lines", "second", "long line", "long target", "TLS", "two lengths", "both", "no host", "crumbs",
         "length"],
)  # fmt: skip
def test_what_is_no_request_is_one_400_and_no_traceback(
    plain: Server, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with Client(plain) as client:
        with suppress(ConnectionError):
            client.sendall(sent)
        said = client.rest()
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", said)
    assert statuses[-1:] in ([b"400"], [])  # whoever sends on when he is refused may lose the word
    assert plain.get("/healthz").status_code == 200
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


def test_a_body_with_empty_lines_has_no_head_of_many_lines(plain: Server) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "go"}]}, indent=0).encode()
    body = body.replace(b"\n", b"\n\n\n" * 100)
    with Client(plain) as client:
        client.sendall(head(len(body)).replace(b"\r\n", b"\n") + body)
        assert client.answer().startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("announced", [True, False])
def test_of_a_body_that_is_too_large_the_server_stops_reading(announced: bool) -> None:
    """What it takes after its 413 is thrown away, and is not much: the client would go on for a terabyte."""
    limit = 100_000
    with within(body_bytes=limit) as server, Client(server) as client:
        client.sendall(head(10**12 if announced else "Transfer-Encoding: chunked"))
        piece = b"x" * 65536 if announced else b"10000\r\n" + b"x" * 65536 + b"\r\n"
        sent = 0
        try:
            while sent < 10**9:
                sent += client.send(piece)
        except ConnectionError:
            pass
        assert sent < 50_000_000  # what the kernel holds for both ends, and the limit twice
        assert server.get("/healthz").status_code == 200


def test_a_client_that_sends_a_little_too_much_reads_its_413() -> None:
    with within(body_bytes=1_000_000) as server, Client(server) as client:
        client.sendall(head(1_500_000) + b"x" * 1_500_000)
        said = client.rest()
        assert said.startswith(b"HTTP/1.1 413")
        assert b"too_large" in said


def test_whoever_asks_before_he_sends_too_much_need_not_send_it() -> None:
    with within(body_bytes=1000, idle=1) as server, Client(server) as client:
        client.sendall(head(10**9, "Expect: 100-continue"))
        said = client.rest()
        assert said.startswith(b"HTTP/1.1 413")
        assert b"100 Continue" not in said


CALL = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
MANY: dict[str, tuple[dict[str, Any], str]] = {
    "fields": ({f"field{n}": 1 for n in range(FIELDS)}, "fields"),
    "tools": ({"tools": [WEATHER] * (TOOLS + 1)}, "tools are at most"),
    "values of a schema": (
        {"tools": [{**WEATHER, "function": {"name": "f", "parameters": {"enum": list(range(20_000))}}}]},
        "values in their schemas",
    ),
    "messages": ({"messages": [{"role": "user", "content": ""}] * (MESSAGES + 1)}, "messages has"),
    "calls": ({"messages": [{"role": "assistant", "tool_calls": [CALL] * (CALLS + 1)}]}, "calls, at most"),
    "values": ({"metadata": [[]] * BODY_VALUES}, "values"),
    "texts": ({"metadata": ['"\\'] * 2 * BODY_VALUES}, "values"),
    "values of arguments": (
        {"messages": [{"role": "assistant", "tool_calls": [
            {**CALL, "id": f"{n}", "function": {"name": "f", "arguments": json.dumps({"x": [[]] * 20_000})}}
            for n in range(3)
        ]}]},
        "all arguments together",
    ),
    "levels": ({"metadata": json.loads("[" * 70 + "]" * 70)}, "levels deep"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MANY)
def test_too_many_of_anything_is_a_400_that_says_so(plain: Server, kind: str) -> None:
    fields, says = MANY[kind]
    response = plain.chat("hello", **fields)
    assert response.status_code == 400
    assert says in response.json()["error"]["message"]


def test_a_long_text_of_commas_and_quotes_is_one_value(plain: Server) -> None:
    assert plain.chat('[{"a", \\' * 90_000).status_code == 200


def _resets(client: Client, _: bytes = b"") -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


LEAVING: dict[str, tuple[bytes, Callable[[Client], object]]] = {
    "in the head": (HEALTH[:20], lambda client: None),
    "in the body": (head(100) + b"{", lambda client: None),
    "in the body, with a reset": (head(100) + b"{", _resets),
    "in the answer": (request(), lambda client: None),
    "in the answer, with a reset": (request(), _resets),
    "in the stream": (request(stream=True), lambda client: client.recv(10)),
    "in the stream, with a reset": (request(stream=True), lambda client: _resets(client, client.recv(10))),
    "behind a refusal": (head(10**9), _resets),
}


@pytest.mark.parametrize("moment", LEAVING)
def test_a_client_that_leaves_is_no_traceback(moment: str, caplog: pytest.LogCaptureFixture) -> None:
    sent, then = LEAVING[moment]
    backend = Scripted(lambda _: "word " * 200_000)
    with serving(lambda: backend) as server:
        with Client(server) as client:
            client.sendall(sent)
            if "answer" in moment or "stream" in moment:
                assert backend.running.wait(PATIENCE)
            then(client)
        if backend.running.is_set():
            assert backend.ended.wait(PATIENCE)
            assert backend.tokens < 1_000_000
        backend.says = lambda _: "next"
        assert server.message()[0]["content"] == "next"
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR or one.exc_info]


def test_of_the_command_itself_nothing_but_its_address_is_heard(tmp_path: Path) -> None:
    """The same in a process of its own, with the log as it is set up there."""
    words = [
        "serve",
        "--endpoint",
        "http://127.0.0.1:9/v1",
        "--model",
        "m",
        "--port",
        "0",
        "--body-kb",
        "64",
        "--connections",
        "8",
        "--json",
    ]
    command = [sys.executable, "-c", "from steadyhand.cli import main; raise SystemExit(main())", *words]
    log = tmp_path / "stderr"
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ}) as child,
    ):
        try:
            assert child.stdout
            said = "".join(iter(child.stdout.readline, "}\n"))
            port = int(re.search(r":(\d+)/v1", said)[1])  # type: ignore[index]
            kinds = [HEALTH[:9], head(10**9), request()[:-3], b"\x16\x03\x01" * 999, head(10) + b"[" * 10, HEALTH * 50]
            for sent in kinds * 3:
                with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                    client.sendall(sent)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                client.sendall(HEALTH)
                assert client.recv(100).startswith(b"HTTP/1.1 ")
        finally:
            child.terminate()
    heard = log.read_text()
    assert "Traceback" not in heard
    assert [line for line in heard.splitlines() if "/v1" not in line] == []
