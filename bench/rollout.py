"""`steady rollout` before two local servers: is a worse model taken back early, and does an equal one get through?

    python -m bench.rollout --seeds 20 --conversations 2000

Real HTTP on loopback: a gateway, two servers, a client. The servers' answers are simulated: each conversation has one
to three turns, and on one of them a model makes a call that nobody can carry out, with its own probability and
independent of the other model. Measured is the decision alone; no speed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from steadyhand.rollout.config import RolloutConfig
from steadyhand.rollout.control import Rollout
from steadyhand.rollout.decide import RolloutDecision, decide
from steadyhand.rollout.gateway import CONVERSATION, END, create_gateway
from steadyhand.rollout.state import RolloutState
from steadyhand.serve.limits import Limits
from steadyhand.serve.server import configured

TURNS = 3
TOOL = {
    "type": "function",
    "function": {
        "name": "query_rivet",
        "description": "Is a parcel's seal whole?",
        "parameters": {"type": "object", "properties": {"parcel": {"type": "string"}}, "required": ["parcel"],
                       "additionalProperties": False},
    },
}  # fmt: skip


def chance(*words: object) -> float:
    """A number in [0, 1) that these words alone decide."""
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:6]) / 2**48


def simulated(name: str, seed: int, rate: float) -> Starlette:
    """A server whose conversations go wrong with probability `rate`, each on one of its turns."""

    async def chat(request: Request) -> JSONResponse:
        messages = (await request.json())["messages"]
        talk, turn = messages[0]["content"], sum(one["role"] == "user" for one in messages) - 1
        length = turns_of(talk)
        wrong = chance(name, seed, talk) < rate and turn == int(chance("turn", seed, talk) * length)
        call = {"name": "query_rivet", "arguments": json.dumps({"parcels" if wrong else "parcel": f"KD-{turn}"})}
        message = {"role": "assistant", "content": None,
                   "tool_calls": [{"id": "c1", "type": "function", "function": call}]}  # fmt: skip
        used = {"prompt_tokens": 90, "completion_tokens": 20, "total_tokens": 110}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        return JSONResponse({"id": "x", "object": "chat.completion", "model": name, "choices": [choice], "usage": used})

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


def turns_of(talk: str) -> int:
    return 1 + int(chance("length", talk) * TURNS)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of a real server for the length of the block."""
    server = uvicorn.Server(configured(app, Limits(), port=0, lifespan="auto"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            if not thread.is_alive():
                raise RuntimeError("a server did not start")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True)
class Outcome:
    """How one rollout ended: `mode`, at which share, after how many conversations."""

    mode: str
    share: float
    conversations: int
    because: str
    exposed: int  # conversations that the candidate answered for a client


def simulate(folder: Path, seed: int, rates: tuple[float, float], conversations: int) -> Outcome:
    """One rollout of up to `conversations`; `rates` of the incumbent and the candidate."""
    with ExitStack() as stack:
        urls = [stack.enter_context(served(simulated(name, seed, rate)))
                for name, rate in zip(("old", "new"), rates, strict=True)]  # fmt: skip
        arms = [{"url": f"{url}/v1", "model": name} for url, name in zip(urls, ("old", "new"), strict=True)]
        config = RolloutConfig.model_validate({"incumbent": arms[0], "candidate": arms[1], "salt": str(seed)})
        rollout = Rollout(config, folder)
        rollout.begin("bench")
        url = stack.enter_context(served(create_gateway(rollout)))
        asyncio.run(talk_to(url, rollout, seed, conversations))
    state = rollout.state
    stopped = next((row for row in state.history if row["kind"] == "back"), None)
    share = config.steps.shares[state.step]
    lines = (folder / "answers.jsonl").read_text("utf-8").splitlines()
    exposed = {one["conversation_id"] for one in map(json.loads, lines) if one["arm"] == "candidate"}
    return Outcome(state.mode, share, state.finished, (stopped or state.history[-1])["because"], len(exposed))


async def talk_to(url: str, rollout: Rollout, seed: int, conversations: int, at_once: int = 4) -> None:
    """Conversations one after another, a few at once, until all are over or the rollout has ended."""
    waiting = iter(range(conversations))
    async with httpx.AsyncClient(timeout=60) as client:

        async def person() -> None:
            for number in waiting:
                if rollout.state.mode in ("back", "done"):
                    return
                await talk(client, url, f"seed {seed}, parcel {number}")

        await asyncio.gather(*(person() for _ in range(at_once)))


async def talk(client: httpx.AsyncClient, url: str, name: str) -> None:
    messages: list[dict[str, Any]] = []
    for turn in range(length := turns_of(name)):
        messages.append({"role": "user", "content": name if not turn else f"And the next one, {turn}?"})
        body = {"model": "parcels", "messages": messages, "tools": [TOOL]}
        headers = {CONVERSATION: name} | ({END: "1"} if turn == length - 1 else {})
        response = await client.post(f"{url}/v1/chat/completions", json=body, headers=headers)
        response.raise_for_status()
        messages = [*messages, response.json()["choices"][0]["message"],
                    {"role": "tool", "tool_call_id": "c1", "content": '{"whole": true}'}]  # fmt: skip


START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def at(second: float) -> str:
    return (START + timedelta(seconds=second)).isoformat()


def begin() -> dict[str, Any]:
    return {"kind": "begin", "at": at(0), "digest": "", "because": "begun"}


def answer(talk: str, arm: str, second: float = 1.0, **more: Any) -> dict[str, Any]:
    return {
        "kind": "answer", "at": at(second), "talk": talk, "arm": arm, "served": arm == "incumbent", "share": 0.0,
        "mirrored": True, "end": True, "flagged": False, "refused": False, "why": "", "seconds": 1.0,
    } | more  # fmt: skip


def going(state: RolloutState, second: float) -> RolloutDecision:
    """As `Rollout.go_on`, with the rows folded at once."""
    while (decision := decide(state)).kind in ("back", "step"):
        state.fold({"kind": decision.kind, "to": decision.to, "because": decision.because, "at": at(second)})
    return decision


def live(state: RolloutState, rates: tuple[float, float], conversations: int, seed: int, slow: float = 1.0) -> None:
    """Conversations of one turn, each dealt and compared as the gateway does, until the rollout has ended. The
    candidate takes `slow` times as long."""
    rng = random.Random(seed)
    for number in range(conversations):
        if state.mode in ("back", "done"):
            return
        name = f"{seed}-{number}"
        failed = dict(zip(("incumbent", "candidate"), (rng.random() < rate for rate in rates), strict=True))
        seconds = {"incumbent": rng.uniform(1, 2), "candidate": rng.uniform(1, 2) * slow}
        arm, share, mirrored = state.arm_of(name), state.share, state.mirrors
        for who in ("incumbent", "candidate") if mirrored else (arm,):
            row = answer(name, who, number, served=who == arm, share=share, mirrored=mirrored)
            state.fold(row | {"flagged": failed[who], "seconds": seconds[who]})
        going(state, number)


def folded(seed: int, rates: tuple[float, float], conversations: int) -> Outcome:
    """As `simulate` without a server: the rows that a journal would hold, one turn a conversation."""
    arms = {arm: {"url": "http://127.0.0.1/v1", "model": arm} for arm in ("incumbent", "candidate")}
    state = RolloutState(RolloutConfig.model_validate({**arms, "salt": str(seed)}))
    state.fold(begin())
    live(state, rates, conversations, seed)
    share = state.config.steps.shares[state.step]
    return Outcome(state.mode, share, state.finished, state.because, state.answers["candidate"])


@click.command()
@click.option("--seeds", default=20, show_default=True)
@click.option("--conversations", default=2000, show_default=True)
@click.option("--rate", default=0.05, show_default=True, help="Conversations of the model in use that go wrong.")
@click.option("--http/--no-http", default=True, show_default=True, help="Without: decisions alone, for many seeds.")
@click.option("--worse", default=0.05, show_default=True, help="So much more often the worse model fails.")
def main(seeds: int, conversations: int, rate: float, http: bool, worse: float) -> None:
    """A candidate that is worse, and one that is equal, each with every seed."""
    early = through = 0
    for name, extra in (("worse", worse), ("equal", 0.0)):
        found = []
        for seed in range(seeds):
            rates = (rate, rate + extra)
            with tempfile.TemporaryDirectory() as folder:
                one = simulate(Path(folder), seed, rates, conversations) if http else folded(seed, rates, conversations)
            found.append(one)
            click.echo(f"{name} {seed:>3}: {one.mode:<8} at {100 * one.share:>5.3g} %, {one.conversations:>4} "
                       f"conversations, {one.exposed:>4} with the candidate  {one.because}")  # fmt: skip
        ends = Counter((one.mode, one.share) for one in found)
        told = (f"{count} {mode} at {100 * share:g} %" for (mode, share), count in ends.items())
        click.echo(f"{name}: {', '.join(told)}")
        spent = sorted(one.conversations for one in found)
        click.echo(f"{name}: median {spent[len(spent) // 2]} conversations, most {spent[-1]}")
        if extra:
            early = sum(one.mode == "back" and one.share < 0.1 for one in found)
        else:
            through = sum(one.mode == "done" for one in found)
    click.echo(f"worse by {100 * worse:g} points: taken back before 10 % in {early} of {seeds} seeds")
    click.echo(f"equal: at 100 % within {conversations} conversations in {through} of {seeds} seeds")
    sys.exit(0 if early >= 0.95 * seeds and through >= 0.9 * seeds else 1)


if __name__ == "__main__":
    main()
