"""A service that sends its token back, in any form and place, puts it on no record: neither table nor log nor trace nor
the answers of the server."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from steadyhand.agent.session import opened
from steadyhand.cli import main
from steadyhand.cli.crash import save_crash
from steadyhand.errors import PrerequisiteError
from steadyhand.tools.config import bind
from steadyhand.tools.http import Endpoint, HttpCarrier, Service
from steadyhand.tools.mcp import McpService
from steadyhand.tools.result import Status
from steadyhand.tools.rows import ToolsRow
from tests.serving import Scripted, serving
from tests.text.test_redaction import FORMS, TOKEN, traces
from tests.uss import agent_files

DOMAIN = Path("examples/uss")
REPORT = "The loader calls home to low-seven7[.]com, a phishing page is on high-nine9[.]net."
PLACES = ("body", "error", "refusal", "not json", "reason", "header", "redirect", "broken", "schema", "key")


@contextmanager
def echo(place: str, form: Callable[[str], str]) -> Iterator[str]:
    """A service that answers every request with its token at `place`; the address of it."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            told = form(self.headers.get("Authorization", "").removeprefix("Bearer "))
            write = self.command == "POST"
            row: dict[str, Any] = {"ticket": "T1", "state": "pending"} if write else {"level": 12}
            code, reason, body = 200, "OK", json.dumps({**row, "told": told})
            if place == "error":
                code, body = 500, json.dumps({"error": f"bad token {told}"})
            elif place == "refusal":
                code, body = 403, json.dumps({"error": f"bad token {told}", "deep": [{"headers": told}]})
            elif place == "not json":
                body = f"<html>{told}"
            elif place == "schema":
                body = json.dumps({"told": told, "level": told})
            elif place == "key":
                body = json.dumps({**row, told: told, "state": told if write else "x"})
            elif place == "redirect":
                code = 302
            self.wfile.write(f"HTTP/1.1 {code} {reason if place != 'reason' else self.told(told)}\r\n".encode())
            self.wfile.write(f"X-Told: {self.told(told)}\r\nLocation: /{self.told(told)}\r\n".encode())
            self.wfile.write(f"Content-Length: {len(body.encode()) + 9 * (place == 'broken')}\r\n\r\n{body}".encode())
            self.close_connection = True

        def told(self, text: str) -> str:
            return text.replace("\r", " ").replace("\n", " ")

        do_GET = do_POST = do_DELETE = do_PUT = answer  # noqa: N815  the library's names

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """The example's domain without approval and without pauses."""
    folder = tmp_path / "domain"
    folder.mkdir()
    (folder / "tools").symlink_to((DOMAIN / "tools").resolve())
    text = (DOMAIN / "agent.yaml").read_text("utf-8").replace("retries: 3", "retries: 1, wait: 0")
    agent_files(folder)
    (folder / "agent.yaml").write_text(text.replace("approval: true", "approval: false"), "utf-8")
    return folder


def kept(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.jsonl")))


@pytest.mark.parametrize("place", PLACES)
def test_an_echo_is_on_no_record(
    place: str, quick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("USS_TOKEN", TOKEN)
    for number, form in enumerate(FORMS):
        out = tmp_path / f"out{number}"
        with echo(place, form) as url:
            monkeypatch.setenv("USS_URL", url)
            (tmp_path / "report.txt").write_text(REPORT, "utf-8")
            for more in ([], ["--json"]):
                words = ["agent", "run", str(tmp_path / "report.txt"), "--domain", str(quick), "--send", *more]
                assert main([*words, "--audit", str(out / "audit.jsonl")]) in (0, 1, 4)
            main(["audit", "show", "--audit", str(out / "audit.jsonl")])
            shown = "".join(capfd.readouterr())
        assert "low-seven7.com" in shown
        assert not traces(shown, TOKEN)
        assert "low-seven7.com" in kept(out)
        for line in kept(out).splitlines():
            assert not traces(json.dumps(json.loads(line), ensure_ascii=False), TOKEN)


def test_a_server_tells_its_clients_nothing_of_it(quick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USS_TOKEN", TOKEN)
    for place in ("body", "refusal", "key"):
        with echo(place, FORMS[0]) as url:
            monkeypatch.setenv("USS_URL", url)
            with (
                opened(quick, tmp_path / place / "audit.jsonl") as session,
                serving(lambda: Scripted(lambda _: ""), session=session, send=True) as server,
            ):
                answer = server.chat(REPORT, model="steady-agent")
        assert "low-seven7.com" in answer.text
        assert not traces(answer.text, TOKEN)


@pytest.mark.parametrize("token", ["with space in it", "line\nbreak-token", "tökentökentöken", "shrt5"])
def test_a_token_that_no_header_holds_is_one_error_that_does_not_show_it(
    token: str, quick: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("USS_TOKEN", token)
    assert main(["agent", "run", str(quick / "agent.yaml"), "--domain", str(quick), "--audit", str(quick / "log")]) == 3
    shown = "".join(capfd.readouterr())
    assert "visible ASCII" in shown
    assert token not in shown
    assert repr(token) not in shown


def test_a_password_in_an_address_is_taken_out_too() -> None:
    with echo("body", FORMS[0]) as url:
        service = Service(url.replace("://", "://ada:s3cret-pass-w0rd@"), token="")
        result = HttpCarrier(service, Endpoint("get", "/x"))({}, "", 5)
        assert result.status is Status.OK
        assert service.redact.text("s3cret-pass-w0rd") == "***"
        assert "s3cret" not in str(result)
        service.close()


def test_a_crash_report_has_no_token_in_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    service = Service("http://127.0.0.1:9", token=TOKEN)
    try:
        raise RuntimeError(f"unforeseen: {TOKEN}")
    except RuntimeError as error:
        saved = save_crash(error)
    assert saved
    assert "unforeseen: ***" in Path(saved).read_text("utf-8")
    service.close()


MCP = """\
import os, sys
from mcp.server import MCPServer
server = MCPServer("echo")
print("starting with", os.environ["ECHO_TOKEN"], "\\x1b[2J", file=sys.stderr, flush=True)

@server.tool(description="asks with " + os.environ["ECHO_TOKEN"])
def reputation(uri: str) -> dict[str, str]:
    return {"told": os.environ["ECHO_TOKEN"], "uri": uri}

@server.tool()
def fails(uri: str) -> str:
    raise ValueError("bad " + os.environ["ECHO_TOKEN"])

server.run("stdio")
"""


def test_a_server_that_was_given_a_token_by_the_environment_cannot_echo_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("mcp")
    (tmp_path / "server.py").write_text(MCP, "utf-8")
    monkeypatch.setenv("ECHO_TOKEN", TOKEN)
    services = {
        "echo": {"kind": "mcp", "command": [sys.executable, str(tmp_path / "server.py")], "pass_env": ["ECHO_TOKEN"]}
    }
    tools = {name: {"service": "echo", "effect": "read", "call": name} for name in ("reputation", "fails")}
    with bind(ToolsRow.model_validate({"services": services, "tools": tools}), tmp_path) as box:
        results = [box[name].carry({"uri": "a.example"}, "", 20) for name in ("reputation", "fails")]
        described = box["reputation"].tool.description
    shown = capfd.readouterr().err
    assert results[0].value == {"told": "***", "uri": "a.example"}
    assert results[1].status is Status.UNKNOWN
    assert not traces(f"{results} {described} {shown}", TOKEN)
    assert "starting with ***" in shown
    assert "\x1b" not in shown


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    pytest.importorskip("mcp")
    service = McpService("http://ada:s3cret-pass-w0rd@127.0.0.1:9/mcp", token=TOKEN, seconds=2)
    with pytest.raises(Exception, match="does not answer") as caught:
        service.listed()
    service.close()
    assert "s3cret" not in str(caught.value)
    assert not isinstance(caught.value, PrerequisiteError)
    assert os.environ.get("USS_TOKEN") is None
