"""Two endpoints side by side with real HTTP and the real service's tools; what goes wrong becomes a bad case."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from steadyhand.badcases.worklist import FLAGGED, worklist
from steadyhand.chat.messages import ToolCall
from steadyhand.studio.playground import NO_TOOL, NOT_SENT, LiveTools, PlaygroundSide
from steadyhand.studio.project import Project
from tests.studio.filled import EVIL, USS, filled
from tests.studio.running import studio
from tests.studio.test_jobs import wait
from tests.studio.test_pages import csrf, ready
from tests.uss import TOKEN, running


@contextmanager
def endpoint(say: str) -> Iterator[str]:
    """An OpenAI-compatible server that calls query_rivet once, and then says `say`."""

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            first = asked["messages"][-1]["role"] == "user" and asked.get("tools")
            call = {"id": "1", "type": "function", "function": {"name": "query_rivet", "arguments": "{}"}}
            message = {"role": "assistant", "content": say} | ({"tool_calls": [call], "content": ""} if first else {})
            body = {"choices": [{"message": message, "finish_reason": "tool_calls" if first else "stop"}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1}}  # fmt: skip
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return filled(tmp_path, n=8)


@pytest.fixture
def client(project: Project) -> Iterator[httpx.Client]:
    with studio(project) as url, httpx.Client(base_url=url, follow_redirects=True, timeout=60) as found:
        found.headers["origin"] = url
        yield found


def test_two_models_answer_and_one_answer_becomes_a_bad_case(client: httpx.Client, project: Project) -> None:
    ready(client, "/knowledge")  # the folder is read
    form = {"csrf": csrf(client.get("/playground").text), "question": f"Where is it? {EVIL}"}
    assert client.post("/playground", data=form).status_code == 400  # no models
    with endpoint("In the yard.") as one, endpoint(EVIL) as other:
        sides = {"a": one, "served_a": "old", "b": other, "served_b": "new"}
        made = client.post("/playground", data=form | sides)
        text = ready(client, made.url.path)
    assert "In the yard." in text
    assert text.count("query_rivet") == 2
    assert text.count(NO_TOOL) == 2  # the starter has no agent.yaml
    assert "<script>alert" not in text
    case = {"csrf": form["csrf"], "side": "1"}
    assert client.post(f"{made.url.path}/bad-case", data=case | {"because": ""}).status_code == 400
    client.post(f"{made.url.path}/bad-case", data=case | {"because": "it says markup"})
    assert json.loads((project.out / FLAGGED).read_text("utf-8"))["flag"] == "it says markup"
    logged = [row.case for row in worklist(project.out, domain=project.folder).rows if row.case.source == "log"]
    assert len(logged) == 1
    assert "Where is it?" in client.get("/playground").text
    assert client.get("/playground/none").status_code == 400


def test_a_model_that_cannot_be_asked_is_named(client: httpx.Client) -> None:
    ready(client, "/knowledge")
    form = {"csrf": csrf(client.get("/playground").text), "question": "?", "a": "no-such-model", "b": "no-such-model"}
    made = client.post("/playground", data=form)
    wait(lambda: "data-again" not in client.get(made.url.path).text)
    assert "no-such-model" in client.get(made.url.path).text
    assert "Make this a bad case" not in client.get(made.url.path).text


def test_reads_are_carried_out_and_writes_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as service:
        monkeypatch.setenv("USS_URL", service.url)
        monkeypatch.setenv("USS_TOKEN", TOKEN)
        service.rate(**{"high-nine9.net": 88})
        with LiveTools(USS, True) as live:
            assert json.loads(live.call(ToolCall("query_uss", {"uri": "high-nine9.net"})))["level"] == 88
            told = live.call(ToolCall("report_uss", {"uri": "a.com", "verdict": "unsafe", "reason": "false_negative"}))
            assert NOT_SENT in told
            assert NO_TOOL in live.call(ToolCall("other", {}))
        with LiveTools(USS, False) as silent:
            assert NO_TOOL in silent.call(ToolCall("query_uss", {"uri": "high-nine9.net"}))


def test_a_side_is_called_by_what_it_serves() -> None:
    assert [PlaygroundSide("m").name, PlaygroundSide("http://x/v1", "m").name] == ["m", "m"]
