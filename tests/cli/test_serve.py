"""`steady serve` as a process: from the command line to an answer, and Ctrl-C; and what it refuses to start."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from steadyhand.cli import main

# A process that was started in the background ignores Ctrl-C, and so do its children; this one does not.
HEEDS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
SERVE = [sys.executable, "-c", f"{HEEDS}; from steadyhand.cli import main; raise SystemExit(main())", "serve"]


def test_a_model_is_served_until_ctrl_c() -> None:
    words = ["--model", "steady-nano", "--port", "0", "--max-tokens", "4", "--json"]
    with subprocess.Popen([*SERVE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = "".join(iter(process.stdout.readline, "}\n")) + "}"
        found = json.loads(said)
        assert found["models"] == ["steady-nano"]
        with httpx.Client(trust_env=False, timeout=300) as client:
            body = {"model": "steady-nano", "messages": [{"role": "user", "content": "Hello!"}]}
            answer = client.post(found["url"] + "/chat/completions", json=body).json()  # waits for the model
            assert client.get(found["url"].removesuffix("/v1") + "/healthz").status_code == 200
        assert answer["usage"]["completion_tokens"] == 4
        assert answer["system_fingerprint"].startswith("fp_")  # though the model was not loaded when it was asked
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_model_that_is_not_there_ends_the_server_with_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--model", "no-such-folder", "--port", "0"]) == 3
    assert "not a model folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "no model"),
        (["--host", "0.0.0.0"], 2, "everybody in the network"),
        (["--token-env", "STEADY_NO_SUCH"], 3, "STEADY_NO_SUCH is not set"),
        (["--token-env", "STEADY_SHORT"], 2, "STEADY_SHORT has 15 characters, and at least 16"),
        (["--agent", "d", "--approver", "ada=STEADY_SHORT"], 2, "STEADY_SHORT has 15 characters"),
        (["--date", "soon"], 2, "no date"),
        (["--send"], 2, "--send is about an agent"),
        (["--judge"], 2, "--judge is about an agent"),
        (["--tokenizer", "x"], 2, "about an endpoint"),
        (["--endpoint", "localhost:1"], 2, "not an address"),
        (["--agent", "no-such-domain"], 3, "this domain has no agent"),
        (["--host", "not-a-host.invalid", "--token-env", "PATH"], 4, "cannot listen"),
    ],
)
def test_mistakes_are_one_message(
    words: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STEADY_SHORT", "x" * 15)
    model = ["--model", "steady-nano"] if words else []
    assert main(["serve", *model, *words]) == code
    assert message in capsys.readouterr().err


def test_a_new_token_is_long_enough_and_never_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = set()
    for _ in range(3):
        assert main(["serve", "--new-token"]) == 0
        made.add(capsys.readouterr().out.strip())
    assert len(made) == 3
    assert all(len(token) >= 32 and token.isascii() for token in made)
    monkeypatch.setenv("STEADY_MADE", made.pop())
    words = ["--host", "not-a-host.invalid", "--token-env", "STEADY_MADE"]
    assert main(["serve", "--model", "steady-nano", *words]) == 4


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--model", "steady-nano", "--port", str(taken.getsockname()[1])]) == 4
    assert "choose another --port" in capsys.readouterr().err
