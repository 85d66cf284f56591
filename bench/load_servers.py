"""The servers that `bench/load.py` measures, and the recorded model that stands behind ours. Started by it alone."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from bench.attacks import FOLDER
from steadyhand.agent.audit import Log
from steadyhand.agent.config import writing_agent
from steadyhand.agent.plan import run
from steadyhand.agent.policy import Code, Proposal
from steadyhand.agent.session import Session
from steadyhand.agent.writer import Outcome, State
from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.domain.openai import read_tool
from steadyhand.models.backend import Completion, Progress, Prompt, Sampling
from steadyhand.models.generation.replay import Recorder, Replay
from steadyhand.source.jsonfile import read_json
from steadyhand.tools.config import bind
from steadyhand.tools.result import Result, Status

SAMPLING = Sampling(max_tokens=256)
FILLER = "The team met on Monday and looked at the logs. Nothing else came up that day, and the week went on. " * 10


def entity(number: int) -> str:
    return f"loader-{number}-x.xyz"


def report(number: int) -> str:
    """About a thousand characters with one finding, which USS does not know."""
    return f"{FILLER}\nThe loader calls home to {entity(number).replace('.', '[.]')}.\n"


class _Rule:
    """The model that is recorded: it reports what USS does not know, and answers questions with a sentence."""

    fingerprint = "0123456789abcdef" * 4

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        return [Completion(self._said(prompt), "stop", 40, 20, "hash") for prompt in prompts]

    def _said(self, prompt: Prompt) -> str:
        first = prompt.messages[0].content
        if not prompt.tools:
            return f"<think>\nIt is asked about.\n</think>\n\nThe answer to {first} is known."
        uri = prompt.messages[1].calls[0].arguments["uri"]
        body = {"name": "report_uss", "arguments": {"uri": uri, "verdict": "unsafe", "reason": "false_negative"}}
        return f"<tool_call>\n{json.dumps(body)}\n</tool_call>"


class _Nobody:
    def propose(self, proposal: Proposal) -> None:
        """Recording leaves nothing behind."""

    def block(self, proposal: Proposal, code: str) -> None:
        """Recording leaves nothing behind."""

    def settle(self, proposal: Proposal, *, send: bool) -> Outcome:
        return Outcome(State.NONE, Code.DRY_RUN)


def recording(folder: Path, reports: int) -> list[str]:
    """Takes the reports through the plan once, without service or log, so that every question of the plan has a
    recorded answer; and 200 plain questions with theirs in answers.json. The texts of the reports."""
    agent = writing_agent(FOLDER)
    offered = [_tool(name) for name in (agent.plan.query, agent.plan.write)]
    asked = _Kept()
    texts = [report(number) for number in range(reports)]
    for text in texts:
        run(text, agent, lambda _, rows, __: [Result(Status.OK, {"result": "Not found"})] * len(rows), _Nobody(),
            tools=offered, backend=asked)  # fmt: skip
    questions = [f"question {number}" for number in range(200)]
    recorder = Recorder(_Rule(), folder / "recorded.jsonl")
    recorder.generate(asked.prompts, SAMPLING)
    answers = recorder.generate([Prompt((Message("user", text),)) for text in questions], SAMPLING)
    shown = [answer.text.rpartition("</think>")[2].strip() for answer in answers]
    (folder / "answers.json").write_text(json.dumps(dict(zip(questions, shown, strict=True))), "utf-8")
    return texts


class _Kept(_Rule):
    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        assert sampling == SAMPLING
        self.prompts += prompts
        return super().generate(prompts, sampling)


def _tool(name: str) -> Tool:
    path = FOLDER / "tools" / f"{name}.json"
    return read_tool(read_json(path.read_text("utf-8"), str(path)))


def feedback(folder: Path) -> Counter[str]:
    """How often USS holds feedback for each name, read from its database."""
    with closing(sqlite3.connect(folder / "uss.db")) as database:
        return Counter(name for (name,) in database.execute("SELECT uri FROM feedback WHERE uri LIKE 'loader-%'"))


def ours(folder: Path) -> None:
    """Serves as `steady serve --agent examples/uss --judge --send` does, with approvals off and no daily cap."""
    from steadyhand.serve.app import Serving
    from steadyhand.serve.responders import Agent, Model
    from steadyhand.serve.server import run as serve

    agent = writing_agent(FOLDER)
    free = agent.policy.model_copy(update={"approval": False, "per_day": 10_000_000})
    agent = agent.model_copy(update={"policy": free})
    model = Model("m", lambda: Replay(folder / "recorded.jsonl"))
    with bind(agent, FOLDER) as tools:
        session = Session(agent, tools, Log(folder / "audit.jsonl"))
        serving = Serving(model, Agent("steady-agent", session, judge=model, send=True))
        serve(serving, "127.0.0.1", 0, _tell)


def bare(folder: Path) -> None:
    """What one writes first: FastAPI's own reading of the body, a dictionary, httpx."""
    answers = json.loads((folder / "answers.json").read_text("utf-8"))
    uss, headers = os.environ["USS_URL"], {"Authorization": f"Bearer {os.environ['USS_TOKEN']}"}
    client = httpx.AsyncClient(headers=headers, timeout=60, trust_env=False)
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def chat(body: dict[str, Any]) -> dict[str, Json]:
        text = body["messages"][-1]["content"]
        if body["model"] == "m":
            return completion(answers[text])
        name = text.rpartition("home to ")[2].rstrip(".\n").replace("[.]", ".")
        await client.get(f"{uss}/v1/reputation", params={"uri": name})
        wish = {"uri": name, "verdict": "unsafe", "reason": "false_negative"}
        chat.count += 1  # type: ignore[attr-defined]
        wish["uri"] = f"bare-{chat.count}-x.xyz"  # type: ignore[attr-defined]
        key = f"bare-key-{chat.count}"  # type: ignore[attr-defined]
        found = await client.post(f"{uss}/v1/feedback", json=wish, headers={"Idempotency-Key": key})
        return completion(f"complete: 1 written {found.json()['ticket']}")

    chat.count = 0  # type: ignore[attr-defined]
    config = uvicorn.Config(app, log_level="error")
    # By its protocol asyncio knows a socket whose answers must not wait for the client's acknowledgement; uvicorn's own
    # `bind_socket` names none, and each answer would take 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(128)
        _tell(f":{bound.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[bound])


def completion(text: str) -> dict[str, Json]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 40, "completion_tokens": 20, "total_tokens": 60}
    return {"id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice],
            "usage": usage}  # fmt: skip


def _tell(url: str) -> None:
    print(url.rpartition(":")[2], flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        {"ours": ours, "bare": bare}[sys.argv[1]](Path(sys.argv[2]))
    else:
        print("bench/load.py starts these servers; there is nothing to measure here")
