"""OpenAI's chat completions in front of two models. Knows HTTP; who answers and what it proves is `control`'s.

A client's request goes to the model that its conversation is dealt to; the other one gets the same messages, and its
answer is only compared. A client waits for one of them, and gets the incumbent's answer where the candidate has none.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import random
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from steadyhand.chat.messages import Json
from steadyhand.errors import SteadyError
from steadyhand.rollout.config import ARMS
from steadyhand.rollout.control import Rollout
from steadyhand.rollout.decide import status
from steadyhand.rollout.signs import AnswerSigns, signs_of
from steadyhand.rollout.upstream import StreamedAnswer, Upstream, UpstreamAnswer
from steadyhand.serve.limits import Limits
from steadyhand.serve.metrics import Metrics
from steadyhand.serve.middleware import App, Front
from steadyhand.serve.problem import MEDIA, TOO_LARGE, UPSTREAM, Problem, problem_of
from steadyhand.serve.request import read_body

T = TypeVar("T")
LOG = logging.getLogger("steadyhand.serve.rollout")
CONVERSATION, END = "x-conversation-id", "x-conversation-end"
_DRAIN = 5.0  # seconds that answers which are only compared are given when the server stops


def create_gateway(rollout: Rollout, *, token: str = "", local: bool = True, limits: Limits | None = None) -> App:
    """The ASGI application. `token`: whom it lets in, "" for everybody; `local`: on loopback only."""
    gateway = _Gateway(rollout, limits or Limits())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        gateway.decide()
        yield
        await gateway.close()

    routes = [
        Route("/v1/chat/completions", gateway.chat, methods=["POST"]),
        Route("/v1/models", gateway.models),
        Route("/v1/rollout", gateway.status),
        Route("/v1/rollout/report", gateway.report, methods=["POST"]),
        Route("/healthz", gateway.health),
    ]
    told = {Problem: _problem, SteadyError: _problem}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=told)
    return Front(app, Metrics(), token=token, local=local)


@dataclass(frozen=True)
class DealtTurn:
    """One request of a conversation, and how it was dealt."""

    talk: str
    arm: str
    share: float
    mirrored: bool
    end: bool
    body: Mapping[str, Json]

    @property
    def other(self) -> str:
        return ARMS[1 - ARMS.index(self.arm)]


class _Gateway:
    def __init__(self, rollout: Rollout, limits: Limits) -> None:
        self._rollout, self._limits = rollout, limits
        seconds = rollout.config.answer_seconds
        self._arms = {arm: Upstream(getattr(rollout.config, arm), seconds) for arm in ARMS}
        self._room = asyncio.Semaphore(rollout.config.parallel)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._suite: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """What is compared is given a moment; a suite under way ends and is run again by the next server."""
        if self._suite:
            self._suite.cancel()
        waiting = [task for task in self._tasks if task is not self._suite]
        if waiting:
            await asyncio.wait(waiting, timeout=_DRAIN)
        for task in self._tasks:
            task.cancel()
        for arm in self._arms.values():
            await arm.close()

    async def chat(self, request: Request) -> Response:
        turn = self._dealt(request, read_body(await self._body(request)))
        if turn.body.get("stream") is True:
            compared = self._begin(self._compare(turn)) if turn.mirrored else None
            return await self._streamed(turn, compared)
        works = [self._answer, self._compare] if turn.mirrored else [self._answer]
        if turn.mirrored and random.random() < 0.5:  # who is asked first waits less for the other: each is as often
            works.reverse()
        tasks = {work: self._begin(work(turn)) for work in works}
        answer = await asyncio.shield(tasks[self._answer])
        return await self._sent(turn, answer, tasks.get(self._compare))

    async def _answer(self, turn: DealtTurn) -> UpstreamAnswer:
        answer = await self._arms[turn.arm].ask(turn.body)
        self._count(turn, turn.arm, answer)
        return answer

    def _dealt(self, request: Request, body: dict[str, Json]) -> DealtTurn:
        if not isinstance(body.get("messages"), list) or not body["messages"]:
            raise Problem("messages is missing: a list of at least one", param="messages")
        self._rollout.catch_up()
        state, talk = self._rollout.state, talk_of(request.headers.get(CONVERSATION, ""), body)
        known = state.talks.get(talk)
        going = state.mode in ("running", "held")
        mirrored = going and (known.mirrored if known else state.mirrors)
        ended = request.headers.get(END, "").lower() in ("1", "true", "yes")
        return DealtTurn(talk, state.arm_of(talk), known.share if known else state.share, mirrored, ended, body)

    async def _compare(self, turn: DealtTurn) -> UpstreamAnswer:
        async with self._room:
            answer = await self._arms[turn.other].ask(turn.body)
        self._count(turn, turn.other, answer)
        return answer

    async def _sent(
        self, turn: DealtTurn, answer: UpstreamAnswer, compared: asyncio.Task[UpstreamAnswer] | None
    ) -> Response:
        """The answer; where the candidate has none, the incumbent's. Clients see one model."""
        if answer.row is None and turn.arm == "candidate":
            answer = await asyncio.shield(compared) if compared else await self._arms["incumbent"].ask(turn.body)
        if answer.row is None:
            return _problem(None, Problem(answer.failure, status=_passed_on(answer.status), code="backend_failed"))
        return JSONResponse({**answer.row, "model": self._rollout.config.name})

    async def _streamed(self, turn: DealtTurn, compared: asyncio.Task[UpstreamAnswer] | None) -> Response:
        streamed = await self._arms[turn.arm].stream(turn.body)
        if (whole := streamed.whole) is not None:
            self._count(turn, turn.arm, whole)
            if whole.row is None and turn.arm == "candidate":
                streamed = await self._arms["incumbent"].stream(turn.body)
                if streamed.response is not None:
                    return StreamingResponse(streamed.pieces(), media_type="text/event-stream")
            return await self._sent(turn, streamed.whole or whole, compared)
        return StreamingResponse(self._pieces(turn, streamed), media_type="text/event-stream")

    async def _pieces(self, turn: DealtTurn, streamed: StreamedAnswer) -> AsyncIterator[bytes]:
        """Nothing is counted of an answer that the client left: nobody knows how it would have ended."""
        async for piece in streamed.pieces():
            yield piece
        answer = streamed.end()
        self._count(turn, turn.arm, answer)
        if answer.failure:
            problem = Problem(answer.failure, status=UPSTREAM, code="backend_failed")
            yield f"data: {json.dumps(problem.body())}\n\n".encode()

    def _count(self, turn: DealtTurn, arm: str, answer: UpstreamAnswer) -> None:
        signs: AnswerSigns = signs_of(turn.body, answer.row, answer.failure)
        self._rollout.answered(
            turn.talk, arm, arm == turn.arm, turn.share, turn.mirrored, turn.end, signs, answer.seconds, answer.usage,
            turn.body, answer.row, turn.body.get("stream") is not True,
        )  # fmt: skip
        self.decide()

    def decide(self) -> None:
        """Steps are taken by the rollout itself; a suite that is due is begun here."""
        decision = self._rollout.go_on()
        if decision.kind == "regress" and self._suite is None:
            self._suite = self._begin(self._run_suite(decision.to))

    async def _run_suite(self, step: int) -> None:
        command, folder = self._rollout.config.regression, self._rollout.folder / "suite"
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"step-{step}.log"
        try:
            code = await _ended(self._words(command.command), log, self._rollout.folder.parent, command.seconds)
            self._rollout.suite_ended(step, code, str(log))
        finally:
            self._suite = None
        self.decide()

    def _words(self, command: tuple[str, ...]) -> list[str]:
        candidate = self._rollout.config.candidate
        return [word.replace("{url}", candidate.url).replace("{model}", candidate.model) for word in command]

    def _begin(self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOG.error("a comparison failed", exc_info=error)

    async def models(self, _: Request) -> Response:
        card = {"id": self._rollout.config.name, "object": "model", "created": 0, "owned_by": "steadyhand"}
        return JSONResponse({"object": "list", "data": [card]})

    async def status(self, _: Request) -> Response:
        self._rollout.catch_up()
        return JSONResponse(status(self._rollout.state))

    async def report(self, request: Request) -> Response:
        """{"conversation_id": ..., "because": ...}: a person says that what they were sent is wrong."""
        body = read_body(await self._body(request))
        name, because = body.get("conversation_id"), body.get("because", "")
        if not isinstance(name, str) or not name or not isinstance(because, str):
            raise Problem("conversation_id is missing: the id that was sent with the request", param="conversation_id")
        self._rollout.reported(talk_of(name, {}), because[:500])
        self.decide()
        return JSONResponse({"reported": True})

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _body(self, request: Request) -> bytes:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Problem("the body is sent as application/json", status=MEDIA, code="invalid_content_type")
        most, data = self._limits.body_bytes, bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > most:
                raise Problem(f"the body has more than {most} bytes", status=TOO_LARGE, code="too_large")
        return bytes(data)


def talk_of(name: str, body: Mapping[str, Json]) -> str:
    """Which conversation a request belongs to: by the id that came with it, else by its messages up to the first of a
    user, which every later request of it repeats. Two people who begin alike are then one conversation."""
    metadata = body.get("metadata")
    name = name or (str(metadata.get("conversation_id") or "") if isinstance(metadata, dict) else "")
    if not name:
        messages = list(body.get("messages") or ())
        users = (at for at, one in enumerate(messages) if isinstance(one, dict) and one.get("role") == "user")
        first = next(users, len(messages) - 1)
        name = json.dumps(messages[: first + 1], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:20]


async def _ended(words: list[str], log: Path, cwd: Path, seconds: float) -> int:
    """Runs a command to its end, its output in `log`; 124 after `seconds`, 127 where it cannot be started."""
    with log.open("wb") as out:
        try:
            process = await asyncio.create_subprocess_exec(
                *words, cwd=cwd, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, env=dict(os.environ)
            )
        except OSError as error:
            out.write(f"{words[0]}: {error.strerror}\n".encode())
            return 127
        try:
            return await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            return 124
        finally:
            if process.returncode is None:
                process.kill()


def _passed_on(status: int) -> int:
    return status if 400 <= status < 500 else UPSTREAM


def _problem(_: Request | None, error: Exception) -> JSONResponse:
    problem = problem_of(error)
    return JSONResponse(problem.body(), problem.status, headers=problem.headers)
