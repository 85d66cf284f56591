"""The routes: OpenAI's chat completions and models, health, metrics. Knows HTTP; who answers is `responders`'s."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from steadyhand.chat.messages import Json
from steadyhand.models.backend import Completion
from steadyhand.serve.answer import Answer
from steadyhand.serve.approvals import Approvals
from steadyhand.serve.checking import CheckPool, is_small
from steadyhand.serve.chunks import Chunks, event
from steadyhand.serve.deltas import Delta, Deltas
from steadyhand.serve.ids import fresh
from steadyhand.serve.limits import Limits
from steadyhand.serve.metrics import Metrics
from steadyhand.serve.middleware import App, Front
from steadyhand.serve.problem import ABSENT, BROKEN, LATE, LEFT, MEDIA, TOO_LARGE, Problem, problem_of
from steadyhand.serve.queue import Job
from steadyhand.serve.request import Asked, read_body, read_request
from steadyhand.serve.responders import Agent, Model, Served
from steadyhand.telemetry import continuing

LOG = logging.getLogger(__name__)
UNWATCHED = 0.1  # seconds


@dataclass(frozen=True)
class Serving:
    """What is served, and to whom. `approvers`: name -> token of those who may approve, over HTTP. `most`: tokens of an
    answer; `limits`: of one client; `local`: on loopback only."""

    model: Model
    agent: Agent | None = None
    token: str = ""
    approvers: Mapping[str, str] = field(default_factory=dict)
    most: int = 1024
    limits: Limits = field(default_factory=Limits)
    local: bool = True
    metrics: Metrics = field(default_factory=Metrics)
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def models(self) -> Sequence[Served]:
        return (self.model, self.agent) if self.agent else (self.model,)


def create_app(serving: Serving, on_failure: Callable[[BaseException], None]) -> App:
    """The ASGI application. It answers at once and is ready when the model is loaded; if that fails, `on_failure` is
    told why."""

    checker = CheckPool(serving.limits.check)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        loading = asyncio.create_task(_load(serving.model, on_failure))
        yield
        for served in serving.models:
            await asyncio.to_thread(served.lanes.close)
        await loading
        checker.close()
        gc.unfreeze()

    routes = _Routes(serving, checker).routes()
    if serving.agent and serving.approvers:
        routes += Approvals(serving.agent.session, serving.approvers).routes()
    told = {Problem: _problem, HTTPException: _no_route, ClientDisconnect: _left}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=told)
    return Front(app, serving.metrics, token=serving.token, local=serving.local)


async def _load(model: Model, on_failure: Callable[[BaseException], None]) -> None:
    try:
        await model.load()
        gc.freeze()  # what is loaded stays: the collector need not go through all of it while clients wait
    except Exception as error:  # noqa: BLE001  whoever started the server is told
        on_failure(error)


class _Routes:
    def __init__(self, serving: Serving, checker: CheckPool) -> None:
        self._serving, self._checker = serving, checker
        self._watching: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        return [
            Route("/v1/chat/completions", self.chat, methods=["POST"]),
            Route("/v1/models", self.models),
            Route("/v1/models/{name:path}", self.model),
            Route("/healthz", self.health),
            Route("/metrics", self.metrics),
        ]

    async def chat(self, request: Request) -> Response:
        asked = await self._asked(await self._body(request))
        served = self._served(asked.model)
        with continuing(request.headers):
            job = served.submit(asked)
        watch = self._watch(request, job)
        reply = _Reply(self._serving, self._checker, served, asked, job)
        headers = {"x-steady-ignored": ", ".join(map(ascii, asked.ignored))[:500]} if asked.ignored else {}
        try:
            if not asked.stream:
                return JSONResponse(await reply.whole(), headers=headers)
            return StreamingResponse(await reply.begun(), media_type="text/event-stream", headers=headers)
        except asyncio.CancelledError:
            job.leave()
            raise
        except Exception as error:
            job.leave()
            raise _logged(error) from error
        finally:
            if not asked.stream:
                watch.cancel()

    async def models(self, _: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._card(served) for served in self._serving.models]})

    async def model(self, request: Request) -> Response:
        return JSONResponse(self._card(self._served(request.path_params["name"])))

    async def health(self, _: Request) -> Response:
        ready = self._serving.model.backend is not None
        return JSONResponse({"status": "ok" if ready else "loading"}, 200 if ready else 503)

    async def metrics(self, _: Request) -> Response:
        self._serving.metrics.busy.set(sum(served.lanes.busy for served in self._serving.models))
        return Response(self._serving.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    def _card(self, served: Served) -> dict[str, Json]:
        return {"id": served.name, "object": "model", "created": self._serving.created, "owned_by": "steadyhand"}

    def _served(self, name: str) -> Served:
        for served in self._serving.models:
            if served.name == name:
                return served
        names = ", ".join(served.name for served in self._serving.models)
        raise Problem(
            f"no model {name[:100]!r} here, but {names}", status=ABSENT, code="model_not_found", param="model"
        )

    async def _asked(self, data: bytes) -> Asked:
        def read() -> Asked:
            return read_request(read_body(data), most=self._serving.most)

        return read() if is_small(data) else await self._checker.run(read)

    async def _body(self, request: Request) -> bytes:
        """A page in a browser can send no JSON type across sites without being asked first, which nobody allows."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Problem("the body is sent as application/json", status=MEDIA, code="invalid_content_type")
        said, most = request.headers.get("content-length", "0"), self._serving.limits.body_bytes
        data = bytearray()
        too_large = Problem(f"the body has more than {most} bytes", status=TOO_LARGE, code="too_large")
        if int(said) > most:
            raise too_large
        async for chunk in request.stream():
            data += chunk
            if len(data) > most:
                raise too_large
        return bytes(data)

    def _watch(self, request: Request, job: Job[Completion]) -> asyncio.TimerHandle:
        """Gives the job up when the client leaves; ends by itself when the answer is out. It begins late, because most
        work that is over by then costs less than a look at the client."""

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            job.leave()

        def begin() -> None:
            task = asyncio.create_task(watch())
            self._watching.add(task)
            task.add_done_callback(self._watching.discard)

        return asyncio.get_running_loop().call_later(UNWATCHED, begin)


class _Reply:
    """One answer on its way, whole or in pieces."""

    def __init__(
        self, serving: Serving, checker: CheckPool, served: Served, asked: Asked, job: Job[Completion]
    ) -> None:
        self._serving, self._checker, self._served, self._asked, self._job = serving, checker, served, asked, job
        name, model = f"chatcmpl-{fresh()}", serving.model
        self._chunks = Chunks(name, served.name, lambda: model.fingerprint, asked.usage)

    async def whole(self) -> dict[str, Json]:
        async for happened in self._job.events(self._serving.limits.answer):
            if isinstance(happened, Completion):
                return self._chunks.whole(await self._answer(happened))
        raise AssertionError("a job ends with its result, or raises")

    async def begun(self) -> AsyncIterator[bytes]:
        """The stream, once its first piece is there: until then what goes wrong is an HTTP status."""
        stream = self._stream()
        first = await anext(stream)
        return _after(first, stream, self._job)

    async def _stream(self) -> AsyncIterator[bytes]:
        early, delta = self._served.early(self._asked), self._chunks.delta
        deltas: Deltas | None = None
        pending: list[Delta] = [{"role": "assistant", "content": ""}]
        async for happened in self._job.events(self._serving.limits.answer):
            deltas = deltas or Deltas(self._asked.stop, self._served.form)  # by now the model is loaded
            if isinstance(happened, Completion):
                answer = await self._answer(happened)
                pieces = [*map(delta, deltas.finish(answer)), *self._chunks.closing(answer)]
            else:
                pieces = [*map(delta, deltas.feed(happened))] if early else []
            if pieces:
                for piece in [*map(delta, pending), *pieces]:
                    yield piece
                pending = []

    async def _answer(self, completion: Completion) -> Answer:
        """Beside the event loop where arguments are held against the schemas of strict tools."""

        def made() -> Answer:
            return self._served.answer(self._asked, completion)

        answer = await self._guarded(await self._checker.run(made) if self._asked.strict else made())
        self._serving.metrics.answered(self._served.name, answer)
        return answer

    async def _guarded(self, answer: Answer) -> Answer:
        seconds = self._serving.limits.answer
        try:
            async with asyncio.timeout(seconds):
                return await self._served.guarded(self._asked, answer)
        except TimeoutError as error:
            raise Problem(f"no answer in {seconds:g} s", status=LATE, code="timeout") from error


async def _after(first: bytes, rest: AsyncIterator[bytes], job: Job[Completion]) -> AsyncIterator[bytes]:
    """An error in the middle is an event; the headers are out already."""
    try:
        yield first
        async for piece in rest:
            yield piece
    except Exception as error:  # noqa: BLE001  the client is told, and the log
        yield event(_logged(error).body())
    finally:
        job.leave()


def _logged(error: Exception) -> Problem:
    problem = problem_of(error)
    if problem.code == "internal_error":
        LOG.error("a request failed", exc_info=error)
    return problem


async def _left(_: Request, __: Exception) -> Response:
    """The client went away in the middle of his request: nobody reads this, and it is nothing to log."""
    return Response(status_code=LEFT)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    problem = problem_of(error)
    return JSONResponse(problem.body(), problem.status, headers=problem.headers)


async def _no_route(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else BROKEN
    return JSONResponse(
        Problem(f"HTTP {status}: no such route or method", status=status, code="no_route").body(), status
    )
