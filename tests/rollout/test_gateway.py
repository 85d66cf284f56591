"""Over real HTTP: clients see one model, answers of both are compared, a kill loses nothing that was decided."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import OpenAI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bench.rollout import TOOL, served, simulate, simulated, talk_to
from steadyhand.badcases.worklist import worklist
from steadyhand.errors import UsageError
from steadyhand.rollout.config import RolloutConfig
from steadyhand.rollout.control import Rollout
from steadyhand.rollout.gateway import CONVERSATION, END, create_gateway

HELLO = [{"role": "user", "content": "Is KD-1 whole?"}]


def says(text: str, status: int = 200) -> Starlette:
    """A server that always says the same, whole or in pieces; `status` other than 200: it complains."""

    async def chat(request: Request) -> Response:
        body = await request.json()
        if status != 200:
            return JSONResponse({"error": {"message": f"no: key {request.headers.get('authorization')}"}}, status)
        if not body.get("stream"):
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return JSONResponse({"id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
                                 "choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2,
                                                                "total_tokens": 5}})  # fmt: skip

        async def pieces() -> Any:
            for piece, end in (*((char, None) for char in text), ("", "stop")):
                row = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"],
                       "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": end}]}  # fmt: skip
                yield f"data: {json.dumps(row)}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream")

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


@contextmanager
def front(folder: Path, old: Starlette, new: Starlette, **more: Any) -> Iterator[tuple[str, Rollout]]:
    with ExitStack() as stack:
        urls = [stack.enter_context(served(app)) for app in (old, new)]
        arms = {
            arm: {"url": f"{url}/v1", "model": arm} for arm, url in zip(("incumbent", "candidate"), urls, strict=True)
        }
        rollout = Rollout(RolloutConfig.model_validate({**arms, **more}), folder)
        rollout.begin("test")
        yield stack.enter_context(served(create_gateway(rollout))), rollout


def ask(url: str, talk: str = "a", **more: Any) -> httpx.Response:
    body = {"model": "model", "messages": HELLO, "tools": [TOOL], **more}
    return httpx.post(f"{url}/v1/chat/completions", json=body, headers={CONVERSATION: talk, END: "1"}, timeout=30)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def until(holds: Callable[[], bool]) -> None:
    """The other model's answer comes after the client's."""
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_in_the_shadow_the_old_answer_is_sent_and_both_are_kept(tmp_path: Path) -> None:
    with front(tmp_path, says("It is whole."), says("")) as (url, rollout):
        answer = ask(url).json()
        assert answer["choices"][0]["message"]["content"] == "It is whole."
        assert answer["model"] == "model"
        until(lambda: rollout.state.finished == 1)
        state = httpx.get(f"{url}/v1/rollout").json()
        assert state["signs"]["flagged"]["counts"]["pair"] == {"n": 1, "worse": 1, "candidate": 1}
    (sent,), (other,) = rows(tmp_path / "answers.jsonl"), rows(tmp_path / "compared.jsonl")
    assert (sent["arm"], "flag" in sent) == ("incumbent", False)
    assert (other["arm"], other["flag"]) == ("candidate", "empty")
    journal = rows(tmp_path / "journal.jsonl")
    assert [row["kind"] for row in journal] == ["begin", "answer", "answer"]
    assert {row["prompt_tokens"] for row in journal[1:]} == {3}


def noting(name: str, order: list[str]) -> Starlette:
    """A server that writes down when it is asked."""
    inner = says("It is whole.")

    async def chat(request: Request) -> Response:
        order.append(name)
        return await inner.routes[0].endpoint(request)  # type: ignore[attr-defined,no-any-return]

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


def test_each_model_is_asked_first_in_about_half_of_the_comparisons(tmp_path: Path) -> None:
    """Who is asked first waits less for the other, and would look faster."""
    order: list[str] = []
    random.seed(0)
    with front(tmp_path, noting("old", order), noting("new", order)) as (url, rollout):
        for number in range(24):
            assert ask(url, f"talk {number}").status_code == 200
            until(lambda number=number: rollout.state.finished == number + 1)  # type: ignore[misc]
    assert len(order) == 48
    assert 5 <= order[::2].count("new") <= 19


def test_a_streamed_answer_is_written_down_as_not_timed(tmp_path: Path) -> None:
    with front(tmp_path, says("It is whole."), says("It is whole.")) as (url, rollout):
        assert ask(url, "streamed", stream=True).status_code == 200
        assert ask(url, "whole").status_code == 200
        until(lambda: rollout.state.finished == 2)
    told = [row["timed"] for row in rows(tmp_path / "journal.jsonl") if row["kind"] == "answer"]
    assert sorted(told) == [False, False, True, True]


def test_what_is_kept_is_a_log_that_bad_cases_are_found_in(tmp_path: Path) -> None:
    with front(tmp_path, simulated("old", 1, 1.0), simulated("new", 1, 0.0)) as (url, rollout):
        asyncio.run(talk_to(url, rollout, 1, 4))
        until(lambda: rollout.state.finished == 4)
    found = worklist(tmp_path / "answers.jsonl")
    assert {row.category.id for row in found.rows} == {"schema_violation"}


def test_openais_client_streams_through_it_and_a_candidate_that_fails_is_replaced(tmp_path: Path) -> None:
    steps = {"shares": [0.999999, 1.0], "conversations": [50], "mirror": False}
    with front(tmp_path / "a", says("old"), says("It is whole."), steps=steps) as (url, _):
        client = OpenAI(base_url=f"{url}/v1", api_key="none")
        stream = client.chat.completions.create(model="model", messages=HELLO, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "It is whole."
        assert [model.id for model in client.models.list()] == ["model"]
    (sent,) = rows(tmp_path / "a" / "answers.jsonl")
    assert sent["response"]["choices"][0]["message"]["content"] == "It is whole."
    with front(tmp_path / "b", says("old"), says("", 500), steps=steps) as (url, rollout):
        assert ask(url).json()["choices"][0]["message"]["content"] == "old"
        streamed = ask(url, "b", stream=True)
        assert '"content": "o"' in streamed.text
        assert rollout.state.counts["flagged"][0.999999]["candidate"] == 2
    with front(tmp_path / "c", says("old"), says("", 500)) as (url, rollout):
        for number in range(20):
            ask(url, str(number))
        until(lambda: rollout.state.mode == "back")
        assert ask(url, "later").json()["choices"][0]["message"]["content"] == "old"


def test_an_error_of_the_incumbent_is_passed_on_without_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLD_KEY", "sk-a-very-secret-key-indeed")
    with ExitStack() as stack:
        old, new = (stack.enter_context(served(says("x", 401))) for _ in range(2))
        config = RolloutConfig.model_validate({
            "incumbent": {"url": f"{old}/v1", "model": "m", "key_env": "OLD_KEY"},
            "candidate": {"url": f"{new}/v1", "model": "m"},
        })  # fmt: skip
        rollout = Rollout(config, tmp_path)
        rollout.begin("test")
        url = stack.enter_context(served(create_gateway(rollout)))
        answer = ask(url)
    assert answer.status_code == 401
    assert "secret" not in answer.text
    assert not any("secret" in path.read_text("utf-8") for path in tmp_path.glob("*.jsonl"))


def test_strangers_are_refused_before_a_model_is_asked(tmp_path: Path) -> None:
    with front(tmp_path, says("x"), says("x")) as (url, rollout):
        body = {"model": "m", "messages": HELLO}
        assert httpx.post(f"{url}/v1/chat/completions", json=body, headers={"host": "evil.test"}).status_code == 400
        assert httpx.post(f"{url}/v1/chat/completions", content=b"x=1").status_code == 415
        assert httpx.post(f"{url}/v1/chat/completions", json={"messages": []}).status_code == 400
        assert httpx.post(f"{url}/v1/chat/completions", json={"messages": "a" * 2**21}).status_code == 413
        assert rollout.state.finished == 0
    assert not (tmp_path / "answers.jsonl").exists()


def test_a_person_reports_what_they_were_sent(tmp_path: Path) -> None:
    steps = {"shares": [0.999999, 1.0], "conversations": [50]}
    with front(tmp_path, says("old"), says("new"), steps=steps) as (url, rollout):
        body = {"model": "m", "messages": HELLO, "metadata": {"conversation_id": "mine"}}
        assert httpx.post(f"{url}/v1/chat/completions", json=body).status_code == 200
        report = {"conversation_id": "mine", "because": "wrong parcel"}
        assert httpx.post(f"{url}/v1/rollout/report", json=report).json() == {"reported": True}
        (talk,) = rollout.state.talks.values()
        assert talk.failed["reported"] == {"candidate"}


def test_the_suite_runs_before_a_step_and_what_it_printed_is_kept(tmp_path: Path) -> None:
    steps = {"shares": [0, 1], "conversations": [3]}
    program = "import sys; print('asked', sys.argv[1]); sys.exit(0)"
    regression = {"command": [sys.executable, "-c", program, "{url}"]}
    more = {"steps": steps, "guard": {"margin": 0.9}, "regression": regression}
    with front(tmp_path / "r", says("yes, whole"), says("yes, whole"), **more) as (url, rollout):
        for number in range(12):
            ask(url, str(number))
        until(lambda: rollout.state.finished >= 3)
        until(lambda: rollout.state.mode == "done")
        assert ask(url, "new").status_code == 200
    log = (tmp_path / "r" / "suite" / "step-1.log").read_text("utf-8")
    assert log == f"asked {rollout.config.candidate.url}\n"


def test_others_models_are_not_mixed_into_the_evidence_and_a_person_can_begin_anew(tmp_path: Path) -> None:
    arms = {arm: {"url": "http://127.0.0.1:1/v1", "model": arm} for arm in ("incumbent", "candidate")}
    first = Rollout(RolloutConfig.model_validate(arms), tmp_path)
    first.begin("ada")
    arms["candidate"] = {"url": "http://127.0.0.1:1/v1", "model": "another"}
    second = Rollout(RolloutConfig.model_validate(arms), tmp_path)
    with pytest.raises(UsageError, match="models, steps or guards are others"):
        second.begin("ada")
    second.person("begin", "ada", "another candidate")
    second.begin("ada")
    second.person("hold", "ada", "holidays")
    first.catch_up()
    assert first.state.mode == "held"  # the server reads what a person's command wrote
    second.person("back", "ada", "complaints")
    with pytest.raises(UsageError, match="nothing to resume"):
        second.person("resume", "ada", "no")


def test_a_simulated_rollout_ends_by_itself(tmp_path: Path) -> None:
    found = simulate(tmp_path, 0, (0.0, 0.6), 200)
    assert (found.mode, found.share, found.exposed) == ("back", 0.0, 0)
    assert found.conversations < 40


def test_kill_9_at_any_moment_loses_no_decision(tmp_path: Path) -> None:
    """A server of its own process, killed in the middle twice; the state is what the journal says."""
    with ExitStack() as stack:
        old, new = (stack.enter_context(served(says("yes, whole"))) for _ in range(2))
        file = tmp_path / "rollout.toml"
        file.write_text(
            f'[incumbent]\nurl = "{old}/v1"\nmodel = "a"\n[candidate]\nurl = "{new}/v1"\nmodel = "b"\n'
            "[steps]\nshares = [0, 0.5, 1]\nconversations = [4, 1000]\n[guard]\nmargin = 0.9\n", "utf-8"
        )  # fmt: skip
        answered = 0
        for round in range(2):
            process, url = begun(file)
            try:
                for number in range(8):
                    assert ask(url, f"{round}-{number}").status_code == 200
                    answered += 1
            finally:
                process.send_signal(signal.SIGKILL)
                process.communicate()
            state = Rollout.at(file).state
            assert state.answers["incumbent"] + state.answers["candidate"] == answered
            assert [row["kind"] for row in state.history] == ["begin", "step"]  # once, and never again
            assert state.step == 1


def begun(file: Path) -> tuple[subprocess.Popen[str], str]:
    words = [sys.executable, "-c", "import sys; from steadyhand.cli import main; sys.exit(main())"]
    words += ["rollout", "serve", str(file), "--port", "0", "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ)
    assert process.stdout is not None
    text = ""
    while not text.endswith("}\n"):
        line = process.stdout.readline()
        assert line, "the server did not start"
        text += line
    return process, json.loads(text)["url"].removesuffix("/v1")
